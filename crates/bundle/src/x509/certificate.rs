//! Fields of a certificate that its trust anchor does not have (RFC 5280, section 4.1).

use rustls_pki_types::UnixTime;

use crate::x509::der::{self, Element};
use crate::x509::name::DistinguishedName;
use crate::x509::time::x509_time;

/// The issuer of a certificate, DER, or `None` if it cannot be read.
#[must_use]
pub fn issuer(certificate: &[u8]) -> Option<DistinguishedName<'_>> {
    Some(DistinguishedName::new(
        Fields::from_certificate(certificate)?.issuer,
    ))
}

/// The subject of a certificate, DER, or `None` if it cannot be read.
#[must_use]
pub fn subject(certificate: &[u8]) -> Option<DistinguishedName<'_>> {
    Some(DistinguishedName::new(
        Fields::from_certificate(certificate)?.subject,
    ))
}

/// The serial number of a certificate, DER: the content of the INTEGER, exactly as encoded. `None` if
/// it cannot be read.
#[must_use]
pub fn serial_number(certificate: &[u8]) -> Option<&[u8]> {
    Some(Fields::from_certificate(certificate)?.serial_number)
}

/// The `SubjectPublicKeyInfo` of a certificate, DER: the whole SEQUENCE. `None` if it cannot be read.
#[must_use]
pub fn subject_public_key_info(certificate: &[u8]) -> Option<&[u8]> {
    let (element, _) = Element::read(Fields::from_certificate(certificate)?.after_subject)?;
    (element.tag == der::SEQUENCE).then_some(element.encoded)
}

/// The notBefore of a certificate, DER (RFC 5280, section 4.1.2.5), or `None` if it cannot be
/// read.
///
/// A time before 1970 counts as 1970-01-01T00:00:00Z.
#[must_use]
pub fn not_before(certificate: &[u8]) -> Option<UnixTime> {
    let (not_before, _) = Element::read(Fields::from_certificate(certificate)?.validity)?;
    x509_time(not_before)
}

/// The notAfter of a certificate, DER (RFC 5280, section 4.1.2.5), or `None` if it cannot be
/// read.
///
/// A time before 1970 counts as 1970-01-01T00:00:00Z.
#[must_use]
pub fn not_after(certificate: &[u8]) -> Option<UnixTime> {
    let (_, rest) = Element::read(Fields::from_certificate(certificate)?.validity)?;
    let (not_after, _) = Element::read(rest)?;
    x509_time(not_after)
}

/// The signature algorithm of a certificate, DER: the content of the `AlgorithmIdentifier` (RFC 5280, section
/// 4.1.2.3). `None` if it cannot be read.
#[must_use]
pub fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    Some(Fields::from_certificate(certificate)?.signature)
}

/// The value of the extension with this id (the content of the OBJECT IDENTIFIER), the first of them.
// One copy, since every program links it.
#[must_use]
#[inline(never)]
pub fn extension<'a>(certificate: &'a [u8], id: &[u8]) -> Option<&'a [u8]> {
    let found = readable_extensions(certificate).find(|extension| extension.id == id);
    found.map(|extension| extension.value)
}

/// The id (the content of the OBJECT IDENTIFIER) of the first critical extension that is not one of `known`.
#[must_use]
pub fn critical_extension<'a>(certificate: &'a [u8], known: &[&[u8]]) -> Option<&'a [u8]> {
    let mut extensions = readable_extensions(certificate);
    let found = extensions.find(|extension| extension.critical && !known.contains(&extension.id));
    found.map(|extension| extension.id)
}

/// The extensions of a certificate, DER (the content of the SEQUENCE; RFC 5280, section 4.1.2.9):
/// empty if it has none, `None` if they cannot be read.
pub(crate) fn extensions(certificate: &[u8]) -> Option<&[u8]> {
    let after_subject = Fields::from_certificate(certificate)?.after_subject;
    let (_public_key, mut rest) = Element::expect(after_subject, der::SEQUENCE)?;
    // issuerUniqueID and subjectUniqueID (section 4.1.2.8)
    for number in [1, 2] {
        if let Some((_, after)) = Element::expect(rest, der::context(number)) {
            rest = after;
        }
    }
    if rest.is_empty() {
        return Some(rest);
    }
    let explicit = Element::only(rest, der::context_constructed(3))?;
    Element::only(explicit, der::SEQUENCE)
}

/// The extensions up to the first that is malformed.
fn readable_extensions(certificate: &[u8]) -> impl Iterator<Item = Extension<'_>> {
    der::elements(extensions(certificate).unwrap_or_default())
        .map_while(|extension| Extension::read(extension?))
}

/// An `Extension` (RFC 5280, section 4.1).
pub(crate) struct Extension<'a> {
    pub(crate) id: &'a [u8],
    critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Extension<'a> {
    pub(crate) fn read(extension: Element<'a>) -> Option<Self> {
        let (id, rest) = Element::expect(extension.value, der::OID)?;
        let (critical, rest) = der::boolean_or_false(rest)?;
        let value = Element::only(rest, der::OCTET_STRING)?;
        (extension.tag == der::SEQUENCE).then_some(Self {
            id,
            critical,
            value,
        })
    }
}

/// The fields of a `TBSCertificate` (RFC 5280, section 4.1): the contents of the SEQUENCEs.
pub(crate) struct Fields<'a> {
    /// The content of `[0]`, which a certificate of version 1 does not have.
    pub(crate) version: Option<&'a [u8]>,
    serial_number: &'a [u8],
    pub(crate) signature: &'a [u8],
    issuer: &'a [u8],
    validity: &'a [u8],
    pub(crate) subject: &'a [u8],
    /// The public key, and the optional fields after it.
    pub(crate) after_subject: &'a [u8],
}

impl<'a> Fields<'a> {
    fn from_certificate(certificate: &'a [u8]) -> Option<Self> {
        let (whole, _) = Element::expect(certificate, der::SEQUENCE)?;
        let (signed, _) = Element::expect(whole, der::SEQUENCE)?;
        Self::from_signed(signed)
    }

    /// Reads the content of the part that is signed.
    pub(crate) fn from_signed(signed: &'a [u8]) -> Option<Self> {
        let (version, mut rest) = match Element::expect(signed, der::context_constructed(0)) {
            Some((version, rest)) => (Some(version), rest),
            None => (None, signed),
        };
        let mut next = |tag| {
            let (value, after) = Element::expect(rest, tag)?;
            rest = after;
            Some(value)
        };
        let (serial_number, signature) = (next(der::INTEGER)?, next(der::SEQUENCE)?);
        let (issuer, validity) = (next(der::SEQUENCE)?, next(der::SEQUENCE)?);
        let subject = next(der::SEQUENCE)?;
        Some(Self {
            version,
            serial_number,
            signature,
            issuer,
            validity,
            subject,
            after_subject: rest,
        })
    }
}
