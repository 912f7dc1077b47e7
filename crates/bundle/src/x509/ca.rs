//! Whether a certificate says that it is a CA (RFC 5280, section 4.2.1).

use crate::x509::certificate::{Extension, extensions};
use crate::x509::der::{self, Element};

/// Why a certificate, DER, cannot be a root by its own words: its basic constraints have CA false, its
/// key usage lacks keyCertSign (sections 4.2.1.9 and 4.2.1.3), or its extensions are not valid DER.
///
/// A certificate that says nothing (version 1, or neither of the two extensions) can be one.
pub(crate) fn refusal(certificate: &[u8]) -> Option<&'static str> {
    let Some(statement) = Statement::from_certificate(certificate) else {
        return Some("has extensions that cannot be read");
    };
    if statement.ca == Some(false) {
        return Some(
            "is an end-entity certificate (basic constraints: CA false), not a root; use the \
             certificate of the CA that issued it, or pin that of a server \
             (`RootsBuilder::pinned_certificate`)",
        );
    }
    (statement.key_cert_sign == Some(false)).then_some(
        "may not issue certificates (key usage without keyCertSign); use the certificate of the CA \
         that issued it",
    )
}

/// Whether a certificate, DER, says that it is a CA (basic constraints), as an intermediate has to. A root may say
/// nothing.
pub(crate) fn says_ca(certificate: &[u8]) -> bool {
    Statement::from_certificate(certificate).is_some_and(|statement| statement.ca == Some(true))
}

/// id-ce-basicConstraints (2.5.29.19) and id-ce-keyUsage (2.5.29.15)
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];

/// What the two extensions say; `None` for one that the certificate does not have.
#[derive(Debug, Default, PartialEq, Eq)]
struct Statement {
    ca: Option<bool>,
    key_cert_sign: Option<bool>,
}

impl Statement {
    /// `None` if either extension cannot be read, or the list that should hold them.
    fn from_certificate(certificate: &[u8]) -> Option<Self> {
        let mut statement = Self::default();
        for extension in der::elements(extensions(certificate)?) {
            let Extension { id, value, .. } = Extension::read(extension?)?;
            let before = match id {
                BASIC_CONSTRAINTS => statement.ca.replace(ca(value)?),
                KEY_USAGE => statement.key_cert_sign.replace(key_cert_sign(value)?),
                _ => None,
            };
            // RFC 5280, section 4.2, allows one of each. If there are two, another reader may use the other.
            if before.is_some() {
                return None;
            }
        }
        Some(statement)
    }
}

/// The cA of a `BasicConstraints` (RFC 5280, section 4.2.1.9).
fn ca(value: &[u8]) -> Option<bool> {
    let content = Element::only(value, der::SEQUENCE)?;
    let (ca, path_length) = der::boolean_or_false(content)?;
    let readable =
        path_length.is_empty() || is_path_length(Element::only(path_length, der::INTEGER)?);
    readable.then_some(ca)
}

/// Whether this INTEGER is a pathLenConstraint: not negative, in its shortest form (X.690, section
/// 8.3.2), and small enough for the `int` of other readers.
fn is_path_length(integer: &[u8]) -> bool {
    let negative = integer.first().is_none_or(|&octet| octet >= 0x80);
    let shorter = matches!(integer, [0, 0..0x80, ..]);
    !negative && !shorter && integer.len() <= size_of::<i32>()
}

