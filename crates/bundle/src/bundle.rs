//! Sets of roots.

use crate::digest::{sha256, sha256_of_set};
use crate::error::{ParseError, subject_of};
use crate::limits::conflict::conflict;
use crate::root::Root;
use crate::sort::sort;
use crate::x509::anchor::identity;
use crate::x509::certificate::not_after;

/// A set of roots, unique by subject and key. Their order does not depend on that of the input.
#[derive(Debug, Clone)]
pub struct ParsedBundle {
    roots: Vec<Root>,
}

impl ParsedBundle {
    /// A bundle of all these roots.
    ///
    /// If several certificates have the same subject and key, it keeps the one that is valid longest.
    ///
    /// # Errors
    ///
    /// If two such certificates have different limits: keeping one would ignore the limits of the other.
    pub fn new(mut roots: Vec<Root>) -> Result<Self, ParseError> {
        sort(&mut roots, &|one, other| {
            // The last two only make the order, and so the output, deterministic.
            identity(one.trust_anchor())
                .cmp(&identity(other.trust_anchor()))
                .then_with(|| not_after(other.certificate()).cmp(&not_after(one.certificate())))
                .then_with(|| one.certificate().cmp(other.certificate()))
                .then_with(|| one.annotation().cmp(other.annotation()))
        });
        let mut kept: Vec<Root> = Vec::with_capacity(roots.len());
        for root in roots {
            let Some(same) = kept
                .last()
                .filter(|kept| identity(kept.trust_anchor()) == identity(root.trust_anchor()))
            else {
                kept.push(root);
                continue;
            };
            if same.limits() != root.limits() {
                let subject = subject_of(root.certificate());
                let copies = if same.line() <= root.line() {
                    [same, &root]
                } else {
                    [&root, same]
                };
                let [first, second] = copies.map(Root::line);
                let other = if first == second {
                    " of another file"
                } else {
                    ""
                };
                let (one, other) = (format!("line {first}"), format!("line {second}{other}"));
                let [limits, others] = copies.map(Root::limits);
                let conflict = conflict([(&one, limits), (&other, others)]);
                return Err(ParseError::new(format!(
                    "{subject} appears more than once (lines {first} and {second}), with different limits: \
                     {conflict}"
                )));
            }
        }
        Ok(Self { roots: kept })
    }

    /// Keeps the roots for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Root) -> bool) {
        self.roots.retain(keep);
    }

    /// The roots without an annotation. They are safe for readers that ignore annotations.
    #[must_use]
    pub fn without_annotated(&self) -> Self {
        let mut plain = self.clone();
        plain.retain(|root| root.annotation().is_empty());
        plain
    }

    /// The roots, sorted by subject and key.
    #[must_use]
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// The digest of the set: SHA-256 over the SHA-256 fingerprints of the certificates, sorted
    /// bytewise and concatenated.
    ///
    /// It identifies the certificates in the set, but not their annotations.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256_of_set(self.roots().iter().map(|root| sha256(root.certificate())))
    }
}
