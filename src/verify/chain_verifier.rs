//! The verdict on a chain, of a server or of a client.

use std::borrow::Cow;
use std::iter;
use std::sync::Arc;

use embedded_roots_bundle::not_before;
use rustls::CertificateError;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::logging;
use crate::source::crlite::status::Status;
use crate::trust::digest::Sha256;
use crate::trust::set::TrustSet;
use crate::verify::completion::{Completion, completed};
use crate::verify::dates::{Issuers, has_issuer, is_unknown_issuer};
use crate::verify::explanation;
use crate::verify::paths::{MOST_PAIRS, TooManyPairs, on_paths, reached};
use crate::verify::pinned;
use crate::verify::refusal::{Refusal, plain_error};
use crate::verify::revocation::RevocationCheck;
use crate::verify::screening::Screening;
use crate::verify::search::{Chain, CrlSearch, Leaves, Search};
use crate::verify::signatures::ChainSignatures;

/// Verifies chains under a trust set: what is distrusted is taken out of the chain, webpki searches once over the
/// anchors that the date of the end entity allows, and a refusal is explained.
pub(super) struct ChainVerifier {
    pub(super) trust_set: Arc<TrustSet>,
    pub(super) provider: Arc<CryptoProvider>,
    sha256: Sha256,
    remembers_signatures: bool,
    revocation: Option<Box<dyn CrlSearch>>,
    /// A pointer, so that a program that knows no intermediates does not link the function.
    complete: Option<Completion>,
    /// Likewise, for a program that pins none.
    verify_pinned: Option<ChainVerdict>,
    /// Likewise, for a program that wants the explanations.
    plain_error: Option<fn(rustls::Error) -> rustls::Error>,
}

