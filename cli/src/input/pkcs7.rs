//! PKCS#7 without content: certificates, as in a file `.p7b` (RFC 5652, section 5.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::der::{Element, OID, SEQUENCE, context_constructed, elements};

use crate::input::ber;
use crate::input::stored::add;

/// The certificates, DER, in their order.
pub(super) fn certificates(content: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut certificates = Vec::new();
    add_all(content, &mut certificates)?;
    Ok(certificates)
}

/// Like [`certificates`], of each block of PEM.
pub(super) fn certificates_of_pem(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    const LABELS: [&str; 3] = ["PKCS7", "CMS", "PKCS #7 SIGNED DATA"];

    let text = String::from_utf8_lossy(pem);
    let mut all = Vec::new();
    let mut rest = &*text;
    while let Some((label, base64, after)) = block(rest) {
        rest = after;
        if LABELS.contains(&label) {
            let digits: String = base64.split_ascii_whitespace().collect();
            let der = STANDARD.decode(digits);
            let der = der.map_err(|_| format!("bad base64 in a {label}"))?;
            add_all(&der, &mut all)?;
        }
    }
    Ok(all)
}

/// The label and the text of the first block, and what follows it.
fn block(text: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (base64, rest) = rest.split_once("-----END ")?;
    Some((label, base64, rest))
}

/// Adds the certificates of a PKCS#7 to others.
fn add_all(content: &[u8], all: &mut Vec<Vec<u8>>) -> Result<(), String> {
    const UNREADABLE: &str = "the PKCS#7 cannot be read";

    let der = ber::to_der(content).ok_or(UNREADABLE)?;
    let set = certificate_set(&der).ok_or(UNREADABLE)?;
    if set.is_empty() {
        return Err("the PKCS#7 has no certificate".to_owned());
    }
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

    let (content_info, _) = Element::expect(der, SEQUENCE)?;
    let (_signed_data, rest) = Element::expect(content_info, OID)?;
    let (signed, _) = Element::expect(rest, context_constructed(0))?;
    let (signed, _) = Element::expect(signed, SEQUENCE)?;
    for field in elements(signed) {
        let field = field?;
        if field.tag == CERTIFICATES {
            return Some(field.value);
        }
    }
    Some(&[])
}
