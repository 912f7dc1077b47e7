//! The verifier that knows distrust dates.

use std::sync::Arc;

use embedded_roots_bundle::not_before;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, TrustAnchor, UnixTime,
};

use crate::roots::TrustSet;
use crate::{Error, Refusal, Report, log};

/// A verifier of server certificates that enforces what [`Roots`](crate::Roots) know of their
/// anchors.
///
/// A chain is accepted if rustls' own [`WebPkiServerVerifier`] accepts it with the roots that have
/// no distrust date; else if it accepts it with those of one date, and the end-entity certificate's
/// notBefore is at or before that date (the rule of Firefox). An ordinary root costs nothing extra.
///
/// A chain that is refused for its date, or because no root has issued it, fails with a
/// [`Refusal`] inside of [`CertificateError::Other`](rustls::CertificateError::Other): it says more
/// than `UnknownIssuer` would. All other errors are those of rustls.
#[derive(Debug)]
pub struct Verifier {
    undated: Option<Arc<WebPkiServerVerifier>>,
    dated: Vec<Dated>,
    provider: Arc<CryptoProvider>,
    report: Arc<Report>,
}

/// Certificate revocation lists, and how rustls is to take them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Revocation {
    pub(crate) crls: Vec<CertificateRevocationListDer<'static>>,
    pub(crate) allow_unknown_status: bool,
    pub(crate) only_end_entity: bool,
    pub(crate) enforce_expiration: bool,
}

/// The anchors that share a distrust date.
#[derive(Debug)]
struct Dated {
    distrust_after: UnixTime,
    anchors: Vec<TrustAnchor<'static>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Verifier {
    pub(crate) fn new(
        trust_set: &TrustSet,
        report: &Arc<Report>,
        provider: Arc<CryptoProvider>,
        revocation: &Revocation,
    ) -> Result<Self, Error> {
        let undated = Some(&trust_set.undated).filter(|store| !store.is_empty());
        let undated = undated.map(|store| revocation.verifier(Arc::clone(store), &provider));
        let mut groups: Vec<(UnixTime, Vec<TrustAnchor<'static>>)> = Vec::new();
        for anchor in &trust_set.dated {
            let Some(date) = anchor.distrust_after() else {
                continue;
            };
            let anchor = anchor.trust_anchor().clone();
            match groups.iter_mut().find(|(other, _)| *other == date) {
                Some((_, anchors)) => anchors.push(anchor),
                None => groups.push((date, vec![anchor])),
            }
        }
        let dated = groups.into_iter().map(|(distrust_after, anchors)| {
            let store = RootCertStore {
                roots: anchors.clone(),
            };
            let verifier = revocation.verifier(Arc::new(store), &provider)?;
            Ok(Dated {
                distrust_after,
                anchors,
                verifier,
            })
        });
        Ok(Self {
            undated: undated.transpose()?,
            dated: dated.collect::<Result<_, Error>>()?,
            provider,
            report: Arc::clone(report),
        })
    }
}

impl Revocation {
    fn verifier(
        &self,
        store: Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, Error> {
        let mut builder = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(provider))
            .with_crls(self.crls.iter().cloned());
        if self.allow_unknown_status {
            builder = builder.allow_unknown_revocation_status();
        }
        if self.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if self.enforce_expiration {
            builder = builder.enforce_revocation_expiration();
        }
        // The store is not empty, so that lists are all that can be wrong.
        builder.build().map_err(Error::revocation)
    }
}

/// What is to be verified.
#[derive(Clone, Copy)]
struct Presented<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    server_name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

impl Presented<'_> {
    fn verify(&self, verifier: &WebPkiServerVerifier) -> Result<ServerCertVerified, rustls::Error> {
        let Self {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        } = *self;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }
}

impl Dated {
    /// Whether the end-entity certificate is not too young; one that cannot be read is.
    fn covers(&self, end_entity: &CertificateDer<'_>) -> bool {
        not_before(end_entity).is_some_and(|not_before| not_before <= self.distrust_after)
    }

    /// The root of a chain that only the date speaks against.
    fn root_of(
        &self,
        presented: Presented<'_>,
        provider: &Arc<CryptoProvider>,
    ) -> Option<&TrustAnchor<'static>> {
        // All of them could be the root, as far as names go; the one that verifies it is.
        self.anchors.iter().find(|anchor| {
            let store = RootCertStore {
                roots: vec![(*anchor).clone()],
            };
            let verifier = Revocation::default().verifier(Arc::new(store), provider);
            verifier.is_ok_and(|verifier| presented.verify(&verifier).is_ok())
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Presented {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        };
        let unknown = rustls::Error::from(CertificateError::UnknownIssuer);
        let mut refused = match &self.undated {
            Some(undated) => match presented.verify(undated) {
                Ok(verified) => return Ok(verified),
                Err(refused) => refused,
            },
            None => unknown.clone(),
        };
        for dated in &self.dated {
            match presented.verify(&dated.verifier) {
                Ok(verified) if dated.covers(end_entity) => return Ok(verified),
                Ok(_) => {
                    let root = dated.root_of(presented, &self.provider);
                    refused = Refusal::distrusted(root, dated.distrust_after).into();
                }
                // Whichever found an issuer has the better reason.
                Err(better) if refused == unknown => refused = better,
                Err(_) => {}
            }
        }
        if refused == unknown {
            refused = Refusal::unknown_issuer(end_entity, intermediates, &self.report).into();
        }
        if let Some(refusal) = Refusal::of(&refused) {
            log::debug(refusal);
        }
        Err(refused)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
