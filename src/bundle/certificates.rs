//! What bundles have of the certificates of their anchors, apart from the anchors, so that a program links only
//! what it asks for.

use crate::bundle::bundle::Bundle;
#[cfg(any(feature = "custom", feature = "mozilla"))]
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
        BundleName::Custom => crate::bundle::custom::fingerprints(),
        #[cfg(feature = "mozilla")]
        BundleName::Mozilla => crate::bundle::mozilla::fingerprints(),
        _ => &[],
    }
}
