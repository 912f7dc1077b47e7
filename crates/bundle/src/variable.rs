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
/// (DER) in base64 without boundary lines, whatever is around it.
#[must_use]
pub fn data_in_place_of_a_path(value: &str) -> Option<&'static str> {
    pem_in_place_of_a_path(value).or(holds_data(value).then_some(
        "it holds data in base64 in place of a path: write a PEM file, and set the variable to its path",
    ))
}

/// The value of a variable for a message, or a path that begins with it: escaped, and not more than 80 characters of it,
/// and none of data in base64. A secret in the wrong place must not be shown.
#[must_use]
pub fn shown_value(value: &str) -> String {
    if holds_data(value) {
        return "(a value that is not shown: it has data in base64)".to_owned();
    }
    escape(&shorten_middle(value, MOST_SHOWN))
}

/// Whether a value has a certificate or a key in base64: digits in a row, but for line breaks and quotation marks, as many
/// as the shortest key has. Names of files that are as long are of small letters and numbers, as digests.
fn holds_data(value: &str) -> bool {
    let joined = value.replace("\\n", "").replace("\\r", "");
    let joined: String = joined
        .chars()
        .filter(|char| !char.is_whitespace() && !matches!(char, '"' | '\'' | '\\'))
        .collect();
    let is_digit = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '/');
    let is_long = |run: &str| run.len() >= SHORTEST_KEY;
    let is_mixed = |run: &str| {
        run.contains(|char: char| char.is_ascii_uppercase())
            && run.contains(|char: char| char.is_ascii_lowercase())
            && run.contains(|char: char| char.is_ascii_digit())
    };
    let mut runs = joined
        .split(|char| !is_digit(char))
        .filter(|run| is_long(run));
    runs.any(|run| {
        // The SEQUENCE with which every certificate and key begins.
        let is_data = run.starts_with("MI") || run.starts_with("MC");
        let mut names = run.split('/');
        is_mixed(run) && (is_data || names.any(|name| is_long(name) && is_mixed(name)))
    })
}

/// `-----` in base64.
const PEM_IN_BASE64: &str = "LS0tLS1";
/// The digits of a key of Ed25519 (RFC 8410): none is shorter.
const SHORTEST_KEY: usize = 64;

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use embedded_roots_testing::authority::self_signed_server;

    use super::*;

    #[test]
    fn pem_and_base64_are_recognised_and_paths_are_not() {
        let server = self_signed_server("a.example");
        let pem = &*(server.chain_pem() + &server.key_pem());
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
        let lines = format!("{}\\n{}", &key[..40], &key[40..]);
        for value in [
            format!("\"{key}\""),
            format!("file:{body}"),
            format!("/nowhere:{key}"),
            format!("{{\"key\":\"{key}\"}}"),
            lines,
        ] {
            assert!(data_in_place_of_a_path(&value).is_some(), "{value}");
            assert!(!shown_value(&value).contains(&key[..8]), "{value}");
        }
        let long = format!("/{}/ca.pem", "M".repeat(100));
        let digest = format!("/var/lib/overlay2/{}/ca.pem", "0a".repeat(32));
        let path = "/Users/Someone1/Library/Projects/2026/MyService/Certificates/Authorities/Root2026/all.pem";
        for value in [
            &*digest,
            path,
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
