//! Which anchors may have issued a certificate, by their distrust dates.

use std::iter;
use std::ptr;

use embedded_roots_bundle::issuer;
use rustls::CertificateError;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::trust::set::TrustSet;
use crate::verify::refusal::Refusal;

/// The anchors with the name of an issuer in a chain.
pub(super) struct Issuers<'a> {
    /// Those that may have issued an end-entity certificate with its notBefore.
    pub(super) trusted: Vec<&'a Anchor>,
    distrusted: Vec<&'a Anchor>,
}

impl<'a> Issuers<'a> {
    /// `start` is the notBefore of the end-entity certificate, which is one of `certificates`.
    pub(super) fn new<'b>(
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

    /// The trusted anchors to which names lead from the end entity. `intermediates` are those to which they lead.
    pub(super) fn reached(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[&CertificateDer<'_>],
    ) -> Vec<&'a Anchor> {
        let trusted = self.trusted.iter().copied();
        trusted
            .filter(|anchor| is_reached(anchor, end_entity, intermediates))
            .collect()
    }

    /// The reason of a refusal, where it is a date.
    ///
    /// It checks no signature: the names of these anchors are in the chain. `intermediates` are those to which names
    /// lead from the end entity: a root that they do not lead to is not a reason.
    pub(super) fn explain(
        &self,
        refused: &rustls::Error,
        end_entity: &CertificateDer<'_>,
        intermediates: &[&CertificateDer<'_>],
    ) -> Option<Refusal> {
        let mut latest_first = self.distrusted.iter().rev();
        let anchor = latest_first.find(|anchor| is_reached(anchor, end_entity, intermediates))?;
        let date = anchor.distrust_after()?;
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

/// Whether an anchor has the name of an issuer of one of these certificates.
fn is_reached(
    anchor: &Anchor,
    end_entity: &CertificateDer<'_>,
    intermediates: &[&CertificateDer<'_>],
) -> bool {
    let mut all = iter::once(end_entity).chain(intermediates.iter().copied());
    let subject: &[u8] = &anchor.trust_anchor().subject;
    all.any(|sent| issuer(sent).is_some_and(|name| name.as_der() == subject))
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
fn may_issue(anchor: &Anchor, start: Option<UnixTime>) -> bool {
    match (anchor.distrust_after(), start) {
        (None, _) => true,
        (Some(date), Some(start)) => start <= date,
        // A certificate without a readable notBefore counts as issued after any date.
        (Some(_), None) => false,
    }
}

/// Whether there is an anchor of this subject (DER, the content of the SEQUENCE) that may issue such a certificate.
pub(super) fn has_issuer(trust_set: &TrustSet, subject: &[u8], start: Option<UnixTime>) -> bool {
    let mut anchors = trust_set.of_subject(subject).iter();
    anchors.any(|anchor| may_issue(anchor, start))
}

pub(super) fn is_unknown_issuer(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    )
}

pub(super) fn is_bad_signature(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::BadSignature)
    )
}
