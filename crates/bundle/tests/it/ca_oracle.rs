//! The oracle for [`Root::check_ca`]: x509-parser, and a DER encoding of what it has read.

use std::collections::BTreeMap;

use embedded_roots_bundle::{Annotation, Root};
use embedded_roots_testing::der::{element, sequence};
use x509_parser::asn1_rs::{Any, BitString, Class, ToDer as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::{OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE};
use x509_parser::prelude::FromDer as _;

use crate::anchors::agreed;
use crate::data::{ROOT, der};

use Verdict::{Ca, EndEntity, NoIssuer, Unreadable};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Ca,
    EndEntity,
    NoIssuer,
    Unreadable,
}

/// The verdicts of both readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Verdicts {
    pub(crate) x509_parser: Verdict,
    pub(crate) ours: Verdict,
}

pub(crate) const AGREED_CA: Option<Verdicts> = Some(Verdicts::same(Ca));

impl Verdicts {
    pub(crate) const fn same(verdict: Verdict) -> Self {
        Self {
            x509_parser: verdict,
            ours: verdict,
        }
    }
}

/// How often each pair of verdicts occurred.
#[derive(Debug, Default)]
pub(crate) struct Counts(pub(crate) BTreeMap<Verdicts, usize>);

impl Counts {
    pub(crate) fn add(&mut self, verdicts: Verdicts) {
        *self.0.entry(verdicts).or_default() += 1;
    }

    pub(crate) fn of(&self, ours: Verdict) -> usize {
        let of = self.0.iter().filter(|(verdicts, _)| verdicts.ours == ours);
        of.map(|(_, count)| count).sum()
    }
}

/// Compares the two verdicts; `None` if webpki cannot make a trust anchor of the certificate.
#[track_caller]
pub(crate) fn compare(certificate: &[u8]) -> Option<Verdicts> {
    agreed(certificate)?;
    let root = Root::new(certificate.to_vec().into(), Annotation::default(), 0).ok()?;
    let ours = our_verdict(&root);
    let Some(extensions) = extensions(certificate) else {
        assert_eq!(ours, Unreadable, "{certificate:02x?}");
        return Some(Verdicts {
            x509_parser: Unreadable,
            ours,
        });
    };
    if let Ok((_, whole)) = X509Certificate::from_der(certificate) {
        assert_eq!(whole.extensions(), extensions, "{certificate:02x?}");
    }
    let x509_parser = x509_parsers_verdict(&extensions);
    let expected = if extensions.iter().all(is_der) {
        x509_parser
    } else {
        Unreadable
    };
    assert_eq!(ours, expected, "{certificate:02x?}");
    Some(Verdicts { x509_parser, ours })
}

fn our_verdict(root: &Root) -> Verdict {
    let Err(error) = root.check_ca() else {
        return Ca;
    };
    let reasons = [
        ("is an end-entity certificate", EndEntity),
        ("may not issue certificates", NoIssuer),
        ("has extensions that cannot be read", Unreadable),
    ];
    let mut verdicts = reasons
        .iter()
        .filter(|(reason, _)| error.reason().contains(reason));
    verdicts.next().unwrap().1
}

/// The extensions, read one by one by x509-parser. It would refuse a whole certificate for names
/// and times that have no bearing on whether it is a CA, and that webpki does not read in a root.
fn extensions(certificate: &[u8]) -> Option<Vec<X509Extension<'_>>> {
    let (_, certificate) = Any::from_der(certificate).ok()?;
    let (_, signed) = Any::from_der(certificate.data).ok()?;
    let mut rest = signed.data;
    let mut extensions = Vec::new();
    while !rest.is_empty() {
        let (after, field) = Any::from_der(rest).ok()?;
        if field.class() == Class::ContextSpecific && field.tag().0 == 3 {
            let (_, list) = Any::from_der(field.data).ok()?;
            let mut rest = list.data;
            while !rest.is_empty() {
                let (after, extension) = X509Extension::from_der(rest).ok()?;
                extensions.push(extension);
                rest = after;
            }
        }
        rest = after;
    }
    Some(extensions)
}

fn x509_parsers_verdict(extensions: &[X509Extension<'_>]) -> Verdict {
    let (mut ca, mut key_cert_sign) = (None, None);
    for extension in extensions {
        let before = match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(read) => ca.replace(read.ca),
            ParsedExtension::KeyUsage(read) => key_cert_sign.replace(read.key_cert_sign()),
            _ if extension.oid == OID_X509_EXT_BASIC_CONSTRAINTS => return Unreadable,
            _ if extension.oid == OID_X509_EXT_KEY_USAGE => return Unreadable,
            _ => None,
        };
        if before.is_some() {
            return Unreadable;
        }
    }
    match (ca, key_cert_sign) {
        (Some(false), _) => EndEntity,
        (_, Some(false)) => NoIssuer,
        _ => Ca,
    }
}

/// Whether the extension is, byte for byte, the DER encoding of what x509-parser has read in it.
/// Two departures that occur in real certificates are allowed: an explicit cA FALSE, and trailing
/// zero bits in key usage.
fn is_der(extension: &X509Extension<'_>) -> bool {
    match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(read) => {
            let length = read.path_len_constraint;
            let path_length = length.map_or_else(Vec::new, |length| length.to_der_vec().unwrap());
            let ca = read.ca.to_der_vec().unwrap();
            let written_out = extension.value == sequence(&[&ca, &path_length]);
            let left_out = !read.ca && extension.value == sequence(&[&path_length]);
            (written_out || left_out) && length <= MAX_PATH_LENGTH
        }
        ParsedExtension::KeyUsage(_) => BitString::from_der(extension.value)
            .is_ok_and(|(_, bits)| bits.to_der_vec().unwrap() == extension.value),
        _ => true,
    }
}

/// The `int` of readers in C. This limit is ours, not DER's.
const MAX_PATH_LENGTH: Option<u32> = Some(i32::MAX.unsigned_abs());

pub(crate) fn extension(id: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&[6, 3, 0x55, 0x1d, id], &element(4, value)])
}

/// The certificate of [`ROOT`] with these extensions. Its signature is wrong, but no reader checks
/// the signature of a root.
pub(crate) fn with_extensions(list: &[u8]) -> Vec<u8> {
    let root = der(ROOT);
    let (_, certificate) = X509Certificate::from_der(&root).unwrap();
    let signed: &[u8] = certificate.tbs_certificate.as_ref();
    let (_, signature) = root.split_at(4 + signed.len());
    let key = certificate.public_key().raw;
    let before = signed
        .windows(key.len())
        .position(|octets| octets == key)
        .unwrap();
    let fields = &signed[4..before + key.len()];
    let list = element(0xa3, &sequence(&[list]));
    sequence(&[&sequence(&[fields, &list]), signature])
}
