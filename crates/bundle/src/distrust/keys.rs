//! Lists of distrusted keys and certificates below the roots, by SHA-256 digests.

use rustls_pki_types::TrustAnchor;

use crate::digest::{sha256, sha256_from_hex};
use crate::error::ParseError;
use crate::escape::{escape, shorten};
use crate::root::Root;
use crate::sort::sort;
use crate::x509::der;
use crate::x509::name::DistinguishedName;
use crate::x509::time::parse_iso_day;

/// A key that no chain may contain: its private key is public, for example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistrustedKey {
    /// The digest of the `SubjectPublicKeyInfo`, DER, as encoded (RFC 5280, section 4.1.2.7).
    pub sha256: [u8; 32],
    /// The number of bytes of the `SubjectPublicKeyInfo`, so that keys of other lengths are not hashed.
    pub length: usize,
    /// The day since which this is known, `YYYY-MM-DD`.
    pub date: String,
    /// The advisories, separated by commas: `CVE-2026-111943,RUSTSEC-2026-0382`.
    pub advisories: String,
    /// The common name of the CA.
    pub name: String,
}

impl DistrustedKey {
    /// Fails if one of the roots has one of these keys. `name` is that of the roots' input, for the message.
    ///
    /// # Errors
    ///
    /// The first such root, with its line.
    pub fn check(keys: &[Self], name: &str, roots: &[Root]) -> Result<(), ParseError> {
        for root in roots {
            let Some(key) = Self::find(keys, root.trust_anchor()) else {
                continue;
            };
            let subject = DistinguishedName::new(&root.trust_anchor().subject);
            return Err(ParseError::new(format!(
                "\"{subject}\" has a key that is distrusted since {}: {}; remove this certificate",
                key.date, key.advisories
            ))
            .at_line(root.line())
            .in_source(name));
        }
        Ok(())
    }

    /// The one of these keys that the anchor has.
    #[must_use]
    pub fn find<'a>(keys: &'a [Self], anchor: &TrustAnchor<'_>) -> Option<&'a Self> {
        let key = whole_public_key(anchor);
        let mut of_length = keys.iter().filter(|known| known.length == key.len());
        of_length.find(|known| known.sha256 == sha256(&key))
    }
}

/// The `SubjectPublicKeyInfo` of an anchor, DER, as encoded in a certificate: an anchor has the content of the
/// SEQUENCE.
#[must_use]
pub fn whole_public_key(anchor: &TrustAnchor<'_>) -> Vec<u8> {
    der::encode(der::SEQUENCE, &anchor.subject_public_key_info)
}

/// Reads a list of digests: 64 hexadecimal digits a line, with or without colons between them.
///
/// Blank lines and text after a `#` are ignored.
///
/// # Errors
///
/// Strict: any other text, a digest of another length and a duplicate digest are errors with their line. A
/// list without a digest is an error, too. `name` is that of the input, for messages.
pub fn parse_digests(name: &str, text: &[u8]) -> Result<Vec<[u8; 32]>, ParseError> {
    let digest = |line: &str| digest_of(line);
    let digests = parse(name, text, digest, |digest| *digest)?;
    if digests.is_empty() {
        return Err(
            ParseError::new("no digest: expected 64 hexadecimal digits a line").in_source(name),
        );
    }
    Ok(digests)
}

/// Reads the list of a data package: a digest, the length of the key, a day, advisories and a name in each line, with
/// a blank between them.
///
/// # Errors
///
/// Strict like [`parse_digests`], but the list may be empty.
pub fn parse_distrusted_keys(name: &str, text: &[u8]) -> Result<Vec<DistrustedKey>, ParseError> {
    let key = |line: &str| {
        let mut words = line.splitn(5, ' ');
        let digest = digest_of(words.next().unwrap_or_default())?;
        let length = words.next().and_then(|length| length.parse().ok());
        let (Some(length), Some(date), Some(advisories), Some(name)) =
            (length, words.next(), words.next(), words.next())
        else {
            return Err(ParseError::new(
                "expected a digest, the length of the key, a day, advisories and a name",
            ));
        };
        if parse_iso_day(date).is_none() {
            let date = escape(date);
            return Err(ParseError::new(format!(
                "\"{date}\" is not a day: expected YYYY-MM-DD"
            )));
        }
        Ok(DistrustedKey {
            sha256: digest,
            length,
            date: date.to_owned(),
            advisories: advisories.to_owned(),
            name: name.to_owned(),
        })
    };
    parse(name, text, key, |key| key.sha256)
}

