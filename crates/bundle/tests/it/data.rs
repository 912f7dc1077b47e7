//! Certificates: those in tests/data, which OpenSSL made, and new ones from rcgen.

use embedded_roots_bundle::{ParseError, PrivateKeys, Root, parse};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa};
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

/// The bytes as a PEM block with this label.
pub(crate) fn block(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for chunk in der.chunks(3) {
        let group = (0..3).fold(0, |group, at| {
            group << 8 | usize::from(*chunk.get(at).unwrap_or(&0))
        });
        for digit in 0..4 {
            let known = digit <= chunk.len();
            let at = group >> (18 - 6 * digit) & 63;
            base64.push(if known { char::from(DIGITS[at]) } else { '=' });
        }
    }
    let lines: Vec<_> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| format!("{}\n", std::str::from_utf8(line).unwrap()))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}-----END {label}-----\n",
        lines.concat()
    )
}

/// The parameters of a CA with this name, for a test to change.
pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub(crate) fn read(pem: impl AsRef<[u8]>) -> Result<Vec<Root>, ParseError> {
    parse("corp.pem", pem.as_ref(), PrivateKeys::Refuse)
}

pub(crate) fn certificates(roots: &[Root]) -> Vec<&[u8]> {
    roots.iter().map(|root| &**root.certificate()).collect()
}
