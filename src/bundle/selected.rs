//! The one bundle that the free functions use: `custom`, else `mozilla`, else `webpki-roots`.

use super::Bundle;

#[cfg(any(feature = "custom", feature = "mozilla"))]
mod texts {
    use rustls_pki_types::CertificateDer;

    /// The certificates of the selected bundle, DER, in the order of its anchors.
    ///
    /// Exists if [`bundle()`](super::bundle()) is `custom` or `mozilla`.
    #[must_use]
    pub fn certificates() -> &'static [CertificateDer<'static>] {
        super::source::certificates()
    }

    /// The PEM text of the selected bundle.
    ///
    /// Exists if [`bundle()`](super::bundle()) is `custom` or `mozilla`.
    #[must_use]
    pub fn pem() -> &'static str {
        super::source::pem()
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
/// Never a union: a dependency that turns `mozilla` on does not widen a program that chose
/// `custom`.
#[must_use]
pub fn bundle() -> &'static Bundle {
    &source::BUNDLE
}

/// As [`bundle()`], for those who also have to do without one.
#[cfg(feature = "rustls")]
pub(crate) const SELECTED: Option<&Bundle> = Some(&source::BUNDLE);
