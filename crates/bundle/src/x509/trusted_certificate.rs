//! OpenSSL's `TRUSTED CERTIFICATE`: a certificate, followed by OpenSSL's trust settings for it.

use crate::x509::der::{self, Element};

/// The certificate of a `TRUSTED CERTIFICATE` block.
///
/// The settings after it (`X509_CERT_AUX` of OpenSSL's `x_x509a.c`: trusted uses, rejected uses,
/// alias, key identifier, other) are dropped. If they do not trust the certificate for TLS servers,
/// dropping them would widen trust, so the block is refused.
pub(crate) fn certificate(block: &[u8]) -> Result<&[u8], &'static str> {
    // A malformed certificate is refused later, with a better reason.
    let Some((certificate, settings)) = Element::read(block) else {
        return Ok(block);
    };
    if !settings.is_empty() {
        trusted_for_tls_servers(settings)?;
    }
    Ok(certificate.encoded)
}

/// The rejected uses; the trusted ones are the SEQUENCE.
const REJECTED: u8 = der::context_constructed(0);
/// id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280, section 4.2.1.12).
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const ANY_USE: &[u8] = &[0x55, 0x1d, 0x25, 0];

const UNREADABLE: &str = "the trust settings of this TRUSTED CERTIFICATE cannot be read";

fn trusted_for_tls_servers(settings: &[u8]) -> Result<(), &'static str> {
    let (content, rest) = Element::expect(settings, der::SEQUENCE).ok_or(UNREADABLE)?;
    if !rest.is_empty() {
        return Err("bytes after the trust settings of this TRUSTED CERTIFICATE");
    }
    for field in der::elements(content) {
        let field = field.ok_or(UNREADABLE)?;
        let names_tls_servers = || -> Option<bool> {
            let uses: Option<Vec<_>> = der::elements(field.value).collect();
            Some(
                uses?
                    .iter()
                    .any(|oid| oid.value == SERVER_AUTH || oid.value == ANY_USE),
            )
        };
        match field.tag {
            der::SEQUENCE if !names_tls_servers().ok_or(UNREADABLE)? => {
                return Err(
                    "this TRUSTED CERTIFICATE is trusted for other uses than TLS servers; if it is \
                     meant for TLS servers, write it as a CERTIFICATE",
                );
            }
            REJECTED if names_tls_servers().ok_or(UNREADABLE)? => {
                return Err("this TRUSTED CERTIFICATE is rejected for TLS servers");
            }
            _ => {}
        }
    }
    Ok(())
}