fn parse<T>(
    name: &str,
    text: &[u8],
    read: impl Fn(&str) -> Result<T, ParseError>,
    digest: impl Fn(&T) -> [u8; 32],
) -> Result<Vec<T>, ParseError> {
    let mut items: Vec<T> = Vec::new();
    let mut digests = Vec::new();
    // A byte order mark is not part of the text.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let at = |why: ParseError| why.at_line(number + 1).in_source(name);
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        // As the end of a line, it would hide the rest behind a comment.
        if line.contains('\r') {
            return Err(at(ParseError::new(
                "a carriage return that does not end a line",
            )));
        }
        let (line, _comment) = line.split_once('#').unwrap_or((&line, ""));
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let item = read(line).map_err(at)?;
        digests.push((digest(&item), number + 1));
        items.push(item);
    }
    // Sorted, because a list of 16 MiB has a quarter of a million lines.
    sort(&mut digests, &Ord::cmp);
    for pair in digests.windows(2) {
        if let [(one, first), (other, second)] = pair {
            if one == other {
                let why = format!("the same digest as in line {first}");
                return Err(ParseError::new(why).at_line(*second).in_source(name));
            }
        }
    }
    Ok(items)
}

fn digest_of(digits: &str) -> Result<[u8; 32], ParseError> {
    sha256_from_hex(digits).ok_or_else(|| {
        // A key in the wrong file must not be shown as a whole.
        ParseError::new(format!(
            "\"{}\" is not a SHA-256 digest: expected 64 hexadecimal digits",
            escape(&shorten(digits, 20))
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    fn refused(text: &str) -> String {
        parse_digests("list", text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn digests_are_read_in_the_forms_that_tools_print() {
        let expected = sha256_from_hex(DIGEST).unwrap();
        let colons: Vec<&str> = (0..32).map(|at| &DIGEST[2 * at..2 * at + 2]).collect();
        for text in [
            DIGEST.to_owned(),
            DIGEST.to_lowercase(),
            colons.join(":"),
            format!("\u{feff}# a list\r\n\r\n  {DIGEST}\t# why\r\n"),
        ] {
            assert_eq!(
                parse_digests("list", text.as_bytes()),
                Ok(vec![expected]),
                "{text}"
            );
        }
    }

    #[test]
    fn malformed_digest_lines_are_errors() {
        let expected = "is not a SHA-256 digest: expected 64 hexadecimal digits";
        for (line, shown) in [
            (&DIGEST[..62], "00112233445566778899"),
            (&format!("{DIGEST}00"), "00112233445566778899"),
            (&format!("sha256:{DIGEST}"), "sha256:0011223344556"),
            (&format!("{DIGEST} {DIGEST}"), "00112233445566778899"),
            ("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICA"),
        ] {
            assert_eq!(
                refused(&format!("#\n{line}\n")),
                format!("list, line 2: \"{shown}...\" {expected}")
            );
        }
        let twice = format!("{DIGEST}\n# again\n{}\n", DIGEST.to_lowercase());
        assert_eq!(
            refused(&twice),
            "list, line 3: the same digest as in line 1"
        );
        for empty in ["", "# nothing\n", "\n\n"] {
            assert_eq!(
                refused(empty),
                "list: no digest: expected 64 hexadecimal digits a line"
            );
        }
        assert!(parse_digests("list", b"\xff\xfe0\x000\x00").is_err());
    }

    #[test]
    fn carriage_return_within_a_line_is_an_error() {
        let text = format!("{DIGEST}\r# a comment\r{DIGEST}");
        let expected = "list, line 1: a carriage return that does not end a line";
        assert_eq!(refused(&text), expected);
    }

    #[test]
    fn distrusted_keys_have_a_day_and_advisories() {
        let line = format!("{DIGEST} 120 2026-10-18 CVE-2026-1,RUSTSEC-2026-2 EM DV TLS CA - G3B");
        let keys = parse_distrusted_keys("keys", format!("# keys\n{line}\n").as_bytes()).unwrap();
        let key = DistrustedKey {
            sha256: sha256_from_hex(DIGEST).unwrap(),
            length: 120,
            date: "2026-10-18".to_owned(),
            advisories: "CVE-2026-1,RUSTSEC-2026-2".to_owned(),
            name: "EM DV TLS CA - G3B".to_owned(),
        };
        assert_eq!(keys, [key]);
        assert_eq!(parse_distrusted_keys("keys", b"# none\n"), Ok(Vec::new()));

        let refused = |line: &str| {
            parse_distrusted_keys("keys", line.as_bytes())
                .unwrap_err()
                .to_string()
        };
        let day = line.replace("2026-10-18", "2026-13-18");
        assert_eq!(
            refused(&day),
            "keys, line 1: \"2026-13-18\" is not a day: expected YYYY-MM-DD"
        );
        let short = format!("{DIGEST} 120 2026-10-18 CVE-2026-1");
        assert_eq!(
            refused(&short),
            "keys, line 1: expected a digest, the length of the key, a day, advisories and a name"
        );
        assert_eq!(
            refused(&format!("{line}\n{line}")),
            "keys, line 2: the same digest as in line 1"
        );
        let digest = line.replacen("0011", "001", 1);
        assert!(
            refused(&digest)
                .starts_with("keys, line 1: \"0012233445566778899a...\" is not a SHA-256")
        );
    }
}
