//! Refusals for machines (feature `serde`).

use embedded_roots_bundle::rfc3339;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::verify::refusal::Refusal;

/// The reason as a word (`unknown-issuer`), the sentence and the advice, and what the methods of these names give,
/// null where it is not part of the reason.
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut refusal = serializer.serialize_struct("Refusal", 12)?;
        refusal.serialize_field("reason", self.word())?;
        refusal.serialize_field("text", &self.to_string())?;
        refusal.serialize_field("advice", &self.advice())?;
        refusal.serialize_field("issuer", &self.issuer())?;
        refusal.serialize_field("namesake", &self.namesake())?;
        refusal.serialize_field("certificates_sent", &self.certificates_sent())?;
        refusal.serialize_field("certificate", &self.certificate())?;
        refusal.serialize_field("advisories", &self.advisories())?;
        refusal.serialize_field("root", &self.root())?;
        refusal.serialize_field("distrust_after", &self.distrust_after().map(rfc3339))?;
        refusal.serialize_field("presented_name", &self.presented_name())?;
        refusal.serialize_field("name_constraints", &self.name_constraints())?;
        refusal.end()
    }
}
