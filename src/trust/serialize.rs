//! The report for machines (feature `serde`).

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::trust::report::{Report, SourceReport};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.sources())
    }
}

/// The fields are what the methods of the same names give; `limits` and `lifted`
/// are pairs of subject and limits.
impl Serialize for SourceReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut source = serializer.serialize_struct("SourceReport", 6)?;
        source.serialize_field("origin", self.origin())?;
        source.serialize_field("roots", &self.roots())?;
        source.serialize_field("duplicates", &self.duplicates())?;
        source.serialize_field("skipped", self.skipped())?;
        source.serialize_field("limits", &self.limits())?;
        source.serialize_field("lifted", &self.lifted())?;
        source.end()
    }
}
