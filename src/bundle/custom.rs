//! The bundle of the PEM file(s) that `EMBEDDED_ROOTS_FILE` named at build time (feature `custom`).

use rustls_pki_types::CertificateDer;

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::bundle::name::BundleName;

/// The anchors.
pub static BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/custom_anchors.rs"));

/// The certificates (DER) of all roots *without an annotation*, sorted as [`Bundle::anchors`] are.
///
/// A certificate cannot carry a distrust date or an imposed name constraint, and a client that reads it
/// would trust it without these limits. So roots with either are left out. [`BUNDLE`] and
/// [`annotated_pem`] have them.
#[must_use]
pub fn certificates() -> &'static [CertificateDer<'static>] {
    include!(concat!(env!("OUT_DIR"), "/custom_certificates.rs"))
}

/// The PEM text of all roots *without an annotation*, for any reader of PEM.
///
/// Like [`certificates`], it leaves out the roots that other readers would trust too widely. Comments
/// before each certificate show its subject, SHA-256 fingerprint and notAfter.
#[must_use]
pub fn pem() -> &'static str {
    include_str!(concat!(env!("OUT_DIR"), "/custom.pem"))
}

/// The PEM text of all roots, with their annotations, for the reader of this crate
/// (`RootsBuilder::pem`, `EMBEDDED_ROOTS_FILE`).
///
/// Other readers ignore annotations, and would trust these roots without their limits: give them
/// [`pem`].
#[must_use]
pub fn annotated_pem() -> &'static str {
    include_str!(concat!(env!("OUT_DIR"), "/custom_annotated.pem"))
}

/// The SHA-256 fingerprints of the certificates of all roots, in the order of the anchors. A function, so that only
/// a program that may distrust certificates links them.
#[cfg(feature = "rustls")]
pub(super) fn fingerprints() -> &'static [[u8; 32]] {
    include!(concat!(env!("OUT_DIR"), "/custom_fingerprints.rs"))
}

/// For each anchor, the number of its certificate in [`certificates`]; none for a root with an annotation.
#[cfg(feature = "rustls")]
pub(super) fn certificate_numbers() -> &'static [Option<usize>] {
    include!(concat!(env!("OUT_DIR"), "/custom_certificate_numbers.rs"))
}
