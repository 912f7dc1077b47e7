//! Human-readable distinguished names.

use std::fmt::{self, Write as _};

use crate::escape::is_visible;
use crate::x509::der::{self, Element};
use crate::x509::object_identifier::ObjectIdentifier;

/// A distinguished name (the content of the `Name` SEQUENCE, DER) in readable form.
///
/// `Display` follows RFC 4514, with the most specific part first and a space after each comma:
/// `CN=Izenpe.com, O=IZENPE S.A., C=ES`. Invisible characters, combining marks and right-to-left
/// characters are escaped, so that a name stays on its line and in its order, and cannot look like
/// another one. A malformed or empty part is shown as `#` and its DER in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DistinguishedName<'a>(&'a [u8]);

impl<'a> DistinguishedName<'a> {
    /// Wraps the DER of a name, as in [`TrustAnchor::subject`](rustls_pki_types::TrustAnchor).
    #[must_use]
    pub fn new(content: &'a [u8]) -> Self {
        Self(content)
    }

    /// Its DER, as passed to [`new`](Self::new).
    #[must_use]
    pub fn as_der(&self) -> &'a [u8] {
        self.0
    }

    /// Whether both are the same name by RFC 5280, section 7.1: whatever the string types, the letter case (of ASCII
    /// alone) and repeated spaces. Use it for messages only: webpki compares names byte by byte.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }

    /// The text in lower case, with one space where there are more.
    fn folded(&self) -> String {
        let mut folded = String::new();
        let mut last = ' ';
        for char in self.to_string().chars() {
            if (char, last) != (' ', ' ') {
                folded.push(char.to_ascii_lowercase());
            }
            last = char;
        }
        folded
    }

    /// The text of each common name, without the escapes of `Display`, least specific first. A malformed
    /// part is left out.
    pub fn common_names(&self) -> impl Iterator<Item = String> + 'a {
        let sets = der::elements(self.0).map_while(|set| set);
        let attributes =
            sets.flat_map(|set| der::elements(set.value).map_while(|attribute| attribute));
        attributes.filter_map(|attribute| {
            let (oid, value) = type_and_value(attribute)?;
            (oid == COMMON_NAME).then(|| text(value))?
        })
    }
}

impl fmt::Debug for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sets = Vec::new();
        for set in der::elements(self.0) {
            let Some(set) = set else {
                return write_hex(f, self.0);
            };
            sets.push(set);
        }
        if sets.is_empty() {
            return f.write_str("(empty name)");
        }
        for (nth_set, set) in sets.iter().rev().enumerate() {
            if nth_set > 0 {
                f.write_str(", ")?;
            }
            let mut attributes = der::elements(set.value);
            let is_good = attributes.all(|attribute| attribute.and_then(type_and_value).is_some());
            if set.tag != der::SET || set.value.is_empty() || !is_good {
                write_hex(f, set.encoded)?;
                continue;
            }
            let mut plus = "";
            for attribute in der::elements(set.value) {
                let Some((oid, value)) = attribute.and_then(type_and_value) else {
                    continue;
                };
                f.write_str(plus)?;
                plus = "+";
                write_attribute(f, oid, value)?;
            }
        }
        Ok(())
    }
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// The types of RFC 4514, section 3, and others that roots use (RFC 4519; X.520).
const SHORT_NAMES: &[(&[u8], &str)] = &[
    (COMMON_NAME, "CN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
        "emailAddress",
    ),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25],
        "DC",
    ),
];

fn type_and_value(attribute: Element<'_>) -> Option<(&[u8], Element<'_>)> {
    let (oid, rest) = Element::expect(attribute.value, der::OID)?;
    let (value, rest) = Element::read(rest)?;
    (attribute.tag == der::SEQUENCE && rest.is_empty()).then_some((oid, value))
}

fn write_attribute(f: &mut fmt::Formatter<'_>, oid: &[u8], value: Element<'_>) -> fmt::Result {
    match SHORT_NAMES.iter().find(|(known, _)| *known == oid) {
        Some((_, name)) => f.write_str(name)?,
        None => write!(f, "{}", ObjectIdentifier::new(oid))?,
    }
    f.write_str("=")?;
    match text(value) {
        Some(text) => write_escaped(f, &text),
        None => write_hex(f, value.encoded),
    }
}

