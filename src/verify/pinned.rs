//! Servers whose certificate is pinned.

use embedded_roots_bundle::{not_after, not_before};
use rustls::CertificateError;
use rustls_pki_types::ServerName;
use webpki::EndEntityCert;

use crate::source::pins::Pin;
use crate::trust::set::TrustSet;
use crate::verify::refusal::Refusal;
use crate::verify::search::{Chain, Purpose, error_of_rustls};

/// The verdict on a server by its certificate alone, without an issuer. `None` if it is not pinned.
pub(super) fn verdict(trust_set: &TrustSet, chain: Chain<'_>) -> Option<Result<(), rustls::Error>> {
    let Purpose::Server(name) = chain.purpose else {
        return None;
    };
    let mut pins = trust_set.pins().of_certificate(chain.end_entity).peekable();
    pins.peek()?;
    Some(check_validity(chain).and_then(|()| {
        let mut verdict = Ok(());
        for pin in pins {
            verdict = check_name(pin, name);
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }))
}

fn check_name(pin: &Pin, name: &ServerName<'_>) -> Result<(), rustls::Error> {
    match &pin.name {
        Some(given) if given == name => Ok(()),
        Some(given) => Err(Refusal::pinned_for(given, name).into()),
        None => EndEntityCert::try_from(&pin.certificate)
            .and_then(|certificate| certificate.verify_is_valid_for_subject_name(name))
            .map_err(error_of_rustls),
    }
}

/// As webpki checks it (RFC 5280, section 4.1.2.5).
fn check_validity(chain: Chain<'_>) -> Result<(), rustls::Error> {
    let (start, end) = (not_before(chain.end_entity), not_after(chain.end_entity));
    let (Some(not_before), Some(not_after)) = (start, end) else {
        return Err(CertificateError::BadEncoding.into());
    };
    let time = chain.now;
    if time < not_before {
        return Err(CertificateError::NotValidYetContext { time, not_before }.into());
    }
    if time > not_after {
        return Err(CertificateError::ExpiredContext { time, not_after }.into());
    }
    Ok(())
}
