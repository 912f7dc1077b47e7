//! The verifier of client certificates, for servers.

use std::fmt;
use std::iter;
use std::sync::Arc;

use embedded_roots_bundle::not_before;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerifier as _};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::logging;
use crate::verify::dates::{
    Issuers, UpTo, is_unknown_issuer, may_issue, outside_constraints, store_of,
};
use crate::verify::refusal::{Peer, Refusal};
use crate::verify::revocation::Revocation;
use crate::verify::verifier::Verifier;

/// Enforces for clients what [`Verifier`] enforces for servers.
///
/// rustls has no function that verifies a client's chain over some anchors, only a verifier. Without
/// CRLs one is cheap, and is made for each chain over the anchors that its date allows. With CRLs there
/// is one for each date, made beforehand, and one is asked. Either way there is one search and one
/// budget of signature checks.
pub(crate) struct ClientVerifier {
    /// The verifier of servers under the same roots.
    servers: Arc<Verifier>,
    /// With CRLs.
    revoking: Option<Vec<UpTo<dyn ClientCertVerifier>>>,
    hints: Vec<DistinguishedName>,
    mandatory: bool,
}

impl ClientVerifier {
    /// If `mandatory`, a client without certificate is refused.
    pub(crate) fn new(servers: Arc<Verifier>, mandatory: bool) -> Self {
        let anchors = servers.trust_set().anchors();
        let revoking = servers.revocation().map(|revocation| {
            let each = UpTo::each(anchors, revocation.size(), |store| {
                revocation.client_verifier(store, servers.provider())
            });
            // `Verifier` has read the CRLs, and has bounded the dates with them, so there is no error.
            // If there were, no client would be accepted.
            each.unwrap_or_default()
        });
        Self {
            revoking,
            hints: hints(anchors),
            mandatory,
            servers,
        }
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let screening = self.servers.screen(end_entity, intermediates)?;
        let screened = &*screening.intermediates;
        let start = not_before(end_entity);
        let trust_set = self.servers.trust_set();
        let issuers = Issuers::of(iter::once(end_entity).chain(screened), start, trust_set);
        let selected = self.servers.select(end_entity, screened, start)?;
        let verifier = match &self.revoking {
            None => self.made_for(&issuers, start),
            Some(each) => UpTo::choose(each, start).cloned().map_err(Into::into),
        };
        let verdict =
            verifier.and_then(|verifier| verifier.verify_client_cert(end_entity, &selected, now));
        verdict.map_err(|refused| {
            let refusal = screening
                .explain(&refused, end_entity)
                .or_else(|| {
                    issuers.explain(&refused, end_entity, intermediates, outside_constraints)
                })
                .or_else(|| {
                    is_unknown_issuer(&refused).then(|| {
                        Refusal::unknown_issuer(Peer::Client, end_entity, intermediates, trust_set)
                    })
                });
            refusal.map_or(refused, Into::into)
        })
    }

    /// A verifier over the issuers that the date allows.
    fn made_for(
        &self,
        issuers: &Issuers<'_>,
        start: Option<UnixTime>,
    ) -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
        let mut store = store_of(issuers.trusted.iter().copied());
        if store.is_empty() {
            // rustls refuses an empty store. With any other root it says what else is wrong with the
            // chain, such as its time, before it says that the issuer is unknown.
            let mut others = self.servers.trust_set().anchors().iter();
            store = store_of(others.find(|anchor| may_issue(anchor, start)));
        }
        Revocation::default()
            .client_verifier(Arc::new(store), self.servers.provider())
            .map_err(|_| CertificateError::UnknownIssuer.into())
    }
}

/// The subjects of the anchors, each once; none if together they are longer than [`MAX_HINTS`].
fn hints(anchors: &[Anchor]) -> Vec<DistinguishedName> {
    let subjects = anchors.iter().map(|anchor| &anchor.trust_anchor().subject);
    let mut subjects: Vec<_> = subjects.collect();
    // The anchors are sorted by subject.
    subjects.dedup();
    let hints = subjects
        .into_iter()
        .map(|subject| DistinguishedName::in_sequence(subject));
    let hints: Vec<_> = hints.collect();
    // Each has a length of two bytes before it.
    let length: usize = hints.iter().map(|hint| 2 + hint.as_ref().len()).sum();
    if length > MAX_HINTS {
        return Vec::new();
    }
    hints
}

/// One TLS record (RFC 8446, section 5.1). The list itself may be four times as long, and rustls writes
/// a wrong length for one that is longer still.
const MAX_HINTS: usize = 1 << 14;

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verdict = self.verify(end_entity, intermediates, now);
        if let Err(refused) = &verdict {
            logging::debug(|| Refusal::of(refused));
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.servers
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.servers
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.servers.supported_verify_schemes()
    }
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientVerifier")
            .field("servers", &self.servers)
            .field("mandatory", &self.mandatory)
            .finish_non_exhaustive()
    }
}
