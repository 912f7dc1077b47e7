//! Which anchors may have issued a certificate, by their distrust dates.

use std::collections::BTreeSet;
use std::iter;
use std::ptr;
use std::sync::Arc;

use embedded_roots_bundle::{issuer, name_outside};
use rustls::{CertificateError, RootCertStore};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::error::Error;
use crate::trust::set::TrustSet;
use crate::verify::paths::reached;
use crate::verify::refusal::Refusal;

/// The anchors with the name of an issuer in a chain.
pub(super) struct Issuers<'a> {
    /// Those that may have issued an end-entity certificate with its notBefore.
    pub(super) trusted: Vec<&'a Anchor>,
    distrusted: Vec<&'a Anchor>,
}

/// Finds the root whose name constraints an end-entity certificate is outside of.
pub(super) type ExplainConstraints = fn(&CertificateDer<'_>, &[&Anchor]) -> Option<Refusal>;

impl<'a> Issuers<'a> {
    /// `start` is the notBefore of the end-entity certificate, which is one of `certificates`.
    pub(super) fn of<'b>(
        certificates: impl Iterator<Item = &'b CertificateDer<'b>>,
        start: Option<UnixTime>,
        trust_set: &'a TrustSet,
    ) -> Self {
        let issuers = issuers_of(certificates, trust_set);
        let (trusted, distrusted) = issuers
            .into_iter()
            .partition(|anchor| may_issue(anchor, start));
        Self {
            trusted,
            distrusted,
        }
    }

    /// The reason of a refusal, where it is a date or a name constraint.
    ///
    /// It checks no signature: the names of these anchors are in the chain.
    pub(super) fn explain(
        &self,
        refused: &rustls::Error,
        end_entity: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        explain_constraints: ExplainConstraints,
    ) -> Option<Refusal> {
        if is_outside_constraints(refused) {
            explain_constraints(end_entity, &self.trusted)
        } else {
            self.distrusted(refused, end_entity, sent)
        }
    }

    fn distrusted(
        &self,
        refused: &rustls::Error,
        end_entity: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
    ) -> Option<Refusal> {
        if self.distrusted.is_empty() {
            return None;
        }
        // A root to which no names lead from the end entity is no reason.
        let reached = reached(end_entity, sent);
        let is_reached = |anchor: &&&Anchor| {
            let mut all = iter::once(end_entity).chain(reached.iter().copied());
            let subject: &[u8] = &anchor.trust_anchor().subject;
            all.any(|sent| issuer(sent).is_some_and(|name| name.as_der() == subject))
        };
        let mut latest_first = self.distrusted.iter().rev().filter(is_reached);
        let (anchor, date) =
            latest_first.find_map(|anchor| Some((anchor, anchor.distrust_after()?)))?;
        // With another anchor of the same name, webpki has tried that one's key.
        let has_namesake = || {
            let mut trusted = self.trusted.iter().map(|trusted| trusted.trust_anchor());
            trusted.any(|trusted| trusted.subject == anchor.trust_anchor().subject)
        };
        let is_for_want_of_it =
            is_unknown_issuer(refused) || is_bad_signature(refused) && has_namesake();
        is_for_want_of_it.then(|| Refusal::distrusted(anchor, date))
    }
}

/// The anchors that may have issued one of the certificates: those with the name of an issuer.
fn issuers_of<'a, 'b>(
    certificates: impl Iterator<Item = &'b CertificateDer<'b>>,
    trust_set: &'a TrustSet,
) -> Vec<&'a Anchor> {
    let mut issuers: Vec<&'a Anchor> = Vec::new();
    for certificate in certificates {
        let of_name = issuer(certificate).map(|name| trust_set.of_subject(name.as_der()));
        let of_name = of_name.unwrap_or_default();
        let Some(first) = of_name.first() else {
            continue;
        };
        if !issuers.iter().any(|issuer| ptr::eq(*issuer, first)) {
            issuers.extend(of_name);
        }
    }
    issuers
}

