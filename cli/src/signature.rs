//! Who signed a certificate.

use embedded_roots_bundle::der::{Element, SEQUENCE};
use rustls_pki_types::SignatureVerificationAlgorithm;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// Whether the signature of a certificate is by the key of another; none if one of them cannot be read, or has no such
/// algorithm.
pub(crate) fn is_signed_by(
    certificate: &[u8],
    ca: &[u8],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<bool> {
    let (_, signed) = X509Certificate::from_der(certificate).ok()?;
    let (_, ca) = X509Certificate::from_der(ca).ok()?;
    let key = ca.public_key();
    let (signature_id, key_id) = (outer_algorithm(certificate)?, key_algorithm(key.raw)?);
    let (key, message) = (&key.subject_public_key, signed.tbs_certificate.as_ref());
    let signature = &signed.signature_value;
    let mut algorithms = algorithms.iter().filter(|algorithm| {
        algorithm.signature_alg_id().as_ref() == signature_id
            && algorithm.public_key_alg_id().as_ref() == key_id
    });
    let verifies = |algorithm: &&dyn SignatureVerificationAlgorithm| {
        let verified = algorithm.verify_signature(&key.data, message, &signature.data);
        verified.is_ok()
    };
    let first = algorithms.next()?;
    Some(verifies(first) || algorithms.any(verifies))
}

/// The algorithm that stands beside the signature of a certificate, as webpki compares it.
fn outer_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let certificate = Element::only(certificate, SEQUENCE)?;
    let (_signed, rest) = Element::expect(certificate, SEQUENCE)?;
    Some(Element::expect(rest, SEQUENCE)?.0)
}

/// The algorithm of a `SubjectPublicKeyInfo`, as webpki compares it.
fn key_algorithm(key: &[u8]) -> Option<&[u8]> {
    let key = Element::only(key, SEQUENCE)?;
    Some(Element::expect(key, SEQUENCE)?.0)
}