/// The type of a method that verifies a chain.
type ChainVerdict = fn(&ChainVerifier, Chain<'_>) -> Result<(), rustls::Error>;

impl ChainVerifier {
    pub(super) fn new(trust_set: Arc<TrustSet>, provider: Arc<CryptoProvider>) -> Self {
        Self {
            trust_set,
            sha256: Sha256::from_provider(&provider),
            provider,
            remembers_signatures: true,
            revocation: None,
            complete: None,
            verify_pinned: None,
            plain_error: None,
        }
    }

    pub(super) fn check_revocation(&mut self, revocation: RevocationCheck) {
        self.revocation = Some(Box::new(revocation));
    }

    pub(super) fn complete_chains(&mut self) {
        self.complete = Some(completed);
    }

    pub(super) fn accept_pinned(&mut self) {
        self.verify_pinned = Some(Self::verify_pinned);
    }

    pub(super) fn forget_signatures(&mut self) {
        self.remembers_signatures = false;
    }

    pub(super) fn return_plain_errors(&mut self) {
        self.plain_error = Some(plain_error);
    }

    pub(super) fn checks_revocation(&self) -> bool {
        self.revocation.is_some()
    }

    pub(super) fn verify(&self, chain: Chain<'_>) -> Result<(), rustls::Error> {
        let verdict = match self.verify_pinned {
            Some(verify) => verify(self, chain),
            None => self.verify_path(chain),
        };
        verdict.map_err(|refused| self.told(refused))
    }

    /// The verdict of a policy with pinned certificates. A root may have issued them, too.
    fn verify_pinned(&self, chain: Chain<'_>) -> Result<(), rustls::Error> {
        match pinned::verdict(&self.trust_set, chain) {
            None => self.verify_path(chain),
            Some(Ok(())) => Ok(()),
            Some(Err(refused)) => self.verify_path(chain).map_err(|by_path| {
                let is_for_want_of_pin = Refusal::of(&by_path)
                    .is_some_and(|why| why.is_unknown_issuer() || why.is_ca_as_end_entity());
                if is_for_want_of_pin { refused } else { by_path }
            }),
        }
    }

    /// Why the signature of a handshake is refused, which is one of the certificate's key.
    pub(super) fn signature_refused(
        &self,
        refused: rustls::Error,
        certificate: &CertificateDer<'_>,
    ) -> rustls::Error {
        self.told(explanation::explain_signature(
            refused,
            certificate,
            &self.provider,
        ))
    }

    /// Logs a refusal, and returns the error that the policy asks for.
    fn told(&self, refused: rustls::Error) -> rustls::Error {
        logging::debug(|| Refusal::of(&refused).map(|refusal| format!("{refusal:?}")));
        match self.plain_error {
            Some(plain) => plain(refused),
            None => refused,
        }
    }

    fn verify_path(&self, chain: Chain<'_>) -> Result<(), rustls::Error> {
        let Chain {
            end_entity,
            intermediates,
            ..
        } = chain;
        let screening = self.screen(end_entity, intermediates)?;
        let sent = screening.intermediates.clone();
        let completed = match self.complete {
            Some(complete) => complete(end_entity, sent, &self.trust_set),
            None => sent,
        };
        let screened = &*completed;
        let start = not_before(end_entity);
        let issuers = Issuers::new(
            iter::once(end_entity).chain(screened),
            start,
            &self.trust_set,
        );
        let selected = self.select(end_entity, screened, start)?;
        let anchors: Vec<TrustAnchor<'_>> = issuers.trusted.iter().map(|root| lent(root)).collect();
        let selected = Chain {
            intermediates: &selected,
            ..chain
        };
        let revocation = self.revocation.as_deref();
        let signatures = ChainSignatures::new(&self.provider, self.sha256, selected, revocation);
        let remembering = signatures.algorithms(&self.provider);
        let remembering: Vec<_> = remembering.iter().map(|each| each as _).collect();
        let search = Search {
            anchors: &anchors,
            algorithms: if self.remembers_signatures {
                &remembering
            } else {
                self.provider.signature_verification_algorithms.all
            },
            revocation: None,
            leaves: self.trust_set.crlite().map(|data| Leaves {
                data,
                sha256: self.sha256,
            }),
        };
        let verdict = match revocation {
            None => search.verify(selected),
            Some(revocation) => revocation.verify(search, selected),
        };
        match verdict {
            Ok(Status::Accepted) => {
                signatures.remember();
                Ok(())
            }
            Ok(Status::Revoked) => Err(self.by_data(CertificateError::Revoked, end_entity)),
            Ok(Status::Stale) => {
                Err(self.by_data(CertificateError::UnknownRevocationStatus, end_entity))
            }
            Err(refused) => Err(self.explain(refused, chain, screened, &screening, &issuers)),
        }
    }

    /// The refusal by data on revoked certificates.
    #[cold]
    #[inline(never)]
    fn by_data(&self, error: CertificateError, end_entity: &CertificateDer<'_>) -> rustls::Error {
        let Some(data) = self.trust_set.crlite() else {
            return error.into();
        };
        let is_revoked = error == CertificateError::Revoked;
        let refusal = Refusal::by_crlite(end_entity, is_revoked, &data.report());
        refusal.replacing(error.into()).into()
    }

    // Apart from the search, as small as it is: inlined, it would be a third of what every program links.
    #[cold]
    #[inline(never)]
    fn explain(
        &self,
        refused: rustls::Error,
        chain: Chain<'_>,
        completed: &[CertificateDer<'_>],
        screening: &Screening<'_>,
        issuers: &Issuers<'_>,
    ) -> rustls::Error {
        let reached = reached(chain.end_entity, completed);
        let refusal = screening
            .explain(&refused, chain.end_entity)
            .or_else(|| issuers.explain(&refused, chain.end_entity, &reached))
            .or_else(|| explanation::explain(&refused, chain, &reached, issuers, &self.provider));
        let refusal = match refusal {
            Some(refusal) => refusal,
            None if is_unknown_issuer(&refused) => {
                Refusal::unknown_issuer(chain, completed, &reached, &self.trust_set)
            }
            None => return refused,
        };
        refusal.replacing(refused).into()
    }

    /// The number of intermediates that webpki may try.
    pub(super) fn count_usable(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<usize, Refusal> {
        let screening = self.screen(end_entity, intermediates)?;
        let start = not_before(end_entity);
        let selected = self.select(end_entity, &screening.intermediates, start)?;
        Ok(selected.len())
    }

    fn screen<'a>(
        &'a self,
        end_entity: &CertificateDer<'_>,
        intermediates: &'a [CertificateDer<'a>],
    ) -> Result<Screening<'a>, Refusal> {
        let distrust = self.trust_set.distrust();
        Screening::new(end_entity, intermediates, distrust, self.sha256)
    }

    /// The intermediates that webpki may try. `start` is the notBefore of the end-entity certificate.
    fn select<'a>(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &'a [CertificateDer<'a>],
        start: Option<UnixTime>,
    ) -> Result<Cow<'a, [CertificateDer<'a>]>, Refusal> {
        let is_trusted = |name: &[u8]| has_issuer(&self.trust_set, name, start);
        let selected = on_paths(end_entity, intermediates, &is_trusted, MOST_PAIRS);
        selected.map_err(|TooManyPairs| Refusal::too_complex())
    }
}

/// The anchor without a copy of its fields.
fn lent(anchor: &Anchor) -> TrustAnchor<'_> {
    let anchor = anchor.trust_anchor();
    TrustAnchor {
        subject: (*anchor.subject).into(),
        subject_public_key_info: (*anchor.subject_public_key_info).into(),
        name_constraints: anchor.name_constraints.as_deref().map(Into::into),
    }
}
