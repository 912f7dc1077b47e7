//! Writes roots as PEM (RFC 7468).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bundle::ParsedBundle;
use crate::digest::{hex, sha256};
use crate::limits::annotation::{PREFIX, SUBJECT};
use crate::root::Root;
use crate::x509::certificate::not_after;
use crate::x509::name::DistinguishedName;
use crate::x509::time::rfc3339;

impl ParsedBundle {
    /// The bundle as PEM that [`parse`](crate::parse) reads back to the same bundle: each
    /// certificate under its subject, SHA-256 fingerprint, end of validity and annotation.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.roots()
            .iter()
            .map(root_to_pem)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A certificate, DER, as one PEM block (RFC 7468, section 2) without text around it.
#[must_use]
pub fn certificate_to_pem(certificate: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let base64 = STANDARD.encode(certificate);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        let _ = writeln!(pem, "{line}");
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

fn root_to_pem(root: &Root) -> String {
    let certificate = root.certificate();
    let subject = DistinguishedName::new(&root.trust_anchor().subject);
    let fingerprint = hex(&sha256(certificate));
    let subject = in_ascii(&subject.to_string());
    let mut pem = format!("{SUBJECT}{subject}\n# SHA-256: {fingerprint}\n");
    if let Some(time) = not_after(certificate) {
        let _ = writeln!(pem, "# Not after: {}", rfc3339(time));
    }
    if !root.annotation().is_empty() {
        let _ = writeln!(pem, "{} {}", PREFIX, root.annotation());
    }
    pem + &certificate_to_pem(certificate)
}

/// A name (RFC 4514) in ASCII and with at most two hyphens in a row, by escapes of octets (section 2.4): Python's
/// `cadata=` takes no other text, and Java 25 takes five hyphens in a comment for a boundary.
fn in_ascii(name: &str) -> String {
    let mut ascii = String::new();
    let mut hyphens = 0;
    for char in name.chars() {
        hyphens = if char == '-' { hyphens + 1 } else { 0 };
        if char.is_ascii() && hyphens <= 2 {
            ascii.push(char);
            continue;
        }
        for octet in char.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(ascii, "\\{octet:02X}");
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_ascii_without_boundaries() {
        for (name, written) in [
            ("CN=a-b--c", "CN=a-b--c"),
            ("CN=\u{151}", r"CN=\C5\91"),
            ("CN=-----BEGIN-----", r"CN=--\2D\2D\2DBEGIN--\2D\2D\2D"),
        ] {
            assert_eq!(in_ascii(name), written);
        }
    }
}
