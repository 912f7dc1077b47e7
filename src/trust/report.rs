//! What is trusted, and where it came from.

use std::fmt;

use embedded_roots_bundle::{Limits, counted, iso_day};

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::source::crlite::CrliteData;
use crate::source::crlite::status::CrliteReport;
use crate::source::origin::Origin;
use crate::trust::certificates_report::CertificatesReport;
use crate::trust::distrust::DistrustedRoot;
use crate::trust::listing::{shortened, write_list};

/// What is trusted, and where it came from.
///
/// `Display` is for a log, one line a source:
///
/// ```text
/// bundle mozilla (2026-11-23, SHA-256 1f09fbc30114be4b...): 118 roots; within limits: "CN=Izenpe.com, O=IZENPE S.A., C=ES" distrust-after=2026-04-15T23:59:59Z, ...
/// file /run/secrets/corp.pem: 1 root
/// system store (/etc/ssl/certs/ca-certificates.crt): 144 roots, 117 already known; skipped: ...
/// ```
///
/// With the feature `serde`, it can be serialized as an array of its sources.
#[derive(Clone, Default)]
pub struct Report {
    sources: Vec<SourceReport>,
    intermediates: Vec<CertificatesReport>,
    pinned: Vec<CertificatesReport>,
    crlite: Option<CrliteData>,
}

impl Report {
    /// The sources, in the order in which they were asked.
    #[must_use]
    pub fn sources(&self) -> &[SourceReport] {
        &self.sources
    }

    /// The [intermediates](crate::RootsBuilder::intermediates) of the policy, in the order in which they were added.
    #[must_use]
    pub fn intermediates(&self) -> &[CertificatesReport] {
        &self.intermediates
    }

    /// The [pinned](crate::RootsBuilder::pinned_certificate) certificates of the policy, in the order in which they
    /// were added.
    #[must_use]
    pub fn pinned(&self) -> &[CertificatesReport] {
        &self.pinned
    }

    /// The CRLite data of the policy (feature `crlite`), and what it said about certificates so far. `None` if the
    /// policy has none.
    #[must_use]
    pub fn crlite(&self) -> Option<CrliteReport> {
        self.crlite_data().map(CrliteData::report)
    }

    pub(super) fn new(sources: Vec<SourceReport>) -> Self {
        Self {
            sources,
            intermediates: Vec::new(),
            pinned: Vec::new(),
            crlite: None,
        }
    }

    pub(crate) fn with_crlite(self, crlite: Option<CrliteData>) -> Self {
        Self { crlite, ..self }
    }

    pub(crate) fn with_intermediates(self, intermediates: Vec<CertificatesReport>) -> Self {
        Self {
            intermediates,
            ..self
        }
    }

    pub(crate) fn with_pinned(self, pinned: Vec<CertificatesReport>) -> Self {
        Self { pinned, ..self }
    }

    pub(super) fn crlite_data(&self) -> Option<&CrliteData> {
        self.crlite.as_ref()
    }

    /// The operating system's own store was asked, and gave roots.
    pub(crate) fn has_store(&self) -> bool {
        self.stores().any(|store| store.roots > 0)
    }

    /// The operating system's own store was asked, and gave none.
    pub(crate) fn has_empty_store(&self) -> bool {
        self.stores().any(|store| store.roots == 0)
    }

    /// Whether the user supplied a root without the limits that a root program sets for it.
    pub(crate) fn has_limits_not_applied(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| !source.limits_not_applied.is_empty())
    }

    /// The roots that the user supplied without their limits, for a log: a line for each source that has any.
    pub(crate) fn limits_not_applied(&self) -> impl fmt::Display {
        let mut lines = Vec::new();
        for source in &self.sources {
            let lifted = source.limits_not_applied.iter().map(limited);
            let lifted: Vec<_> = lifted.collect();
            if !lifted.is_empty() {
                lines.push(format!(
                    "{}: trusted without the limits that root programs set, since you supply these roots yourself \
                     (docs/policy.md has a way that keeps the limits): {}",
                    source.origin(),
                    lifted.join(", ")
                ));
            }
        }
        lines.join("\n")
    }

    fn stores(&self) -> impl Iterator<Item = &SourceReport> {
        let is_store = |source: &&SourceReport| matches!(source.origin, Origin::SystemStore { .. });
        self.sources.iter().filter(is_store)
    }

    /// The user's replacement for the store counts, too.
    pub(super) fn system_was_asked(&self) -> bool {
        self.sources.iter().any(|source| source.origin.is_system())
    }

    /// Each source with its number of roots, for a message.
    // Without `join`, which is 1.3 KiB in a plain release: every program links this.
    pub(super) fn in_short(&self) -> String {
        let mut short = String::new();
        for source in &self.sources {
            if !short.is_empty() {
                short.push_str(", ");
            }
            let roots = source.roots - source.distrusted_roots.len();
            short.push_str(&with_count(source.origin(), roots));
        }
        let pinned: usize = self
            .pinned
            .iter()
            .map(|each| each.certificates().len())
            .sum();
        if pinned > 0 {
            if !short.is_empty() {
                short.push_str(", ");
            }
            short.push_str(&counted(pinned, "pinned certificate"));
        }
        short
    }

    /// The roots that are left out because they are distrusted.
    pub(super) fn distrusted_roots(&self) -> impl Iterator<Item = &DistrustedRoot> {
        let sources = self.sources.iter();
        sources.flat_map(|source| &source.distrusted_roots)
    }
}

