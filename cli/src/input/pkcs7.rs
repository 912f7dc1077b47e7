//! PKCS#7 without content: certificates, as in a file `.p7b` (RFC 5652, section 5.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::der::{Element, OID, SEQUENCE, context_constructed, elements};

use super::ber;

/// The certificates, DER, in their order.
pub(super) fn certificates(content: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let certificates = read(content).ok_or("the PKCS#7 cannot be read")?;
    if certificates.is_empty() {
        return Err("the PKCS#7 has no certificate".to_owned());
    }
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
            all.extend(certificates(
                &der.map_err(|_| format!("bad base64 in a {label}"))?,
            )?);
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

fn read(content: &[u8]) -> Option<Vec<Vec<u8>>> {
    const CERTIFICATES: u8 = context_constructed(0);

    let der = ber::to_der(content)?;
    let (content_info, _) = Element::expect(&der, SEQUENCE)?;
    let (_signed_data, rest) = Element::expect(content_info, OID)?;
    let (signed, _) = Element::expect(rest, context_constructed(0))?;
    let (signed, _) = Element::expect(signed, SEQUENCE)?;
    let fields: Option<Vec<Element<'_>>> = elements(signed).collect();
    let fields = fields?;
    let set = fields.iter().find(|field| field.tag == CERTIFICATES);
    let mut certificates = Vec::new();
    for certificate in elements(set.map_or(&[], |set| set.value)) {
        let certificate = certificate?;
        // The others are attribute certificates and obsolete kinds.
        if certificate.tag == SEQUENCE {
            certificates.push(certificate.encoded.to_vec());
        }
    }
    Some(certificates)
}
