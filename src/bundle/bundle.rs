//! The anchors of a bundle.

use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use crate::bundle::anchor::Anchor;
use crate::bundle::name::BundleName;

/// The anchors of a compiled-in bundle, with its name, digest and date.
///
/// It is `Copy` and small, because the anchors are static. The certificates and the PEM text of a
/// bundle are functions of its module, such as [`mozilla::pem()`](crate::mozilla::pem), so that a
/// program that does not use them does not contain them.
#[derive(Clone, Copy)]
pub struct Bundle {
    name: BundleName,
    sha256: [u8; 32],
    as_of: Option<u64>,
    anchors: &'static [Anchor],
    /// Those of a bundle of `include_bundle!`. The other bundles have functions in their modules.
    fingerprints: &'static [[u8; 32]],
}

impl Bundle {
    /// The name of its source: `custom`, `mozilla` or `webpki-roots`. For a bundle of `include_bundle!`,
    /// the paths of its files as written there, or `part of mozilla`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name.as_str()
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

    /// Whether it has no anchors. This is possible only in a documentation build of `custom` without a
    /// file.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// The digest of the set, which `EMBEDDED_ROOTS_SHA256` pins: SHA-256 over the SHA-256
    /// fingerprints of the certificates, sorted bytewise and concatenated. It does not cover
    /// annotations.
    ///
    /// `webpki-roots` has no certificates. In place of each fingerprint, its digest uses the SHA-256 over
    /// three digests: of the anchor's subject, of its SPKI and of its name constraints.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The day on which the data was taken from its source, at 00:00 UTC. It is known for `mozilla`, from
    /// the version of the package `embedded-roots-mozilla`, and for parts of it.
    ///
    /// A health page can use it to show how old the roots of a program are.
    #[must_use]
    pub const fn as_of(&self) -> Option<UnixTime> {
        match self.as_of {
            Some(seconds) => Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
            None => None,
        }
    }

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: BundleName,
        sha256: [u8; 32],
        as_of: Option<u64>,
        anchors: &'static [Anchor],
    ) -> Self {
        Self {
            name,
            sha256,
            as_of,
            anchors,
            fingerprints: &[],
        }
    }

    /// For generated code: the SHA-256 fingerprints of the certificates, in the order of the anchors.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_fingerprints(mut self, fingerprints: &'static [[u8; 32]]) -> Self {
        self.fingerprints = fingerprints;
        self
    }

    /// Those of a bundle of `include_bundle!`.
    #[cfg(feature = "rustls")]
    pub(super) const fn own_fingerprints(&self) -> &'static [[u8; 32]] {
        self.fingerprints
    }

    #[cfg(feature = "rustls")]
    pub(crate) const fn bundle_name(&self) -> BundleName {
        self.name
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("name", &self.name())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
