//! What the targets share: certificates of their own making, and a reader of the Rust source that the
//! build script writes.

pub mod certificate;
#[cfg(all(test, feature = "custom"))]
mod compiled;
pub mod literals;
pub mod signature;

use embedded_roots_bundle::{Annotation, Root};
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// What equal bundles have in common: all but the lines.
#[must_use]
pub fn contents(
    roots: &[Root],
) -> Vec<(&CertificateDer<'static>, &Annotation, &TrustAnchor<'static>)> {
    let roots = roots.iter();
    roots
        .map(|root| (root.certificate(), root.annotation(), root.trust_anchor()))
        .collect()
}
