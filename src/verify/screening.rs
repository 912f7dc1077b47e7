//! What is distrusted is taken out of a chain before webpki searches a path.

use std::borrow::Cow;

use embedded_roots_bundle::subject;
use rustls::CertificateError;
use rustls_pki_types::CertificateDer;

use crate::trust::digest::Sha256;
use crate::trust::distrust::Distrust;
use crate::verify::dates::is_unknown_issuer;
use crate::verify::paths::reached;
use crate::verify::refusal::Refusal;

/// A chain without what is distrusted in it.
///
/// A chain is accepted if another path leads to a root, as in webpki. So a distrusted intermediate is not a
/// reason to refuse a chain until it turns out to be missing.
pub(super) struct Screening<'a> {
    distrust: &'a Distrust,
    sha256: Sha256,
    sent: &'a [CertificateDer<'a>],
    /// The intermediates that webpki may use: all that were sent, unless one is distrusted.
    pub(super) intermediates: Cow<'a, [CertificateDer<'a>]>,
}

impl<'a> Screening<'a> {
    /// Fails if the end entity itself is distrusted.
    pub(super) fn new(
        end_entity: &CertificateDer<'_>,
        sent: &'a [CertificateDer<'a>],
        distrust: &'a Distrust,
        sha256: Sha256,
    ) -> Result<Self, Refusal> {
        if let Some(by) = distrust.of_certificate(end_entity, sha256) {
            return Err(Refusal::by_distrust(subject(end_entity), by));
        }
        let may_be_used =
            |sent: &&CertificateDer<'a>| distrust.of_certificate(sent, sha256).is_none();
        // Nothing is allocated for a chain without a distrusted certificate.
        let intermediates = if sent.iter().all(|sent| may_be_used(&sent)) {
            Cow::Borrowed(sent)
        } else {
            let used = sent.iter().filter(may_be_used);
            Cow::Owned(
                used.map(|sent| CertificateDer::from(sent.as_ref()))
                    .collect(),
            )
        };
        Ok(Self {
            distrust,
            sha256,
            sent,
            intermediates,
        })
    }

    /// The reason of a refusal, where a distrusted certificate is missing or webpki has found one.
    pub(super) fn explain(
        &self,
        refused: &rustls::Error,
        end_entity: &CertificateDer<'_>,
    ) -> Option<Refusal> {
        if is_cert_distrusted(refused) {
            return Some(Refusal::by_webpki_distrust());
        }
        if self.sent.len() == self.intermediates.len() || !is_unknown_issuer(refused) {
            return None;
        }
        // A distrusted certificate to which no names lead is not missing.
        reached(end_entity, self.sent).into_iter().find_map(|sent| {
            let by = self.distrust.of_certificate(sent, self.sha256)?;
            Some(Refusal::by_distrust(subject(sent), by))
        })
    }
}

fn is_cert_distrusted(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            matches!(other.0.downcast_ref(), Some(webpki::Error::CertDistrusted))
        }
        _ => false,
    }
}
