//! What bundles have of the certificates of their anchors, apart from the anchors, so that a program links only
//! what it asks for.

use rustls_pki_types::CertificateDer;

use crate::bundle::bundle::Bundle;
#[cfg(feature = "custom")]
use crate::bundle::custom;
#[cfg(feature = "mozilla")]
use crate::bundle::mozilla;
use crate::bundle::name::BundleName;

/// The SHA-256 fingerprints of the certificates, in the order of the anchors; empty for `webpki-roots`,
/// which has no certificates.
pub(crate) fn fingerprints(bundle: &Bundle) -> &'static [[u8; 32]] {
    let own = bundle.own_fingerprints();
    if !own.is_empty() {
        return own;
    }
    match bundle.bundle_name() {
        #[cfg(feature = "custom")]
        BundleName::Custom => custom::fingerprints(),
        #[cfg(feature = "mozilla")]
        BundleName::Mozilla => mozilla::fingerprints(),
        _ => &[],
    }
}

/// Whether the bundle has certificates, and not only anchors.
pub(crate) const fn are_compiled_in(name: BundleName) -> bool {
    cfg!(feature = "custom") && matches!(name, BundleName::Custom)
        || cfg!(feature = "mozilla") && matches!(name, BundleName::Mozilla)
}

/// The certificate of the anchor with this number; `None` if the anchor has limits by an annotation, which a
/// certificate cannot carry.
pub(crate) fn certificate(
    name: BundleName,
    number: usize,
) -> Option<&'static CertificateDer<'static>> {
    let (numbers, certificates): (&[Option<usize>], &[_]) = match name {
        #[cfg(feature = "custom")]
        BundleName::Custom => (custom::certificate_numbers(), custom::certificates()),
        #[cfg(feature = "mozilla")]
        BundleName::Mozilla => (mozilla::certificate_numbers(), mozilla::certificates()),
        _ => (&[], &[]),
    };
    certificates.get((*numbers.get(number)?)?)
}
