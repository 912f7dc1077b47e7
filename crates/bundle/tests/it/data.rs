//! The certificates in tests/data, which OpenSSL made.

use embedded_roots_bundle::{ParseError, PrivateKeys, Root, parse};
use x509_parser::pem::Pem;

/// A PEM block with no text around it.
pub(crate) const ROOT: &str = include_str!("../data/root.pem");
pub(crate) const OTHER: &str = include_str!("../data/other.pem");
pub(crate) const VERSION_1: &str = include_str!("../data/version1.pem");
/// The certificate of [`ROOT`] with several trust settings, each below the command that made it.
pub(crate) const TRUSTED: &str = include_str!("../data/trusted.pem");

/// The DER of the first block, read by rustls-pemfile.
pub(crate) fn der(pem: &str) -> Vec<u8> {
    let pem = Pem::iter_from_buffer(pem.as_bytes()).next();
    pem.unwrap().unwrap().contents
}

pub(crate) fn read(pem: impl AsRef<[u8]>) -> Result<Vec<Root>, ParseError> {
    parse("corp.pem", pem.as_ref(), PrivateKeys::Refuse)
}

pub(crate) fn certificates(roots: &[Root]) -> Vec<&[u8]> {
    roots.iter().map(|root| &**root.certificate()).collect()
}
