//! What is compiled in. The features choose it here and in build.rs, and nowhere else.

use core::fmt;
use core::time::Duration;

use rustls_pki_types::{Der, TrustAnchor, UnixTime};

#[cfg(feature = "rustls")]
pub(crate) mod constrained;
#[cfg(feature = "custom")]
pub mod custom;
#[cfg(feature = "mozilla")]
pub mod mozilla;
#[cfg(any(feature = "custom", feature = "mozilla", feature = "webpki-roots"))]
mod selected;
#[cfg(not(any(feature = "custom", feature = "mozilla", feature = "webpki-roots")))]
#[path = "unselected.rs"]
mod selected;
#[cfg(feature = "webpki-roots")]
pub mod webpki_roots;

#[allow(unused_imports, unreachable_pub, reason = "empty without a bundle")]
pub use selected::*;

/// The anchors of a compiled-in bundle, with its name and digest.
///
/// `Copy`, and small: the anchors themselves are static. The certificates and the PEM text of a
/// bundle are functions of its module, such as [`mozilla::pem()`](crate::mozilla::pem), so that a
/// program which does not name them does not carry them.
#[derive(Clone, Copy)]
pub struct Bundle {
    name: &'static str,
    sha256: [u8; 32],
    anchors: &'static [Anchor],
}

impl Bundle {
    /// Its source: `custom`, `mozilla` or `webpki-roots`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The anchors, sorted by subject and key (DER, bytewise).
    #[must_use]
    pub const fn anchors(&self) -> &'static [Anchor] {
        self.anchors
    }

    /// The number of anchors.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether it trusts nobody. Only a documentation build without a file makes such a `custom`.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// The digest of the set, which `EMBEDDED_ROOTS_SHA256` pins: SHA-256 over the SHA-256
    /// fingerprints of the certificates, sorted bytewise and joined. What annotations impose is not
    /// in it.
    ///
    /// `webpki-roots` has no certificates; in place of a fingerprint stands the SHA-256 over three
    /// more, of the anchor's subject, key and name constraints.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    #[allow(
        dead_code,
        reason = "for generated code; there is none without a bundle"
    )]
    const fn new(name: &'static str, sha256: [u8; 32], anchors: &'static [Anchor]) -> Self {
        Self {
            name,
            sha256,
            anchors,
        }
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("name", &self.name)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// One root: whom to trust, and within which limits.
#[derive(Debug, PartialEq, Eq)]
pub struct Anchor {
    trust_anchor: TrustAnchor<'static>,
    distrust_after: Option<UnixTime>,
}

impl Anchor {
    /// Subject and key (DER, the content of each SEQUENCE), and the name constraints: those of the
    /// certificate and those imposed on it (RFC 5280, section 4.2.1.10).
    #[must_use]
    pub fn trust_anchor(&self) -> &TrustAnchor<'static> {
        &self.trust_anchor
    }

    /// The last moment at which an end-entity certificate below this root may start to be valid.
    ///
    /// A [`TrustAnchor`] cannot carry it: who builds a store of their own has to leave a dated root
    /// out, or to check the date.
    #[must_use]
    pub const fn distrust_after(&self) -> Option<UnixTime> {
        self.distrust_after
    }

    /// The trust anchor's own `clone` is inlined, some 700 bytes, wherever it is called.
    #[inline(never)]
    pub(crate) fn to_trust_anchor(&self) -> TrustAnchor<'static> {
        self.trust_anchor.clone()
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn new(
        trust_anchor: TrustAnchor<'static>,
        distrust_after: Option<UnixTime>,
    ) -> Self {
        Self {
            trust_anchor,
            distrust_after,
        }
    }

    /// For generated code, hence what a literal can be.
    #[allow(dead_code, reason = "as `Bundle::new`")]
    const fn from_literals(
        subject: &'static [u8],
        subject_public_key_info: &'static [u8],
        name_constraints: Option<&'static [u8]>,
        distrust_after: Option<u64>,
    ) -> Self {
        Self {
            trust_anchor: TrustAnchor {
                subject: Der::from_slice(subject),
                subject_public_key_info: Der::from_slice(subject_public_key_info),
                name_constraints: match name_constraints {
                    Some(content) => Some(Der::from_slice(content)),
                    None => None,
                },
            },
            distrust_after: match distrust_after {
                Some(seconds) => Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
                None => None,
            },
        }
    }
}

impl Clone for Anchor {
    fn clone(&self) -> Self {
        Self {
            trust_anchor: self.to_trust_anchor(),
            distrust_after: self.distrust_after,
        }
    }
}

#[cfg(feature = "rustls")]
impl From<embedded_roots_bundle::Root> for Anchor {
    fn from(root: embedded_roots_bundle::Root) -> Self {
        let distrust_after = root.distrust_after();
        Self::new(root.into_trust_anchor(), distrust_after)
    }
}
