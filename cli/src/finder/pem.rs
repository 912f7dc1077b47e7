//! Certificates in text, however a program or a configuration file quotes it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LABELS: [&[u8]; 3] = [
    b"CERTIFICATE-----",
    b"X509 CERTIFICATE-----",
    b"TRUSTED CERTIFICATE-----",
];
/// The longest base64 text of a certificate. Known roots have less than 3,000 characters.
const MAX_BASE64: usize = 24 * 1024;
/// The most text between two parts of a string literal.
const MAX_GAP: usize = 256;
/// Text that may be cut off.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The content of a certificate's block, where `text` is what follows `-----BEGIN `.
///
/// Line breaks may be of any kind, escaped once or more often (`\n` in JSON and source code), and the
/// text may be several string literals, joined by nothing, by commas, or by `+`.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut rest = LABELS.iter().find_map(|label| text.strip_prefix(*label))?;
    let mut base64 = Vec::with_capacity(3_000);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => base64.push(byte),
            b'=' => {}
            byte if byte.is_ascii_whitespace() => {}
            b'\\' => rest = escape(rest, &mut base64),
            b'"' | b'\'' => rest = next_literal(rest, byte)?,
            b'-' => break,
            _ => return None,
        }
        if base64.len() > MAX_BASE64 {
            return None;
        }
    }
    // A block that does not end may be cut off, and then its certificate is.
    BASE64.decode(base64).ok()
}

/// Reads an escape sequence, of which the first backslash is read.
fn escape<'a>(text: &'a [u8], base64: &mut Vec<u8>) -> &'a [u8] {
    let backslashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = text.get(backslashes..).unwrap_or_default();
    match rest.split_first() {
        Some((b'n' | b'r' | b't', after)) => after,
        // `+`, `/` and `=` are escaped like this in JSON that may stand in HTML.
        Some((b'u', after)) => {
            let digits = after
                .get(..4)
                .and_then(|digits| std::str::from_utf8(digits).ok());
            match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte @ (b'+' | b'/')) => base64.push(byte),
                Some(_) => {}
                None => return rest,
            }
            after.get(4..).unwrap_or_default()
        }
        _ => rest,
    }
}

/// What follows the beginning of the next string literal.
fn next_literal(text: &[u8], quote: u8) -> Option<&[u8]> {
    let gap = text.iter().take(MAX_GAP).position(|byte| *byte == quote)?;
    let (between, literal) = text.split_at_checked(gap)?;
    let joins = |byte: &u8| byte.is_ascii_whitespace() || b"+,.&\\".contains(byte);
    if !between.iter().all(joins) {
        return None;
    }
    literal.get(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_as_it_is_quoted() {
        let der: Vec<u8> = (0..=255).cycle().take(600).collect();
        let base64 = BASE64.encode(&der);
        let (label, end) = ("CERTIFICATE-----", "-----END CERTIFICATE-----");
        for joint in [
            "\n",
            "\r\n",
            "\n    ",
            "\\n",
            "\\r\\n",
            "\\\\n",
            "\\n\\\n",
            "\\u000a",
            "\\n\"\n  \"",
            "\\n\" +\n  \"",
            "\\n',\n  '",
        ] {
            let lines: Vec<&str> = base64
                .as_bytes()
                .chunks(64)
                .map(|line| str::from_utf8(line).unwrap())
                .collect();
            let text = format!("{label}{joint}{}{joint}{end}", lines.join(joint));
            assert_eq!(decode(text.as_bytes()).as_ref(), Some(&der), "{joint:?}");
            let html = text.replace('+', "\\u002b").replace('/', "\\/");
            if !joint.contains('+') {
                assert_eq!(decode(html.as_bytes()).as_ref(), Some(&der), "{joint:?}");
            }
        }
    }

    #[test]
    fn other_text_is_not_decoded() {
        for text in [
            "RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
            "CERTIFICATE-----\nMIIB\n: a\n-----END CERTIFICATE-----",
            "CERTIFICATE-----\nMIIB\" if x else \"MIIB-----END CERTIFICATE-----",
            "CERTIFICATE REQUEST-----\nMIIB\n",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        let endless = format!("CERTIFICATE-----\n{}", "A".repeat(2 * MAX_BASE64));
        assert_eq!(decode(endless.as_bytes()), None);
    }
}
