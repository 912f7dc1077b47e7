//! The verifier that enforces distrust dates.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::sync::Arc;

use embedded_roots_bundle::not_before;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::error::Error;
use crate::logging;
use crate::trust::digest::Sha256;
use crate::trust::set::TrustSet;
use crate::verify::dates::{
    ExplainConstraints, Issuers, UpTo, is_unknown_issuer, may_issue, outside_constraints,
    root_of_constraints, store_of,
};
use crate::verify::paths::{MOST_PAIRS, TooManyPairs, on_paths};
use crate::verify::refusal::{Peer, Refusal};
use crate::verify::revocation::Revocation;
use crate::verify::screening::Screening;

/// A verifier of server certificates that enforces what [`Roots`](crate::Roots) know of their
/// anchors.
///
/// The distrust date of a root concerns the end-entity certificate alone: if that has a later
/// notBefore, the root is not trusted for it (the rule of Firefox). So the verdict on dates does
/// not depend on the path, and needs no path search of its own. `Verifier` first decides which
/// anchors may have issued such a certificate, and then accepts the chain exactly if rustls' own
/// [`WebPkiServerVerifier`](rustls::client::WebPkiServerVerifier) would accept it with these: with
/// one search and one budget of signature checks, whatever the number of roots with a date.
///
/// webpki is given only the anchors whose subject is an issuer in the chain, found by binary search. It
/// would compare the names of all others and try none of them. It is given only the intermediates on a path to a
/// trusted issuer, and no chain that leaves far more paths than any real one, which could take it seconds.
///
/// A chain that fails because of a distrust date, a name constraint of its root, an unknown issuer, or too many
/// paths returns a [`Refusal`] inside [`CertificateError::Other`](rustls::CertificateError::Other), which
/// explains more than rustls does. All other errors are those of rustls.
pub struct Verifier {
    trust_set: Arc<TrustSet>,
    provider: Arc<CryptoProvider>,
    sha256: Sha256,
    revoking: Option<Box<dyn Revoking>>,
    // Not by name: what shows constraints is 20 KiB, which the one-line program does not link.
    explain_constraints: ExplainConstraints,
}

impl Verifier {
    pub(crate) fn new(trust_set: Arc<TrustSet>, provider: Arc<CryptoProvider>) -> Self {
        Self {
            trust_set,
            sha256: Sha256::of(&provider),
            provider,
            revoking: None,
            explain_constraints: root_of_constraints,
        }
    }

    /// Shows which name is outside of which constraints of a root, for policies of the builder.
    pub(crate) fn explaining_constraints(mut self) -> Self {
        self.explain_constraints = outside_constraints;
        self
    }

    pub(crate) fn with_revocation(
        trust_set: Arc<TrustSet>,
        provider: Arc<CryptoProvider>,
        revocation: Arc<Revocation>,
    ) -> Result<Self, Error> {
        let each = UpTo::each(trust_set.anchors(), revocation.size(), |store| {
            let verifier = revocation.server_verifier(store, &provider)?;
            Ok(verifier as Arc<dyn ServerCertVerifier>)
        })?;
        Ok(Self {
            revoking: Some(Box::new(ByRevocation { revocation, each })),
            ..Self::new(trust_set, provider)
        })
    }

    pub(super) fn revocation(&self) -> Option<&Revocation> {
        self.revoking.as_ref().map(|revoking| revoking.revocation())
    }

    pub(crate) fn trust_set(&self) -> &Arc<TrustSet> {
        &self.trust_set
    }