/// The keyCertSign, bit 5, of a `KeyUsage` (RFC 5280, section 4.2.1.3).
fn key_cert_sign(value: &[u8]) -> Option<bool> {
    let (&unused, octets) = Element::only(value, der::BIT_STRING)?.split_first()?;
    // Fewer than eight bits are unused, and they are zero (X.690, sections 8.6.2 and 11.2.1). DER
    // also drops trailing zero bits (section 11.2.2). That is not required here, because some roots
    // keep them: Trustwave's ECC roots, on Mozilla's list until 2026.
    let readable = match octets.last() {
        Some(last) => unused < 8 && last.trailing_zeros() >= unused.into(),
        None => unused == 0,
    };
    let first = octets.first().copied().unwrap_or(0);
    readable.then_some(first & (0x80 >> 5) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &[u8] = &[0x30, 3, 1, 1, 0xff];
    const NO_CA: &[u8] = &[0x30, 0];
    const CERT_SIGN: &[u8] = &[3, 2, 2, 4];
    const CRL_SIGN: &[u8] = &[3, 2, 1, 2];

    fn extension(id: &[u8], value: &[u8]) -> Vec<u8> {
        let fields = [
            der::encode(der::OID, id),
            der::encode(der::OCTET_STRING, value),
        ];
        der::encode(der::SEQUENCE, &fields.concat())
    }

    /// The parts of a certificate that are read, with `after_key` after the public key.
    fn certificate(after_key: &[u8]) -> Vec<u8> {
        let version = [0xa0, 3, 2, 1, 2];
        // signature, issuer, validity, subject, subjectPublicKeyInfo
        let sequences = der::encode(der::SEQUENCE, &[]).repeat(5);
        let serial_number = [2, 1, 1];
        let signed = [&version, &serial_number[..], &sequences, after_key].concat();
        der::encode(der::SEQUENCE, &der::encode(der::SEQUENCE, &signed))
    }

    fn with_list(extensions: &[&[u8]]) -> Vec<u8> {
        let list = der::encode(der::SEQUENCE, &extensions.concat());
        der::encode(der::context_constructed(3), &list)
    }

    fn statement(extensions: &[&[u8]]) -> Option<Statement> {
        Statement::from_certificate(&certificate(&with_list(extensions)))
    }

    fn said(ca: Option<bool>, key_cert_sign: Option<bool>) -> Statement {
        Statement { ca, key_cert_sign }
    }

    #[test]
    fn basic_constraints_and_key_usage_are_read() {
        let ca = |value| extension(BASIC_CONSTRAINTS, value);
        let usage = |value| extension(KEY_USAGE, value);
        let other = extension(&[0x2a, 3], b"anything");
        assert_eq!(statement(&[]), Some(said(None, None)));
        assert_eq!(statement(&[&other, &other]), Some(said(None, None)));
        assert_eq!(statement(&[&other, &ca(CA)]), Some(said(Some(true), None)));
        assert_eq!(statement(&[&ca(NO_CA)]), Some(said(Some(false), None)));
        assert_eq!(
            statement(&[&usage(CRL_SIGN)]),
            Some(said(None, Some(false)))
        );
        for (both, expected) in [
            ((CA, CERT_SIGN), (true, true)),
            ((NO_CA, CRL_SIGN), (false, false)),
        ] {
            let (ca, usage) = (ca(both.0), usage(both.1));
            let expected = Some(said(Some(expected.0), Some(expected.1)));
            assert_eq!(statement(&[&ca, &other, &usage]), expected);
            assert_eq!(statement(&[&usage, &ca]), expected);
        }
    }

    #[test]
    fn only_true_says_ca() {
        let says = |extensions: &[&[u8]]| says_ca(&certificate(&with_list(extensions)));
        assert!(says(&[&extension(BASIC_CONSTRAINTS, CA)]));
        assert!(!says(&[&extension(BASIC_CONSTRAINTS, NO_CA)]));
        assert!(!says(&[&extension(KEY_USAGE, CERT_SIGN)]));
        assert!(!says_ca(&[]));
    }

    #[test]
    fn duplicate_extensions_are_unreadable() {
        let ca = extension(BASIC_CONSTRAINTS, CA);
        let usage = extension(KEY_USAGE, CERT_SIGN);
        assert_eq!(
            statement(&[&ca, &usage]),
            Some(said(Some(true), Some(true)))
        );
        assert_eq!(statement(&[&ca, &usage, &ca]), None);
        assert_eq!(statement(&[&usage, &ca, &usage]), None);
    }

    #[test]
    fn extensions_after_unique_identifiers_are_read() {
        let list = with_list(&[&extension(BASIC_CONSTRAINTS, NO_CA)]);
        let issuer = &der::encode(der::context(1), &[0, 1])[..];
        let subject = &der::encode(der::context(2), &[0, 2])[..];
        for before in [&[][..], &[issuer], &[subject], &[issuer, subject]] {
            let before = before.concat();
            assert_eq!(
                Statement::from_certificate(&certificate(&before)),
                Some(said(None, None))
            );
            let all = [before, list.clone()].concat();
            assert_eq!(
                Statement::from_certificate(&certificate(&all)),
                Some(said(Some(false), None))
            );
        }
        for disorder in [
            [subject, issuer],
            [issuer, issuer],
            [&list, issuer],
            [&list, &list],
        ] {
            let after_key = disorder.concat();
            assert_eq!(Statement::from_certificate(&certificate(&after_key)), None);
        }
    }

    #[test]
    fn a_malformed_list_is_unreadable() {
        let ca = extension(BASIC_CONSTRAINTS, CA);
        let not_tagged = der::encode(der::SEQUENCE, &ca);
        let not_a_list = der::encode(der::context_constructed(3), &ca);
        let more_than_a_list = der::encode(
            der::context_constructed(3),
            &[&not_tagged[..], &[5, 0]].concat(),
        );
        for after_key in [not_tagged, not_a_list, more_than_a_list] {
            assert_eq!(Statement::from_certificate(&certificate(&after_key)), None);
        }
        assert_eq!(Statement::from_certificate(&[]), None);
        assert_eq!(statement(&[&ca, &[0x30]]), None);
        assert_eq!(statement(&[&ca, &der::encode(der::SET, &ca[2..])]), None);
    }

    #[test]
    fn a_malformed_extension_is_unreadable() {
        const ID: &[u8] = &[6, 3, 0x55, 0x1d, 19];
        const VALUE: &[u8] = &[4, 5, 0x30, 3, 1, 1, 0xff];
        for (fields, readable) in [
            (&[ID, VALUE][..], true),
            (&[ID, &[1, 1, 0xff], VALUE], true),
            // An explicit critical FALSE, which DER omits but some certificates have.
            (&[ID, &[1, 1, 0], VALUE], true),
            (&[ID, &[1, 1, 1], VALUE], false),
            (&[ID, &[1, 0], VALUE], false),
            (&[ID, &[1, 1, 0xff], &[1, 1, 0xff], VALUE], false),
            (&[ID, VALUE, &[5, 0]], false),
            (&[ID, &[5, 0], VALUE], false),
            (&[ID], false),
            (&[VALUE], false),
            // Duplicates of other extensions, too: the malformed part may be the identifier.
            (&[&[6, 1, 0x2a], VALUE, VALUE], false),
            // Bytes after the value.
            (&[ID, &[4, 6, 0x30, 3, 1, 1, 0xff, 0]], false),
        ] {
            let extension = der::encode(der::SEQUENCE, &fields.concat());
            let expected = readable.then(|| said(Some(true), None));
            assert_eq!(statement(&[&extension]), expected, "{fields:02x?}");
        }
    }
}