/// Whether the date of the anchor allows an end-entity certificate with this notBefore.
pub(super) fn may_issue(anchor: &Anchor, start: Option<UnixTime>) -> bool {
    match (anchor.distrust_after(), start) {
        (None, _) => true,
        (Some(date), Some(start)) => start <= date,
        // A certificate without a readable notBefore counts as issued after any date.
        (Some(_), None) => false,
    }
}

/// A verifier of rustls' own, over the anchors that may have issued a certificate with a certain
/// notBefore.
pub(super) struct UpTo<V: ?Sized> {
    /// The latest such notBefore: the earliest date of its anchors, or none for those without a
    /// date.
    latest: Option<UnixTime>,
    verifier: Arc<V>,
}

impl<V: ?Sized> UpTo<V> {
    /// One for each date and one for the anchors without, in this order. Each has a copy of its anchors,
    /// and of `size` bytes besides.
    pub(super) fn each(
        anchors: &[Anchor],
        size: usize,
        verifier: impl Fn(Arc<RootCertStore>) -> Result<Arc<V>, Error>,
    ) -> Result<Vec<Self>, Error> {
        let dates: BTreeSet<UnixTime> = anchors.iter().filter_map(Anchor::distrust_after).collect();
        let copied = size + anchors.len() * ANCHOR_SIZE;
        if dates.len().saturating_mul(copied) > MOST_COPIED {
            return Err(Error::invalid(format_args!(
                "{} different distrust dates are too many for these `crls` and roots: each date takes \
                 a copy of them, and {} MiB is the most",
                dates.len(),
                MOST_COPIED >> 20
            )));
        }
        let mut each = Vec::new();
        for latest in dates.into_iter().map(Some).chain([None]) {
            let store = store_of(anchors.iter().filter(|anchor| may_issue(anchor, latest)));
            // rustls refuses an empty store, which would accept nothing anyway.
            if !store.is_empty() {
                let verifier = verifier(Arc::new(store))?;
                each.push(Self { latest, verifier });
            }
        }
        Ok(each)
    }

    /// The verifier for a certificate with this notBefore.
    pub(super) fn choose(
        each: &[Self],
        start: Option<UnixTime>,
    ) -> Result<&Arc<V>, CertificateError> {
        let mut may_issue = each.iter().filter(|up_to| {
            let latest = up_to.latest;
            latest.is_none_or(|latest| start.is_some_and(|start| start <= latest))
        });
        let first = may_issue.next().ok_or(CertificateError::UnknownIssuer)?;
        Ok(&first.verifier)
    }
}

/// Mozilla's list has one date.
const MOST_COPIED: usize = 512 << 20;

/// About what an anchor takes.
const ANCHOR_SIZE: usize = 1024;

pub(super) fn store_of<'a>(anchors: impl IntoIterator<Item = &'a Anchor>) -> RootCertStore {
    let anchors = anchors.into_iter();
    RootCertStore {
        roots: anchors.map(Anchor::to_trust_anchor).collect(),
    }
}

pub(super) fn is_unknown_issuer(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    )
}

pub(super) fn outside_constraints(
    end_entity: &CertificateDer<'_>,
    anchors: &[&Anchor],
) -> Option<Refusal> {
    anchors.iter().find_map(|anchor| {
        let constraints = anchor.trust_anchor().name_constraints.as_deref()?;
        let name = name_outside(end_entity, constraints)?;
        Some(Refusal::outside_constraints(anchor, constraints, name))
    })
}

/// The root alone. Where several have constraints, the chain does not say which one is meant.
pub(super) fn root_of_constraints(_: &CertificateDer<'_>, anchors: &[&Anchor]) -> Option<Refusal> {
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
            matches!(
                other.0.downcast_ref(),
                Some(webpki::Error::NameConstraintViolation)
            )
        }
        _ => false,
    }
}

fn is_bad_signature(error: &rustls::Error) -> bool {
    *error == CertificateError::BadSignature.into()
}
