//! The compiled-in bundles. Only this module and build.rs depend on the features that select them.

use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use name::BundleName;

pub(crate) mod anchor;
#[cfg(feature = "custom")]
pub mod custom;
#[cfg(feature = "rustls")]
pub(crate) mod distrusted;
#[cfg(feature = "macros")]
mod included;
#[cfg(not(feature = "macros"))]
#[path = "unincluded.rs"]
mod included;
#[cfg(feature = "rustls")]
pub(crate) mod limited;
#[cfg(feature = "mozilla")]
pub mod mozilla;
pub(crate) mod name;
#[cfg(feature = "rustls")]
pub(crate) mod onecrl;
#[cfg(any(feature = "custom", feature = "mozilla", feature = "webpki-roots"))]
pub(crate) mod selected;
#[cfg(not(any(feature = "custom", feature = "mozilla", feature = "webpki-roots")))]
#[path = "unselected.rs"]
pub(crate) mod selected;
#[cfg(feature = "webpki-roots")]
pub mod webpki_roots;

pub use anchor::Anchor;
#[allow(unused_imports, unreachable_pub, reason = "empty without a bundle")]
pub use selected::*;

/// What the code that `include_bundle!` generates names. It is no part of the API.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "macros")]
    pub use embedded_roots_macros::include_bundle;

    pub use super::Bundle;
    pub use super::anchor::Anchor;
    pub use super::name::BundleName;
    pub use core::option::Option::{None, Some};
}

/// The anchors of a compiled-in bundle, with its name, digest and date.
///
/// `Copy`, and small: the anchors themselves are static. The certificates and the PEM text of a
/// bundle are functions of its module, such as [`mozilla::pem()`](crate::mozilla::pem), so that a
/// program which does not name them does not carry them.
#[derive(Clone, Copy)]
pub struct Bundle {
    name: BundleName,
    sha256: [u8; 32],
    as_of: Option<u64>,
    anchors: &'static [Anchor],
    /// Of a bundle of `include_bundle!`; a module has a function for its own.
    fingerprints: &'static [[u8; 32]],
}

impl Bundle {
    /// Its source: `custom`, `mozilla` or `webpki-roots`. For a bundle of `include_bundle!`, the
    /// paths of its files as they are written there, or `part of mozilla`.
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

    /// Whether it has no anchors, which is possible only in a documentation build of `custom`
    /// without a file.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// The digest of the set, which `EMBEDDED_ROOTS_SHA256` pins: SHA-256 over the SHA-256
    /// fingerprints of the certificates, sorted bytewise and concatenated. It does not cover
    /// annotations.
    ///
    /// `webpki-roots` has no certificates. In place of a fingerprint it takes the SHA-256 over
    /// three digests: of the anchor's subject, of its SPKI and of its name constraints.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The day on which the data was taken over from its source, at 00:00 UTC, where that is known:
    /// for `mozilla`, from the version of the package `embedded-roots-mozilla`.
    ///
    /// With it, a health page can show how old the roots of a program are.
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

    /// The SHA-256 fingerprints of the certificates, in the order of the anchors; empty for `webpki-roots`,
    /// which has no certificates.
    #[cfg(feature = "rustls")]
    pub(crate) fn fingerprints(&self) -> &'static [[u8; 32]] {
        if !self.fingerprints.is_empty() {
            return self.fingerprints;
        }
        match self.name {
            #[cfg(feature = "custom")]
            BundleName::Custom => custom::fingerprints(),
            #[cfg(feature = "mozilla")]
            BundleName::Mozilla => mozilla::fingerprints(),
            _ => &[],
        }
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
