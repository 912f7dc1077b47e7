//! Finds the name that webpki refused, which its error does not say.
//!
//! Every program links this, so it compares in place and copies nothing.

use std::ascii;

use crate::limits::base::{DNS, IP, address_of, base_of, dns_contains, sets};
use crate::x509::certificate::extension;
use crate::x509::der::{self, Element};

/// The first DNS name or IP address of a certificate (DER) that is outside the name constraints (the
/// content of the SEQUENCE, DER).
///
/// Use it for messages only: `None` does not mean that the certificate is allowed. Like webpki, it gives up
/// after 250,000 comparisons of names with subtrees.
#[must_use]
pub fn name_outside(certificate: &[u8], constraints: &[u8]) -> Option<String> {
    let [permitted, excluded] = sets(constraints)?;
    let mut left = MOST_COMPARISONS;
    for name in der::elements(alternative_names(certificate)?) {
        let name = name?;
        if name.tag != DNS && name.tag != IP {
            continue;
        }
        if Place::of(name, permitted, &mut left)? == Place::Outside
            || Place::of(name, excluded, &mut left)? == Place::Inside
        {
            return Some(shown(name));
        }
    }
    None
}

/// The kind of name (RFC 5280, section 4.2.1.6) that the name constraints (the content of the SEQUENCE, DER) limit and
/// that webpki does not implement: it refuses a certificate (DER) that has a name of this kind, inside or outside.
/// Every certificate has a directory name.
#[must_use]
pub fn unsupported_constraint(certificate: &[u8], constraints: &[u8]) -> Option<&'static str> {
    let names = alternative_names(certificate).unwrap_or_default();
    // A bit for each kind.
    let mut kinds = 1 << DIRECTORY;
    for name in der::elements(names).flatten() {
        kinds |= 1_u32 << number(name.tag);
    }
    for set in sets(constraints)? {
        for subtree in der::elements(set) {
            let kind = number(base_of(subtree)?.tag);
            let unsupported = UNSUPPORTED.iter().find(|(number, _)| *number == kind);
            if let Some((_, name)) = unsupported.filter(|_| kinds >> kind & 1 == 1) {
                return Some(name);
            }
        }
    }
    None
}

/// The content of the subject alternative names.
fn alternative_names(certificate: &[u8]) -> Option<&[u8]> {
    Element::only(extension(certificate, SUBJECT_ALT_NAME)?, der::SEQUENCE)
}

/// The number of a context-specific tag.
fn number(tag: u8) -> u8 {
    tag & 0x1f
}

const DIRECTORY: u8 = 4;

/// The other choices of `GeneralName` than dNSName and iPAddress.
const UNSUPPORTED: &[(u8, &str)] = &[
    (0, "otherName"),
    (1, "rfc822Name"),
    (3, "x400Address"),
    (DIRECTORY, "directoryName"),
    (5, "ediPartyName"),
    (6, "uniformResourceIdentifier"),
    (8, "registeredID"),
];

const MOST_COMPARISONS: usize = 250_000;

/// id-ce-subjectAltName (2.5.29.17)
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];

/// Where a name is among subtrees.
#[derive(PartialEq)]
enum Place {
    /// None of them is of its kind.
    Elsewhere,
    Outside,
    Inside,
}

impl Place {
    /// `None` if a subtree cannot be read, or after `left` comparisons.
    // One copy, since every program links it.
    #[inline(never)]
    fn of(name: Element<'_>, set: &[u8], left: &mut usize) -> Option<Self> {
        let mut place = Self::Elsewhere;
        for subtree in der::elements(set) {
            let base = base_of(subtree)?;
            *left = left.checked_sub(1)?;
            if base.tag == name.tag {
                if contains(base, name.value) {
                    return Some(Self::Inside);
                }
                place = Self::Outside;
            }
        }
        Some(place)
    }
}

/// Whether a subtree holds a name of its own kind.
fn contains(base: Element<'_>, name: &[u8]) -> bool {
    if base.tag == DNS {
        return dns_contains(base.value, name);
    }
    let (address, mask) = base.value.split_at(base.value.len() / 2);
    let mut octets = address.iter().zip(mask).zip(name);
    address.len() == name.len() && octets.all(|((one, mask), other)| (one ^ other) & mask == 0)
}

fn shown(name: Element<'_>) -> String {
    if let Some(address) = address_of(name.value).filter(|_| name.tag == IP) {
        return address.to_string();
    }
    let mut text = String::new();
    for byte in name.value {
        text.extend(ascii::escape_default(*byte).map(char::from));
    }
    text
}

#[cfg(test)]
mod tests {
    use embedded_roots_testing::authority::self_signed_server_with;
    use rcgen::CertificateParams;

    use super::*;
    use crate::limits::annotation::Annotation;

    fn certificate(names: &[&str]) -> Vec<u8> {
        let names = names.iter().map(|&name| name.to_owned());
        let names = CertificateParams::new(names.collect::<Vec<_>>()).unwrap();
        let server = self_signed_server_with("a.example", |params| {
            params.subject_alt_names = names.subject_alt_names;
        });
        server.chain[0].to_vec()
    }

    #[test]
    fn first_name_outside_is_found() {
        for (pairs, names, outside) in [
            (
                "permitted-dns=.tr",
                &["a.tr", "b.example"][..],
                Some("b.example"),
            ),
            ("permitted-dns=.tr", &["A.TR", "*.b.tr"], None),
            ("permitted-dns=.tr", &["tr"], Some("tr")),
            ("permitted-dns=tr", &["tr", "xtr"], Some("xtr")),
            ("excluded-dns=a.tr", &["b.tr", "x.a.tr"], Some("x.a.tr")),
            (
                "permitted-ip=10.0.0.0/8",
                &["10.1.2.3", "11.0.0.1"],
                Some("11.0.0.1"),
            ),
            (
                "permitted-ip=10.0.0.0/8",
                &["a.tr", "fd00::1"],
                Some("fd00::1"),
            ),
            (
                "excluded-ip=10.0.0.0/8",
                &["::ffff:10.0.0.1"],
                Some("::ffff:10.0.0.1"),
            ),
            ("excluded-ip=10.0.0.0/8", &["11.0.0.1", "fd00::1"], None),
            ("permitted-dns=.tr", &["10.0.0.1"], None),
        ] {
            let annotation: Annotation = pairs.parse().unwrap();
            let constraints = annotation.name_constraints().join(None).unwrap().unwrap();
            let found = name_outside(&certificate(names), &constraints);
            assert_eq!(found.as_deref(), outside, "{pairs}: {names:?}");
        }
        assert_eq!(name_outside(&[], &[0xa0, 0]), None);
        assert_eq!(name_outside(&certificate(&["a"]), &[0xff]), None);
    }
    #[test]
    fn number_of_comparisons_is_bounded() {
        let names: Vec<_> = (0..4000).map(|nth| format!("{nth}.example")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let certificate = certificate(&[&names[..], &["late.a0"]].concat());
        let found = |count: usize| {
            let excluded: Vec<_> = (0..count).map(|nth| format!(".a{nth}")).collect();
            let annotation = format!("excluded-dns={}", excluded.join(","));
            let annotation: Annotation = annotation.parse().unwrap();
            let constraints = annotation.name_constraints().join(None).unwrap().unwrap();
            name_outside(&certificate, &constraints)
        };
        assert_eq!(found(50).as_deref(), Some("late.a0"));
        // 40 million comparisons would be needed.
        assert_eq!(found(4000), None);
    }
}
