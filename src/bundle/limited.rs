//! The roots that Mozilla limits, compiled in with every bundle.

use core::time::Duration;

use embedded_roots_bundle::Limits;
use rustls_pki_types::UnixTime;

use crate::bundle::anchor::Anchor;

/// The limits that Mozilla sets for this root, if it does.
pub(crate) fn limits_of(anchor: &Anchor) -> Option<Limits<'static>> {
    let mut known = ROOTS.iter();
    let known = known.find(|known| known.is(anchor))?;
    let seconds = known.distrust_after;
    let distrust_after =
        seconds.map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
    Some(Limits::new(distrust_after, known.name_constraints))
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
        // The subject first, which hardly any other has.
        *self.subject == *anchor.subject && self.backwards.iter().rev().eq(key)
    }

    #[cfg(test)]
    fn to_anchor(&self) -> Anchor {
        let key: Vec<u8> = self.backwards.iter().rev().copied().collect();
        let trust_anchor = rustls_pki_types::TrustAnchor {
            subject: self.subject.into(),
            subject_public_key_info: key.into(),
            name_constraints: self.name_constraints.map(Into::into),
        };
        let seconds = self.distrust_after;
        let date = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        Anchor::new(trust_anchor, seconds.map(date))
    }
}

/// The roots of certs/ca-certificates.crt that carry an annotation.
static ROOTS: &[LimitedRoot] = include!(concat!(env!("OUT_DIR"), "/limited_anchors.rs"));
