//! The roots that Mozilla limits, compiled in with every bundle.

use core::time::Duration;

use embedded_roots_bundle::Limits;
use rustls_pki_types::{TrustAnchor, UnixTime};

/// A root, which is trusted only if a source has it, and its limits.
pub(crate) struct LimitedRoot {
    subject: &'static [u8],
    /// Of the content of the `SubjectPublicKeyInfo`: who looks for keys in a program finds those that it trusts.
    key_sha256: [u8; 32],
    name_constraints: Option<&'static [u8]>,
    distrust_after: Option<u64>,
}

impl LimitedRoot {
    /// The one that this anchor is, if Mozilla limits it.
    pub(crate) fn of(
        anchor: &TrustAnchor<'_>,
        sha256: impl Fn(&[u8]) -> [u8; 32],
    ) -> Option<&'static Self> {
        // The subject first, so that the keys of other roots are not hashed.
        let mut of_subject = ROOTS
            .iter()
            .filter(|known| *known.subject == *anchor.subject);
        of_subject.find(|known| known.key_sha256 == sha256(&anchor.subject_public_key_info))
    }

    pub(crate) fn limits(&self) -> Limits<'static> {
        let seconds = self.distrust_after;
        let date = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        Limits::new(seconds.map(date), self.name_constraints)
    }
}

/// The roots of certs/ca-certificates.crt that carry an annotation.
static ROOTS: &[LimitedRoot] = include!(concat!(env!("OUT_DIR"), "/limited_anchors.rs"));
