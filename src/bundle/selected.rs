//! The one bundle that the free functions use: `custom`, else `mozilla`, else `webpki-roots`.

use crate::bundle::bundle::Bundle;

#[cfg(any(feature = "custom", feature = "mozilla"))]
mod texts {
    use rustls_pki_types::CertificateDer;

    /// The certificates (DER) of the selected bundle, except those of roots with an annotation,
    /// which a certificate cannot carry.
    ///
    /// It exists if [`bundle()`](super::bundle()) is `custom` or `mozilla`.
    #[must_use]
    pub fn certificates() -> &'static [CertificateDer<'static>] {
        super::source::certificates()
    }

    /// The PEM text of the selected bundle for any reader of PEM. Roots with an annotation are left
    /// out.
    ///
    /// It exists if [`bundle()`](super::bundle()) is `custom` or `mozilla`.
    #[must_use]
    pub fn pem() -> &'static str {
        super::source::pem()
    }

    /// The PEM text of the selected bundle with all roots and their annotations, for this crate's
    /// reader. Other readers ignore the annotations: give them [`pem`].
    ///
    /// It exists if [`bundle()`](super::bundle()) is `custom` or `mozilla`.
    #[must_use]
    pub fn annotated_pem() -> &'static str {
        super::source::annotated_pem()
    }
}

#[cfg(feature = "custom")]
use super::custom as source;
#[cfg(all(feature = "mozilla", not(feature = "custom")))]
use super::mozilla as source;
#[cfg(not(any(feature = "custom", feature = "mozilla")))]
use super::webpki_roots as source;

#[cfg(any(feature = "custom", feature = "mozilla"))]
pub use texts::*;

/// The selected bundle: `custom`, else `mozilla`, else `webpki-roots`. One of these features must
/// be on.
///
/// It is never a union of bundles. But Cargo unifies the features of all packages in a build, so
/// another package can *replace* the selected bundle by enabling a feature. If your program depends on
/// one bundle, name it (`mozilla::BUNDLE`), or set `EMBEDDED_ROOTS_EXPECT_DEFAULT`, which fails the
/// build if the features select another bundle.
#[must_use]
pub fn bundle() -> &'static Bundle {
    &source::BUNDLE
}

/// [`bundle()`], for callers that also work without one.
#[cfg(feature = "rustls")]
pub(crate) const SELECTED: Option<&Bundle> = Some(&source::BUNDLE);
