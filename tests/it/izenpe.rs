//! The Izenpe root, which has a distrust date in `mozilla`.

use embedded_roots_bundle::{PrivateKeys, parse};
use rustls::pki_types::CertificateDer;

/// Its certificate and its anchor.
pub(crate) fn izenpe() -> (CertificateDer<'static>, &'static embedded_roots::Anchor) {
    let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
    let roots = parse("mozilla", pem, PrivateKeys::Refuse).unwrap();
    let dated = roots
        .iter()
        .find(|root| root.distrust_after().is_some())
        .unwrap();
    let mut anchors = embedded_roots::mozilla::BUNDLE.anchors().iter();
    let anchor = anchors.find(|anchor| anchor.trust_anchor() == dated.trust_anchor());
    (dated.certificate().clone(), anchor.unwrap())
}
