//! The verifier that enforces distrust dates.

use std::collections::BTreeSet;
use std::fmt;
use std::iter;
use std::sync::Arc;

use embedded_roots_bundle::{is_name_constraint_violation, name_outside, not_before};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::error::Error;
use crate::logging;
use crate::trust::set::TrustSet;
use crate::verify::refusal::Refusal;
use crate::verify::revocation::Revocation;

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
/// would compare the names of all others and try none of them.
///
/// A chain that fails because of a distrust date, a name constraint of its root, or an unknown issuer
/// returns a [`Refusal`] inside [`CertificateError::Other`](rustls::CertificateError::Other), which
/// explains more than rustls does. All other errors are those of rustls.
pub struct Verifier {
    trust_set: Arc<TrustSet>,
    provider: Arc<CryptoProvider>,
    revoking: Option<Vec<Revoking>>,
    // Not by name: what shows constraints is 20 KiB, which the one-line program does not link.
    explain_constraints: ExplainConstraints,
}

/// Finds the root whose name constraints an end-entity certificate is outside of.
type ExplainConstraints = fn(&CertificateDer<'_>, &[&Anchor]) -> Option<Refusal>;

/// rustls' own verifier, which alone can check CRLs, over the anchors that may have issued a
/// certificate with a certain notBefore.
struct Revoking {
    /// The latest such notBefore: the earliest date of its anchors, or none for those without a
    /// date.
    latest: Option<UnixTime>,
    // A trait object, so that a program without CRLs does not link their parser.
    verifier: Arc<dyn ServerCertVerifier>,
}

/// Each date takes a verifier of its own, with copies of its roots and of the CRLs. Mozilla's list has
/// one date.
const MOST_COPIED: usize = 512 << 20;

/// About what an anchor takes.
const ANCHOR_SIZE: usize = 1024;

impl Verifier {
    pub(crate) fn new(trust_set: Arc<TrustSet>, provider: Arc<CryptoProvider>) -> Self {
        Self {
            trust_set,
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
        revocation: &Revocation,
    ) -> Result<Self, Error> {
        let dates = trust_set
            .anchors()
            .iter()
            .filter_map(Anchor::distrust_after);
        let dates: BTreeSet<UnixTime> = dates.collect();
        let copied = revocation.size() + trust_set.anchors().len() * ANCHOR_SIZE;
        if dates.len().saturating_mul(copied) > MOST_COPIED {
            return Err(Error::invalid(format_args!(
                "{} different distrust dates are too many for these `crls` and roots: each date takes \
                 a copy of them, and {} MiB is the most",
                dates.len(),
                MOST_COPIED >> 20
            )));
        }
        let mut revoking = Vec::new();
        for latest in dates.into_iter().map(Some).chain([None]) {
            let may_issue = |anchor: &&Anchor| match (anchor.distrust_after(), latest) {
                (Some(date), Some(latest)) => date >= latest,
                (date, _) => date.is_none(),
            };
            let store = store_of(trust_set.anchors().iter().filter(may_issue));
            // rustls refuses an empty store, which would accept nothing anyway.
            if !store.is_empty() {
                let verifier = revocation.verifier(Arc::new(store), &provider)?;
                revoking.push(Revoking { latest, verifier });
            }
        }
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
        let start = not_before(presented.end_entity);
        let may_issue = |anchor: &&Anchor| match (anchor.distrust_after(), start) {
            (None, _) => true,
            (Some(date), Some(start)) => start <= date,
            // A certificate without a readable notBefore counts as issued after any date.
            (Some(_), None) => false,
        };
        let issuers = self.trust_set.issuers_of(presented.certificates());
        let (trusted, distrusted): (Vec<_>, Vec<_>) = issuers.into_iter().partition(may_issue);
        let verdict = match &self.revoking {
            None => self.verify_with(&store_of(trusted.iter().copied()), presented),
            Some(revoking) => verify_with_revocation(revoking, start, presented),
        };
        verdict.map_err(|refused| {
            self.explain(&refused, presented.end_entity, &trusted, &distrusted)
                .map_or(refused, Into::into)
        })
    }

    /// Says more than the error of rustls, where trust is the reason. It checks no signature: the
    /// anchors are those with the name of an issuer in the chain.
    fn explain(
        &self,
        refused: &rustls::Error,
        end_entity: &CertificateDer<'_>,
        trusted: &[&Anchor],
        distrusted: &[&Anchor],
    ) -> Option<Refusal> {
        if is_outside_constraints(refused) {
            return (self.explain_constraints)(end_entity, trusted);
        }
        // With another anchor of the same name, webpki has tried that one's key.
        let has_namesake = |anchor: &Anchor| {
            let mut trusted = trusted.iter().map(|trusted| trusted.trust_anchor());
            trusted.any(|trusted| trusted.subject == anchor.trust_anchor().subject)
        };
        let (anchor, date) = distrusted
            .iter()
            .rev()
            .find_map(|anchor| Some((anchor, anchor.distrust_after()?)))?;
        let is_for_want_of_it =
            is_unknown_issuer(refused) || is_bad_signature(refused) && has_namesake(anchor);
        is_for_want_of_it.then(|| Refusal::distrusted(anchor, date))
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

/// `revoking` is sorted by date; the entry without a date comes last.
fn verify_with_revocation(
    revoking: &[Revoking],
    start: Option<UnixTime>,
    presented: Presented<'_>,
) -> Result<(), rustls::Error> {
    let mut may_issue = revoking.iter().filter(|revoking| {
        revoking
            .latest
            .is_none_or(|latest| start.is_some_and(|start| start <= latest))
    });
    let Presented {
        end_entity,
        intermediates,
        server_name,
        now,
    } = presented;
    may_issue
        .next()
        .ok_or(CertificateError::UnknownIssuer)?
        .verifier
        .verify_server_cert(end_entity, intermediates, server_name, &[], now)
        .map(drop)
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

fn outside_constraints(end_entity: &CertificateDer<'_>, anchors: &[&Anchor]) -> Option<Refusal> {
    anchors.iter().find_map(|anchor| {
        let constraints = anchor.trust_anchor().name_constraints.as_deref()?;
        let name = name_outside(end_entity, constraints)?;
        Some(Refusal::outside_constraints(anchor, constraints, name))
    })
}

/// The root alone. Where several have constraints, the chain does not say which one is meant.
fn root_of_constraints(_: &CertificateDer<'_>, anchors: &[&Anchor]) -> Option<Refusal> {
    let has_constraints = |anchor: &&&Anchor| anchor.trust_anchor().name_constraints.is_some();
    let mut constrained = anchors.iter().filter(has_constraints);
    let anchor = constrained
        .next()
        .filter(|_| constrained.next().is_none())?;
    Some(Refusal::outside_constraints_of(anchor))
}

/// Whether a name is not allowed by the name constraints of the root or of an intermediate.
fn is_outside_constraints(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            is_name_constraint_violation(&*other.0)
        }
        _ => false,
    }
}

fn is_bad_signature(error: &rustls::Error) -> bool {
    *error == CertificateError::BadSignature.into()
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
