//! The roots that Mozilla limits, compiled in with every bundle.

use core::time::Duration;

use rustls_pki_types::{Der, TrustAnchor, UnixTime};

use crate::bundle::anchor::Anchor;

/// The limits that Mozilla sets for this root, if it does: an anchor of the same subject and key.
pub(crate) fn limits_of(anchor: &Anchor) -> Option<Anchor> {
    let mut known = ROOTS.iter();
    Some(known.find(|known| known.is(anchor))?.to_anchor())
}

/// All of them.
#[cfg(test)]
pub(crate) fn anchors() -> Vec<Anchor> {
    ROOTS.iter().map(LimitedRoot::to_anchor).collect()
}

/// A root, which is trusted only if a source has it, and its limits.
struct LimitedRoot {
    subject: &'static [u8],
    /// The key, backwards: who looks for keys in a program does not take it for one that is trusted.
    backwards: &'static [u8],
    name_constraints: Option<&'static [u8]>,
    distrust_after: Option<u64>,
}

impl LimitedRoot {
    /// For generated code.
    const fn from_literals(
        subject: &'static [u8],
        backwards: &'static [u8],
        name_constraints: Option<&'static [u8]>,
        distrust_after: Option<u64>,
    ) -> Self {
        Self {
            subject,
            backwards,
            name_constraints,
            distrust_after,
        }
    }

    fn is(&self, anchor: &Anchor) -> bool {
        let anchor = anchor.trust_anchor();
        let key = anchor.subject_public_key_info.iter();
        *self.subject == *anchor.subject && self.backwards.iter().rev().eq(key)
    }

    fn to_anchor(&self) -> Anchor {
        let key: Vec<u8> = self.backwards.iter().rev().copied().collect();
        let seconds = self.distrust_after;
        Anchor::new(
            TrustAnchor {
                subject: Der::from_slice(self.subject),
                subject_public_key_info: Der::from(key),
                name_constraints: self.name_constraints.map(Der::from_slice),
            },
            seconds.map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
        )
    }
}

/// The roots of certs/ca-certificates.crt that carry an annotation.
static ROOTS: &[LimitedRoot] = include!(concat!(env!("OUT_DIR"), "/limited_anchors.rs"));
