//! What is distrusted is taken out of a chain before webpki searches a path.

use std::borrow::Cow;

use embedded_roots_bundle::subject;
use rustls::CertificateError;
use rustls_pki_types::CertificateDer;

use crate::trust::digest::Sha256;
use crate::trust::distrust::{Distrust, DistrustedBy};
use crate::verify::dates::is_unknown_issuer;
use crate::verify::refusal::{Refusal, missing_issuer};

/// The intermediates that webpki may use.
///
/// webpki would try the others too, and a chain that has another way is accepted. So a distrusted certificate is
/// no reason to refuse before it turns out to be missing.
pub(super) struct Screening<'a> {
    /// Borrowed, if nothing is distrusted.
    pub(super) intermediates: Cow<'a, [CertificateDer<'a>]>,
    removed: Vec<(&'a CertificateDer<'a>, DistrustedBy)>,
}

impl<'a> Screening<'a> {
    /// Fails if the end entity itself is distrusted.
    pub(super) fn of(
        end_entity: &CertificateDer<'_>,
        intermediates: &'a [CertificateDer<'a>],
        distrust: &Distrust,
        sha256: Sha256,
    ) -> Result<Self, Refusal> {
        if let Some(by) = distrust.of_certificate(end_entity, sha256) {
            return Err(Refusal::by_distrust(end_entity, by));
        }
        // Nothing is allocated for a chain without a distrusted certificate.
        let removed: Vec<_> = intermediates
            .iter()
            .filter_map(|sent| Some((sent, distrust.of_certificate(sent, sha256)?)))
            .collect();
        let mut kept = Cow::Borrowed(intermediates);
        if !removed.is_empty() {
            kept.to_mut()
                .retain(|sent| removed.iter().all(|(removed, _)| *removed != sent));
        }
        Ok(Self {
            intermediates: kept,
            removed,
        })
    }

    /// Says more of a refusal, where a distrusted certificate is missing or webpki has found one.
    pub(super) fn explain(
        &self,
        refused: rustls::Error,
        end_entity: &CertificateDer<'_>,
        sha256: Sha256,
    ) -> rustls::Error {
        if is_cert_distrusted(&refused) {
            return Refusal::by_webpki_distrust(end_entity, &self.intermediates, sha256).into();
        }
        if self.removed.is_empty() || !is_unknown_issuer(&refused) {
            return refused;
        }
        let missing = missing_issuer(end_entity, &self.intermediates);
        let mut removed = self.removed.iter();
        let missing = removed.find(|(removed, _)| missing.is_some() && subject(removed) == missing);
        missing.map_or(refused, |(certificate, by)| {
            Refusal::by_distrust(certificate, *by).into()
        })
    }
}

fn is_cert_distrusted(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref() == Some(&webpki::Error::CertDistrusted)
        }
        _ => false,
    }
}
