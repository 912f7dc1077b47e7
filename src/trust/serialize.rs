//! The report for machines (feature `serde`).

use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::rfc3339;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::source::crlite::status::CrliteReport;
use crate::trust::certificates_report::CertificatesReport;
use crate::trust::report::{Report, SourceReport};

/// The fields are named like the methods that give them; `crlite` is null if the policy has no such data.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 4)?;
        report.serialize_field("sources", self.sources())?;
        report.serialize_field("intermediates", self.intermediates())?;
        report.serialize_field("pinned", self.pinned())?;
        report.serialize_field("crlite", &self.crlite())?;
        report.end()
    }
}

/// The fields are named like the methods that give them; `bundle` is null for any other source.
impl Serialize for SourceReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut source = serializer.serialize_struct("SourceReport", 9)?;
        source.serialize_field("origin", self.origin())?;
        source.serialize_field("bundle", &self.bundle().map(BundleFacts))?;
        source.serialize_field("roots", &self.roots())?;
        source.serialize_field("duplicates", &self.duplicates())?;
        source.serialize_field("removed", &self.removed())?;
        source.serialize_field("skipped", self.skipped())?;
        source.serialize_field("distrusted", &self.distrusted())?;
        source.serialize_field("limits", &limited(self.limits()))?;
        source.serialize_field("limits_not_applied", &limited(self.limits_not_applied()))?;
        source.end()
    }
}

/// The fields are named like the methods that give them.
impl Serialize for CrliteReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("CrliteReport", 7)?;
        report.serialize_field("origin", self.origin())?;
        report.serialize_field("filters", &self.filters())?;
        report.serialize_field("size", &self.size())?;
        report.serialize_field("as_of", &self.as_of().map(rfc3339))?;
        report.serialize_field("revoked", &self.revoked())?;
        report.serialize_field("not_revoked", &self.not_revoked())?;
        report.serialize_field("not_covered", &self.not_covered())?;
        report.end()
    }
}

/// The fields are named like the methods that give them.
impl Serialize for CertificatesReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("CertificatesReport", 3)?;
        report.serialize_field("origin", self.origin())?;
        report.serialize_field("certificates", self.certificates())?;
        report.serialize_field("ignored", self.ignored())?;
        report.end()
    }
}

/// The subject (RFC 4514), and the limits: a date (RFC 3339) and name constraints (in the grammar of
/// annotations), each null if the root does not have it.
struct LimitedAnchor<'a>(&'a Anchor);

fn limited(anchors: &[Anchor]) -> Vec<LimitedAnchor<'_>> {
    anchors.iter().map(LimitedAnchor).collect()
}

impl Serialize for LimitedAnchor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(anchor) = self;
        let limits = anchor.limits();
        let mut root = serializer.serialize_struct("LimitedAnchor", 3)?;
        root.serialize_field("subject", &anchor.subject())?;
        root.serialize_field("distrust_after", &limits.distrust_after().map(rfc3339))?;
        root.serialize_field("name_constraints", &limits.shown_name_constraints())?;
        root.end()
    }
}

struct BundleFacts<'a>(&'a Bundle);

impl Serialize for BundleFacts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(bundle) = self;
        let sha256 = hex(&bundle.sha256());
        let mut facts = serializer.serialize_struct("Bundle", 3)?;
        facts.serialize_field("name", bundle.name())?;
        facts.serialize_field("as_of", &bundle.as_of().map(rfc3339))?;
        facts.serialize_field("sha256", &sha256)?;
        facts.end()
    }
}
