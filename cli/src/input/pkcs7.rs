//! PKCS#7 without content: certificates, as in a file `.p7b` (RFC 5652, section 5.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::PKCS7_LABELS;
use embedded_roots_bundle::der::{
    Element, OCTET_STRING, OID, SEQUENCE, context_constructed, elements,
};

use crate::input::ber;
use crate::input::stored::add;

/// The certificates, DER, in their order, of all of these: each is to have some.
pub(super) fn certificates(contents: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, String> {
    let mut certificates = Vec::new();
    for content in contents {
        let before = certificates.len();
        add_all(content, &mut certificates)?;
        if certificates.len() == before {
            return Err("the PKCS#7 has no certificate".to_owned());
        }
    }
    Ok(certificates)
}

/// The content of each block of PEM that has a PKCS#7.
pub(super) fn of_pem(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let text = String::from_utf8_lossy(pem);
    let mut all = Vec::new();
    let mut rest = &*text;
    while let Some((label, base64, after)) = block(rest) {
        rest = after;
        let is_pkcs7 = PKCS7_LABELS.contains(&label);
        // Some programs write a PKCS#7 as a certificate.
        if is_pkcs7 || label == "CERTIFICATE" {
            let digits: String = base64.split_ascii_whitespace().collect();
            let der = STANDARD.decode(digits);
            let der = der.map_err(|_| format!("bad base64 in a {label}"))?;
            if is_pkcs7 || is_signed_data(&der) {
                add(&mut all, der)?;
            }
        }
    }
    let cut_off = PKCS7_LABELS.iter().find(|label| {
        let begin = format!("-----BEGIN {label}-----");
        rest.contains(&begin)
    });
    if let Some(label) = cut_off {
        return Err(format!("a {label} has no end"));
    }
    Ok(all)
}

/// What is signed: the content of the first PKCS#7 that has one.
pub(super) fn signed_content(content: &[u8]) -> Option<Vec<u8>> {
    let der = ber::to_der(content)?;
    let mut fields = elements(signed_data(&der)?);
    let content = fields.nth(2)??;
    let (_kind, rest) = Element::expect(content.value, OID)?;
    let (explicit, _) = Element::expect(rest, context_constructed(0))?;
    let content = Element::only(explicit, OCTET_STRING)?;
    (!content.is_empty()).then(|| content.to_vec())
}

/// Whether DER or BER that begins like this is a PKCS#7 with certificates: a SEQUENCE with the object identifier of
/// id-signedData.
pub(crate) fn is_signed_data(head: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

    let [SEQUENCE, length, rest @ ..] = head else {
        return false;
    };
    // The octets of a length that is long.
    let octets = usize::from(length.saturating_sub(0x80));
    let content = rest.get(octets..).unwrap_or_default();
    content.starts_with(SIGNED_DATA)
}

/// The label and the text of the first block, and what follows it.
fn block(text: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (base64, rest) = rest.split_once("-----END ")?;
    Some((label, base64, rest))
}

/// Adds the certificates of a PKCS#7 to others.
pub(super) fn add_all(content: &[u8], all: &mut Vec<Vec<u8>>) -> Result<(), String> {
    const UNREADABLE: &str = "the PKCS#7 cannot be read";

    let der = ber::to_der(content).ok_or(UNREADABLE)?;
    let set = certificate_set(&der).ok_or(UNREADABLE)?;
    for certificate in elements(set) {
        let certificate = certificate.ok_or(UNREADABLE)?;
        // The others are attribute certificates and obsolete kinds.
        if certificate.tag == SEQUENCE {
            add(all, certificate.encoded.to_vec())?;
        }
    }
    Ok(())
}

/// The content of the `CertificateSet` of a `SignedData`, empty if there is none.
fn certificate_set(der: &[u8]) -> Option<&[u8]> {
    const CERTIFICATES: u8 = context_constructed(0);

    for field in elements(signed_data(der)?) {
        let field = field?;
        if field.tag == CERTIFICATES {
            return Some(field.value);
        }
    }
    Some(&[])
}

/// The fields of a `SignedData`.
fn signed_data(der: &[u8]) -> Option<&[u8]> {
    let (content_info, _) = Element::expect(der, SEQUENCE)?;
    let (_signed_data, rest) = Element::expect(content_info, OID)?;
    let (signed, _) = Element::expect(rest, context_constructed(0))?;
    Some(Element::expect(signed, SEQUENCE)?.0)
}
