//! Mozilla's TLS roots (feature `mozilla`, on by default).
//!
//! Where they come from and what is imposed on them:
//! [certs/README.md](https://docs.rs/crate/embedded-roots/latest/source/certs/README.md).

use rustls_pki_types::CertificateDer;

use super::anchor::Anchor;
use super::{Bundle, BundleName};

/// The anchors.
pub static BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/mozilla_anchors.rs"));

/// The certificates, DER, in the order of the anchors.
///
/// They do not carry what is imposed on them: see [`Anchor`].
#[must_use]
pub fn certificates() -> &'static [CertificateDer<'static>] {
    include!(concat!(env!("OUT_DIR"), "/mozilla_certificates.rs"))
}

/// The PEM text: each certificate under its subject, its SHA-256 fingerprint, the end of its
/// validity and its annotation, which this crate reads and others take for text.
#[must_use]
pub fn pem() -> &'static str {
    include_str!(concat!(env!("OUT_DIR"), "/mozilla.pem"))
}
