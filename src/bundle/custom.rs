//! The bundle of the PEM file(s) that `EMBEDDED_ROOTS_FILE` named while building (feature
//! `custom`).

use rustls_pki_types::CertificateDer;

use super::anchor::Anchor;
use super::{Bundle, BundleName};

/// The anchors.
pub static BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/custom_anchors.rs"));

/// The certificates, DER, in the order of the anchors.
///
/// They do not carry what annotations impose on them: see [`Anchor`].
#[must_use]
pub fn certificates() -> &'static [CertificateDer<'static>] {
    include!(concat!(env!("OUT_DIR"), "/custom_certificates.rs"))
}

/// The PEM text, in a normal form: each certificate under its subject, its SHA-256 fingerprint, the
/// end of its validity and its annotation. No other text of the files is in it.
#[must_use]
pub fn pem() -> &'static str {
    include_str!(concat!(env!("OUT_DIR"), "/custom.pem"))
}
