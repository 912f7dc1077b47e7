//! Certificates in text, however a program or a configuration file quotes it.

use super::text::{self, DecodedText, Marks};

const LABELS: [&[u8]; 3] = [
    b"CERTIFICATE-----",
    b"X509 CERTIFICATE-----",
    b"TRUSTED CERTIFICATE-----",
];

/// The content of a certificate's block, where `text` is what follows `-----BEGIN `, and where it ends. There may be
/// marks before each line. Nothing if the content is longer than `most`.
///
/// A block that does not end may be cut off, and then its certificate is.
pub(crate) fn decode(
    text: &[u8],
    marks: impl FnOnce() -> Marks,
    most: usize,
) -> Option<(Vec<u8>, usize)> {
    let content = LABELS.iter().find_map(|label| text.strip_prefix(*label))?;
    let DecodedText { bytes, end, .. } = text::block(content, &marks(), most);
    (bytes.len() <= most).then_some((bytes, text.len() - content.len() + end))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let decoded = decode(text.as_bytes(), Marks::default, 16 * 1024);
        decoded.map(|(bytes, _)| bytes)
    }

    #[test]
    fn text_is_found_as_it_is_quoted() {
        let der: Vec<u8> = (0..=255).cycle().take(600).collect();
        let base64 = STANDARD.encode(&der);
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
            assert_eq!(decoded(&text).as_ref(), Some(&der), "{joint:?}");
            let html = text.replace('+', "\\u002b").replace('/', "\\/");
            if !joint.contains('+') {
                assert_eq!(decoded(&html).as_ref(), Some(&der), "{joint:?}");
            }
        }
    }

    #[test]
    fn other_blocks_and_text_behind_the_digits_are_not_decoded() {
        for text in [
            "RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
            "CERTIFICATE REQUEST-----\nMIIB\n",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
        let begin = STANDARD.decode("MIIB").unwrap();
        for text in [
            "CERTIFICATE-----\nMIIB\n: a\n-----END CERTIFICATE-----",
            "CERTIFICATE-----\nMIIB\" if x else \"MIIB-----END CERTIFICATE-----",
        ] {
            assert_eq!(decoded(text).as_ref(), Some(&begin), "{text}");
        }
        let endless = format!("CERTIFICATE-----\n{}", "A".repeat(48 * 1024));
        assert_eq!(decoded(&endless), None);
    }
}
