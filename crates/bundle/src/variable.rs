//! Values of environment variables that should be paths.

use crate::escape::{MOST_SHOWN, escape, shorten_middle};

/// Why the value of a variable is not a path, if it holds PEM text in place of the path of its file. The reason
/// shows nothing of the value: a private key may be beside the certificate.
///
/// It also recognises PEM text in base64, as in the data of a Kubernetes Secret.
#[must_use]
pub fn pem_in_place_of_a_path(value: &str) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    let is_pem = ["---begin", "---end", "begin certificate", "private key-"]
        .iter()
        .any(|mark| lower.contains(mark));
    let is_pem = is_pem || value.trim_start().starts_with(PEM_IN_BASE64);
    is_pem.then_some(
        "it holds PEM text in place of a path: write the text into a file, and set the variable to the path of \
         that file",
    )
}

/// Like [`pem_in_place_of_a_path`], for a value that is the path of no file: it also recognises a certificate or a key
/// (DER) in base64 without boundary lines.
#[must_use]
pub fn data_in_place_of_a_path(value: &str) -> Option<&'static str> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let mut digits = value.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let is_base64 = digits.clone().all(|byte| is_digit(&byte));
    // The SEQUENCE with which every certificate and key begins.
    let is_der = is_base64 && digits.next() == Some(b'M') && digits.count() >= SHORTEST_KEY;
    pem_in_place_of_a_path(value).or(is_der.then_some(
        "it holds data in base64 in place of a path: write a PEM file, and set the variable to its path",
    ))
}

/// The value of a variable for a message, or a path that begins with it: escaped, and not more than 80 characters of it.
/// A secret in the wrong place must not be shown whole.
#[must_use]
pub fn shown_value(value: &str) -> String {
    escape(&shorten_middle(value, MOST_SHOWN))
}

/// `-----` in base64.
const PEM_IN_BASE64: &str = "LS0tLS1";
/// The digits of a key of Ed25519 (RFC 8410) after the first: none is shorter.
const SHORTEST_KEY: usize = 63;

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn pem_and_base64_are_recognised_and_paths_are_not() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let pem = certificate.pem().replace('\r', "") + &key.serialize_pem();
        let pem = pem.as_str();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for value in [
            pem,
            &pem.replace('\n', "\\n"),
            &pem.replace('\n', " "),
            &pem.replace("-----", "----"),
            &BASE64_STANDARD.encode(pem),
            "-----begin private key-----",
            "-----END CERTIFICATE-----",
        ] {
            assert!(pem_in_place_of_a_path(value).is_some(), "{value}");
            assert!(data_in_place_of_a_path(value).is_some(), "{value}");
        }
        assert!(pem_in_place_of_a_path(&body).is_none());
        // A key of Ed25519 has 48 octets.
        let key = BASE64_STANDARD.encode([&[0x30, 0x2e][..], &[7; 46]].concat());
        for value in [&body, &body.replace("MII", "MII\n"), &key] {
            assert!(data_in_place_of_a_path(value).is_some(), "{value}");
        }
        let long = format!("/{}/ca.pem", "M".repeat(100));
        for value in [
            "",
            "/etc/ssl/cert.pem",
            "My certificates/ca.pem",
            "MII",
            &long,
            "C:\\certs\\ca.pem",
        ] {
            assert!(pem_in_place_of_a_path(value).is_none(), "{value}");
            assert!(data_in_place_of_a_path(value).is_none(), "{value}");
        }
    }

    #[test]
    fn at_most_80_characters_of_a_value_are_shown() {
        let short = format!("/{}/ca.pem", "ü".repeat(72));
        assert_eq!(short.chars().count(), 80);
        assert_eq!(shown_value(&short), short);
        let long = format!("/very/{}/ca.pem\n", "ü".repeat(72));
        let shown = shown_value(&long);
        assert!(
            shown.starts_with("/very/ü") && shown.ends_with("ü/ca.pem\\n"),
            "{shown}"
        );
        assert!(shown.contains("ü...ü"), "{shown}");
        assert_eq!(shown.chars().count(), 81, "one of them is escaped: {shown}");
    }
}