/// The text of a value, if it is one of the string types of a `DirectoryString` or an `IA5String`.
fn text(value: Element<'_>) -> Option<String> {
    match value.tag {
        // UTF8String, PrintableString, IA5String
        0x0c | 0x13 | 0x16 => String::from_utf8(value.value.to_vec()).ok(),
        // TeletexString: Latin-1 in practice.
        0x14 => Some(value.value.iter().copied().map(char::from).collect()),
        // BMPString: two octets each, big endian.
        0x1e => {
            let units = value.value.chunks(2).map(|unit| match unit {
                [high, low] => char::from_u32(u32::from_be_bytes([0, 0, *high, *low])),
                _ => None,
            });
            units.collect()
        }
        _ => None,
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut chars = text.chars();
    let mut is_first = true;
    while let Some(char) = chars.next() {
        match char {
            // RFC 4514 leaves `=` to the writer. Unescaped, a name could look like an annotation.
            ',' | '+' | '=' | '"' | '\\' | '<' | '>' | ';' => write!(f, "\\{char}")?,
            '#' if is_first => f.write_str("\\#")?,
            ' ' if is_first || chars.as_str().is_empty() => f.write_str("\\ ")?,
            _ if is_visible(char) => f.write_char(char)?,
            // RFC 4514, section 2.4: a backslash and two hexadecimal digits for each octet.
            _ => {
                for octet in char.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "\\{octet:02X}")?;
                }
            }
        }
        is_first = false;
    }
    Ok(())
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str("#")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        attributes
            .iter()
            .flat_map(|(oid, tag, value)| {
                let pair = [der::encode(der::OID, oid), der::encode(*tag, value)].concat();
                der::encode(der::SET, &der::encode(der::SEQUENCE, &pair))
            })
            .collect()
    }

    #[test]
    fn most_specific_part_is_shown_first() {
        let der = name(&[
            (&[0x55, 4, 6], 0x13, b"ES"),
            (&[0x55, 4, 10], 0x0c, b"IZENPE S.A."),
            (&[0x55, 4, 3], 0x0c, b"Izenpe.com"),
        ]);
        let expected = "CN=Izenpe.com, O=IZENPE S.A., C=ES";
        assert_eq!(DistinguishedName::new(&der).to_string(), expected);
    }

    #[test]
    fn control_characters_in_names_are_escaped() {
        let hostile = "a\n# embedded-roots: b=\u{202e}, b\\ ";
        let der = name(&[(&[0x55, 4, 3], 0x0c, hostile.as_bytes())]);
        let expected = "CN=a\\0A# embedded-roots: b\\=\\E2\\80\\AE\\, b\\\\\\ ";
        assert_eq!(DistinguishedName::new(&der).to_string(), expected);
    }

    #[test]
    fn invisible_and_right_to_left_characters_are_escaped() {
        let blank = "\u{115f}\u{3164}\u{2800}";
        let der = name(&[
            (&[0x55, 4, 3], 0x0c, blank.as_bytes()),
            (&[0x55, 4, 10], 0x0c, "\u{5d0}1".as_bytes()),
        ]);
        let expected = "O=\\D7\\901, CN=\\E1\\85\\9F\\E3\\85\\A4\\E2\\A0\\80";
        assert_eq!(DistinguishedName::new(&der).to_string(), expected);
    }

    #[test]
    fn every_string_type_of_a_name_is_shown() {
        let der = name(&[
            (&[0x55, 4, 10], 0x1e, &[0x01, 0x50, 0x00, 0x41]),
            (&[0x55, 4, 11], 0x14, &[0xe9]),
            (&[0x55, 4, 3], 0x1e, &[0x01]),
            (&[0x2a, 0x86, 0x48, 1], 0x04, &[0xff]),
        ]);
        let expected = "1.2.840.1=#0401FF, CN=#1E0101, OU=é, O=ŐA";
        assert_eq!(DistinguishedName::new(&der).to_string(), expected);
    }

    #[test]
    fn common_names_are_read_without_escapes() {
        let common_names = |der: &[u8]| {
            DistinguishedName::new(der)
                .common_names()
                .collect::<Vec<_>>()
        };
        let der = name(&[
            (&[0x55, 4, 10], 0x0c, b"CN"),
            (&[0x55, 4, 3], 0x0c, b"Example, Inc."),
            (&[0x55, 4, 3], 0x1e, &[0x01, 0x50, 0x00, 0x41]),
            (&[0x55, 4, 3], 0x04, b"no text"),
        ]);
        assert_eq!(common_names(&der), ["Example, Inc.", "ŐA"]);
        let after = name(&[(&[0x55, 4, 3], 0x0c, b"a")]);
        assert_eq!(common_names(&[vec![0x31, 1, 0], after].concat()), ["a"]);
        assert_eq!(common_names(&[0x31, 9]), [""; 0]);
        assert_eq!(common_names(&[]), [""; 0]);
    }

    #[test]
    fn matching_ignores_string_type_case_and_repeated_spaces() {
        let named =
            |tag, text: &[u8]| name(&[(&[0x55, 4, 6], 0x13, b"ES"), (&[0x55, 4, 3], tag, text)]);
        let matches = |one: &[u8], other: &[u8]| {
            let [one, other] = [one, other].map(DistinguishedName::new);
            assert_eq!(one.matches(&other), other.matches(&one));
            one.matches(&other)
        };
        let ab = named(0x0c, b"AB");
        assert!(matches(
            &named(0x13, b"My  Root CA"),
            &named(0x0c, b"my root  ca")
        ));
        assert!(matches(&ab, &named(0x1e, &[0, b'a', 0, b'b'])));
        assert!(!matches(&named(0x0c, b"my root"), &named(0x0c, b"myroot")));
        assert!(!matches(
            &named(0x0c, b"my root"),
            &named(0x0c, b"my root ca")
        ));
        let other_order = name(&[(&[0x55, 4, 3], 0x0c, b"AB"), (&[0x55, 4, 6], 0x13, b"ES")]);
        assert!(!matches(&other_order, &ab));
    }

    #[test]
    fn malformed_names_are_shown_in_hexadecimal() {
        assert_eq!(DistinguishedName::new(&[0x31, 9]).to_string(), "#3109");
        assert_eq!(DistinguishedName::new(&[0x31, 1, 0]).to_string(), "#310100");
        // A part that is malformed, and one that is empty, hide nothing of the rest.
        let good = |value: &[u8]| name(&[(&[0x55, 4, 3], 0x0c, value)]);
        let der = [
            good(b"a"),
            vec![0x31, 1, 0],
            good(b"b"),
            vec![0x31, 0],
            good(b"c"),
        ]
        .concat();
        let shown = DistinguishedName::new(&der).to_string();
        assert_eq!(shown, "CN=c, #3100, CN=b, #310100, CN=a");
        assert_eq!(DistinguishedName::new(&[]).to_string(), "(empty name)");
    }
}