pub(super) fn with_count(origin: impl fmt::Display, roots: usize) -> String {
    format!("{origin} ({})", counted(roots, "root"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, source) in self.sources.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            source.fmt(f)?;
        }
        for (nth, certificates) in self.intermediates.iter().chain(&self.pinned).enumerate() {
            if nth > 0 || !self.sources.is_empty() {
                f.write_str("\n")?;
            }
            certificates.fmt(f)?;
        }
        match self.crlite() {
            Some(crlite) => write!(f, "\n{crlite}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("sources", &self.sources)
            .field("intermediates", &self.intermediates)
            .field("pinned", &self.pinned)
            .field("crlite", &self.crlite())
            .finish()
    }
}

/// What one source gave.
///
/// `Display` is one line.
#[derive(Clone, Debug)]
pub struct SourceReport {
    origin: Origin,
    /// The `Display` of the origin.
    shown_origin: String,
    roots: usize,
    pub(super) duplicates: usize,
    pub(super) removed: usize,
    pub(super) skipped: Vec<String>,
    pub(super) distrusted_roots: Vec<DistrustedRoot>,
    /// The anchors of this source with limits that apply.
    pub(super) limits: Vec<Anchor>,
    /// Known limits that do not apply, because the user supplied the root without them.
    pub(super) limits_not_applied: Vec<Anchor>,
}

impl SourceReport {
    /// The source: a bundle by its name, a path, a variable with its value (at most 80 characters of it), or the system
    /// store with its paths.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.shown_origin
    }

    /// The compiled-in bundle, if the source is one. Its date and digest identify the set of roots in
    /// the program.
    #[must_use]
    pub fn bundle(&self) -> Option<&Bundle> {
        match &self.origin {
            Origin::Bundle(bundle) => Some(bundle),
            _ => None,
        }
    }

    /// The number of roots in this source.
    #[must_use]
    pub fn roots(&self) -> usize {
        self.roots
    }

    /// How many of them duplicate a root of an earlier source or of this one.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// How many of them [`RootsBuilder::retain`](crate::RootsBuilder::retain) removed.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.removed
    }

    /// The inputs that were skipped because they cannot be used, each with its reason.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The roots of this source that are left out because their key or certificate is distrusted, each with its
    /// reason: by the compiled-in keys, by [`distrust_key`](crate::RootsBuilder::distrust_key),
    /// [`distrust_certificate`](crate::RootsBuilder::distrust_certificate) or
    /// [`distrust_file`](crate::RootsBuilder::distrust_file).
    #[must_use]
    pub fn distrusted(&self) -> Vec<String> {
        self.distrusted_roots
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// The limited roots of this source: those that are trusted within limits.
    #[must_use]
    pub fn limits(&self) -> &[Anchor] {
        &self.limits
    }

    /// The roots that you supplied without the limits that a root program sets for them. The limits of these
    /// anchors do not apply.
    #[must_use]
    pub fn limits_not_applied(&self) -> &[Anchor] {
        &self.limits_not_applied
    }

    pub(super) fn new(origin: Origin, roots: usize) -> Self {
        Self {
            shown_origin: origin.to_string(),
            origin,
            roots,
            duplicates: 0,
            removed: 0,
            skipped: Vec::new(),
            distrusted_roots: Vec::new(),
            limits: Vec::new(),
            limits_not_applied: Vec::new(),
        }
    }

    /// Notes the limits of a listed anchor that the user's own copy of it does not have.
    pub(super) fn compare(&mut self, listed: Limits<'_>, given: &Anchor) {
        if !listed.lost_by(given.limits()).is_empty() {
            self.limits_not_applied.push(given.with_limits(listed));
        }
    }

    /// Notes an anchor that is trusted.
    pub(super) fn note(&mut self, anchor: &Anchor) {
        if !anchor.limits().is_empty() {
            self.limits.push(anchor.clone());
        }
    }

    /// Writes the date of a bundle's data and the start of its digest.
    fn write_bundle_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(bundle) = self.bundle() else {
            return Ok(());
        };
        f.write_str(" (")?;
        if let Some(day) = bundle.as_of() {
            write!(f, "{}, ", iso_day(day))?;
        }
        f.write_str("SHA-256 ")?;
        let start = bundle.sha256();
        let mut start = start.iter().take(8);
        start.try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("...)")
    }
}

impl fmt::Display for SourceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin())?;
        self.write_bundle_facts(f)?;
        write!(f, ": {}", counted(self.roots, "root"))?;
        if self.duplicates > 0 {
            write!(f, ", {} already known", self.duplicates)?;
        }
        if self.removed > 0 {
            write!(f, ", {} removed by `retain`", self.removed)?;
        }
        let distrusted = self.distrusted_roots.iter();
        let distrusted = distrusted.map(|root| shortened(&root.to_string()).into_owned());
        let skipped = self.skipped.iter();
        let skipped = skipped.map(|text| shortened(text).into_owned());
        write_list(f, "within limits", self.limits.iter().map(limited))?;
        write_list(
            f,
            "limits not applied",
            self.limits_not_applied.iter().map(limited),
        )?;
        write_list(f, "distrusted", distrusted)?;
        write_list(f, "skipped", skipped)
    }
}

/// A root and its limits, for a line of a log.
fn limited(anchor: &Anchor) -> String {
    let (subject, limits) = (anchor.subject(), anchor.limits().to_string());
    format!("\"{}\" {}", shortened(&subject), shortened(&limits))
}
