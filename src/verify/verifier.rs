//! The verifier that knows distrust dates.

use std::fmt;
use std::iter;
use std::sync::Arc;

use embedded_roots_bundle::not_before;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::error::Error;
use crate::logging;
use crate::trust::set::{TrustSet, has_distrust_date};
use crate::verify::refusal::Refusal;
use crate::verify::revocation::Revocation;

/// A verifier of server certificates that enforces what [`Roots`](crate::Roots) know of their
/// anchors.
///
/// A chain is accepted if rustls accepts it, as its own [`WebPkiServerVerifier`](rustls::client::WebPkiServerVerifier) would, with the
/// roots that have no distrust date; else if it accepts it with a dated one, and the end-entity
/// certificate's notBefore is at or before that date (the rule of Firefox).
///
/// Of the roots, webpki is shown those that have the name of an issuer in the chain. It would try no
/// other, and compare them all; here the number of roots costs a binary search.
///
/// A chain that is refused for its date, or because no root has issued it, fails with a
/// [`Refusal`] inside of [`CertificateError::Other`](rustls::CertificateError::Other): it says more
/// than `UnknownIssuer` would. All other errors are those of rustls.
pub struct Verifier {
    trust_set: Arc<TrustSet>,
    provider: Arc<CryptoProvider>,
    revoking: Option<Vec<Revoking>>,
}

/// A verifier of rustls, which alone takes lists, over some of the anchors.
struct Revoking {
    /// The one with a date, or those without.
    dated: Option<Anchor>,
    // Not by its type: a program without lists does not link what reads them.
    verifier: Arc<dyn ServerCertVerifier>,
}

impl Verifier {
    pub(crate) fn new(trust_set: Arc<TrustSet>, provider: Arc<CryptoProvider>) -> Self {
        Self {
            trust_set,
            provider,
            revoking: None,
        }
    }

    pub(crate) fn with_revocation(
        trust_set: Arc<TrustSet>,
        provider: Arc<CryptoProvider>,
        revocation: &Revocation,
    ) -> Result<Self, Error> {
        let anchors = trust_set.anchors().iter();
        let dated = anchors.filter(|anchor| has_distrust_date(anchor));
        let stores = dated.map(|anchor| (Some(anchor.clone()), Arc::new(store_of([anchor]))));
        let undated = (None, Arc::clone(trust_set.store()));
        let revoking = iter::once(undated).chain(stores);
        // rustls refuses an empty store; what it would have accepted is nothing.
        let revoking = revoking.filter(|(_, store)| !store.is_empty());
        let revoking = revoking.map(|(dated, store)| {
            let verifier = revocation.verifier(store, &provider)?;
            Ok(Revoking { dated, verifier })
        });
        let revoking = revoking.collect::<Result<_, Error>>()?;
        Ok(Self {
            revoking: Some(revoking),
            ..Self::new(trust_set, provider)
        })
    }

    pub(crate) fn trust_set(&self) -> &Arc<TrustSet> {
        &self.trust_set
    }

    pub(crate) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    fn verify(&self, presented: Presented<'_>) -> Result<(), rustls::Error> {
        let issuers = self.trust_set.issuers_of(presented.certificates());
        let undated = issuers
            .iter()
            .copied()
            .filter(|anchor| !has_distrust_date(anchor));
        let mut refused = match self.verify_with(None, &store_of(undated), presented) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        for anchor in issuers {
            let Some(date) = anchor.distrust_after() else {
                continue;
            };
            match self.verify_with(Some(anchor), &store_of([anchor]), presented) {
                Ok(()) if presented.starts_by(date) => return Ok(()),
                Ok(()) => refused = Refusal::distrusted(anchor, date).into(),
                // Whichever found an issuer has the better reason.
                Err(better) if is_unknown_issuer(&refused) => refused = better,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    /// With the one anchor that has a date, or with those that have none.
    fn verify_with(
        &self,
        dated: Option<&Anchor>,
        anchors: &RootCertStore,
        presented: Presented<'_>,
    ) -> Result<(), rustls::Error> {
        let Some(revoking) = &self.revoking else {
            let algorithms = self.provider.signature_verification_algorithms.all;
            let end_entity = ParsedCertificate::try_from(presented.end_entity)?;
            verify_server_cert_signed_by_trust_anchor(
                &end_entity,
                anchors,
                presented.intermediates,
                presented.now,
                algorithms,
            )?;
            return verify_server_name(&end_entity, presented.server_name);
        };
        let with = revoking
            .iter()
            .find(|revoking| revoking.dated.as_ref() == dated);
        let Presented {
            end_entity,
            intermediates,
            server_name,
            now,
        } = presented;
        with.ok_or(CertificateError::UnknownIssuer)?
            .verifier
            .verify_server_cert(end_entity, intermediates, server_name, &[], now)
            .map(drop)
    }
}

/// What is to be verified.
#[derive(Clone, Copy)]
struct Presented<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    server_name: &'a ServerName<'a>,
    now: UnixTime,
}

impl<'a> Presented<'a> {
    fn certificates(self) -> impl Iterator<Item = &'a CertificateDer<'a>> {
        iter::once(self.end_entity).chain(self.intermediates)
    }

    /// Whether the end-entity certificate was not issued after the distrust date. One that cannot be
    /// read counts as issued after it.
    fn starts_by(self, date: UnixTime) -> bool {
        not_before(self.end_entity).is_some_and(|start| start <= date)
    }
}

fn store_of<'a>(anchors: impl IntoIterator<Item = &'a Anchor>) -> RootCertStore {
    let anchors = anchors.into_iter();
    RootCertStore {
        roots: anchors.map(Anchor::to_trust_anchor).collect(),
    }
}

fn is_unknown_issuer(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    )
}

impl ServerCertVerifier for Verifier {
    /// The OCSP response is not looked at, as rustls' own verifier does not.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Presented {
            end_entity,
            intermediates,
            server_name,
            now,
        };
        self.verify(presented).map_err(|mut refused| {
            if is_unknown_issuer(&refused) {
                let asked = self.trust_set.asked();
                refused = Refusal::unknown_issuer(end_entity, intermediates, asked).into();
            }
            logging::debug(|| Refusal::of(&refused));
            refused
        })?;
        Ok(ServerCertVerified::assertion())
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

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("trust_set", &self.trust_set)
            .field("revocation", &self.revoking.is_some())
            .finish_non_exhaustive()
    }
}