    pub(crate) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    pub(super) fn screen<'a>(
        &'a self,
        end_entity: &CertificateDer<'_>,
        intermediates: &'a [CertificateDer<'a>],
    ) -> Result<Screening<'a>, Refusal> {
        let distrust = self.trust_set.distrust();
        Screening::of(end_entity, intermediates, distrust, self.sha256)
    }

    /// The number of intermediates that webpki may try: all that is done with a chain before webpki searches a path, for
    /// the benches.
    #[doc(hidden)]
    pub fn count_usable(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<usize, Refusal> {
        let screening = self.screen(end_entity, intermediates)?;
        let start = not_before(end_entity);
        let selected = self.select(end_entity, &screening.intermediates, start)?;
        Ok(selected.len())
    }

    /// The intermediates that webpki may try. `start` is the notBefore of the end-entity certificate.
    pub(super) fn select<'a>(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &'a [CertificateDer<'a>],
        start: Option<UnixTime>,
    ) -> Result<Cow<'a, [CertificateDer<'a>]>, Refusal> {
        let is_trusted = |name: &[u8]| {
            let mut anchors = self.trust_set.of_subject(name).iter();
            anchors.any(|anchor| may_issue(anchor, start))
        };
        let selected = on_paths(end_entity, intermediates, &is_trusted, MOST_PAIRS);
        selected.map_err(|TooManyPairs| Refusal::too_complex())
    }

    fn verify(&self, presented: Presented<'_>) -> Result<(), rustls::Error> {
        let Presented {
            end_entity,
            intermediates,
            ..
        } = presented;
        let screening = self.screen(end_entity, intermediates)?;
        let screened = &*screening.intermediates;
        let start = not_before(end_entity);
        let issuers = Issuers::of(
            iter::once(end_entity).chain(screened),
            start,
            &self.trust_set,
        );
        let selected = self.select(end_entity, screened, start)?;
        let presented = Presented {
            intermediates: &selected,
            ..presented
        };
        let verdict = match &self.revoking {
            None => self.verify_with(&store_of(issuers.trusted.iter().copied()), presented),
            Some(revoking) => revoking.verify(start, presented),
        };
        verdict.map_err(|refused| {
            let refusal = screening
                .explain(&refused, end_entity)
                .or_else(|| {
                    issuers.explain(
                        &refused,
                        end_entity,
                        intermediates,
                        self.explain_constraints,
                    )
                })
                .or_else(|| {
                    is_unknown_issuer(&refused).then(|| {
                        let trust_set = &self.trust_set;
                        Refusal::unknown_issuer(Peer::Server, end_entity, intermediates, trust_set)
                    })
                });
            refusal.map_or(refused, Into::into)
        })
    }

    fn verify_with(
        &self,
        anchors: &RootCertStore,
        presented: Presented<'_>,
    ) -> Result<(), rustls::Error> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let end_entity = ParsedCertificate::try_from(presented.end_entity)?;
        verify_server_cert_signed_by_trust_anchor(
            &end_entity,
            anchors,
            presented.intermediates,
            presented.now,
            algorithms,
        )?;
        verify_server_name(&end_entity, presented.server_name)
    }
}

/// Implemented by [`ByRevocation`] alone, so that a program without CRLs links neither that nor their
/// parser.
trait Revoking: Send + Sync {
    /// `start` is the notBefore of the end-entity certificate.
    fn verify(
        &self,
        start: Option<UnixTime>,
        presented: Presented<'_>,
    ) -> Result<(), rustls::Error>;

    fn revocation(&self) -> &Revocation;
}

/// rustls' own verifiers, which alone can check CRLs.
struct ByRevocation {
    revocation: Arc<Revocation>,
    each: Vec<UpTo<dyn ServerCertVerifier>>,
}

impl Revoking for ByRevocation {
    fn verify(
        &self,
        start: Option<UnixTime>,
        presented: Presented<'_>,
    ) -> Result<(), rustls::Error> {
        let Presented {
            end_entity,
            intermediates,
            server_name,
            now,
        } = presented;
        UpTo::choose(&self.each, start)?
            .verify_server_cert(end_entity, intermediates, server_name, &[], now)
            .map(drop)
    }

    fn revocation(&self) -> &Revocation {
        &self.revocation
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

impl ServerCertVerifier for Verifier {
    /// Like rustls' own verifier, it ignores the OCSP response.
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
        self.verify(presented).inspect_err(|refused| {
            logging::debug(|| Refusal::of(refused));
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
