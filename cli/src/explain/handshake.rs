//! A second handshake, which verifies.

use std::io;

use embedded_roots::rustls::{self, CertificateError, ClientConfig};
use embedded_roots::{Refusal, Roots};
use embedded_roots_bundle::escape;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use crate::explain::connection::Server;
use crate::explain::verdict::{Case, Verdict, with_advice};
use crate::outcome::{Outcome, Result};

#[derive(Serialize)]
pub(super) struct Handshake {
    pub(super) succeeded: bool,
    /// Its TLS version and cipher suite, or why it failed.
    pub(super) sentence: String,
}

/// Whether a handshake succeeds that verifies under these roots, which accept the chain.
pub(super) fn handshake(
    server: &Server,
    roots: &Roots,
    case: &Case<'_>,
    judge: impl FnOnce(Vec<CertificateDer<'static>>) -> Result<Verdict>,
) -> (Handshake, Result<Outcome>) {
    let (sent, ended) = server.handshake(config(roots), roots.verifier(), case.now);
    let is_other = !sent.is_empty() && !sent.iter().eq(case.chain.sent());
    let other = "the server sent another chain on the second connection";
    let (sentence, outcome) = match ended {
        Ok(sentence) if is_other => (format!("{sentence}; {other}"), Ok(Outcome::Clean)),
        Ok(sentence) => (sentence, Ok(Outcome::Clean)),
        Err(why) => match invalid_certificate(&*why) {
            Some(invalid) => {
                let sentence = if is_other {
                    let why = refusal(judge(sent), invalid);
                    format!("{other}, which is refused: {why}")
                } else {
                    of_signature(invalid)
                };
                (sentence, Ok(Outcome::Findings))
            }
            None => (
                escape(&why.to_string()),
                Err(format!("no handshake: {why}").into()),
            ),
        },
    };
    let succeeded = matches!(outcome, Ok(Outcome::Clean));
    let handshake = Handshake {
        succeeded,
        sentence,
    };
    (handshake, outcome)
}

/// Why a chain, or the handshake with it, is refused.
fn refusal(verdict: Result<Verdict>, invalid: &CertificateError) -> String {
    match verdict {
        Ok(verdict) if verdict.accepted == Some(true) => of_signature(invalid),
        Ok(verdict) => verdict.sentence,
        Err(why) => escape(&why.to_string()),
    }
}

/// The chain is accepted, so this is the signature of the handshake.
fn of_signature(invalid: &CertificateError) -> String {
    match invalid {
        CertificateError::BadSignature => {
            "the server does not have the key of its certificate".to_owned()
        }
        _ => match Refusal::of(&rustls::Error::from(invalid.clone())) {
            Some(refusal) => with_advice(&refusal),
            None => format!(
                "the signature of the handshake is not valid ({})",
                escape(&invalid.to_string())
            ),
        },
    }
}

fn invalid_certificate<'a>(
    why: &'a (dyn std::error::Error + 'static),
) -> Option<&'a CertificateError> {
    match why.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(invalid) => Some(invalid),
        _ => None,
    }
}

pub(super) fn config(roots: &Roots) -> ClientConfig {
    roots.client_config_builder().with_no_client_auth()
}
