//! Certificates of servers that are accepted as they are.

use embedded_roots_bundle::{not_before, sort, subject};
use rustls_pki_types::CertificateDer;

use crate::source::pins::{Pin, PinSource};
use crate::trust::certificates_report::{CertificatesReport, Use};
use crate::trust::digest::Sha256;
use crate::trust::distrust::{Distrust, DistrustedRoot};

/// The pinned certificates of a policy, sorted.
#[derive(Default)]
pub(crate) struct Pins {
    pins: Vec<Pin>,
    /// Others are left out.
    has_ignored: bool,
}

impl Pins {
    /// Leaves out what is distrusted, and what was issued after its date.
    pub(crate) fn new(
        sources: Vec<PinSource>,
        distrust: &Distrust,
        sha256: Sha256,
    ) -> (Self, Vec<CertificatesReport>) {
        let mut all = Self::default();
        let mut reports = Vec::new();
        for source in sources {
            let mut report = CertificatesReport::new(source.origin, Use::Pinned);
            for pin in source.pins {
                let Some(name) = subject(&pin.certificate) else {
                    continue;
                };
                if let Some(by) = distrust.of_certificate(&pin.certificate, sha256) {
                    let subject = name.as_der().to_vec();
                    report.ignore(DistrustedRoot { subject, by }.to_string());
                    all.has_ignored = true;
                    continue;
                }
                let start = not_before(&pin.certificate);
                if pin
                    .distrust_after
                    .is_some_and(|date| start.is_none_or(|start| start > date))
                {
                    report.ignore(format!(
                        "\"{name}\" was issued after its distrust-after date"
                    ));
                    all.has_ignored = true;
                    continue;
                }
                report.add(name);
                all.pins.push(pin);
            }
            reports.push(report);
        }
        sort(&mut all.pins, &|one, other| {
            one.certificate.cmp(&other.certificate)
        });
        (all, reports)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }

    /// Whether a pinned certificate is distrusted, or issued after its date.
    pub(crate) fn has_ignored(&self) -> bool {
        self.has_ignored
    }

    /// The pins of exactly this certificate.
    pub(crate) fn of_certificate(
        &self,
        certificate: &CertificateDer<'_>,
    ) -> impl Iterator<Item = &Pin> {
        let pins = &self.pins;
        let start = pins.partition_point(|pin| *pin.certificate < **certificate);
        let rest = pins.iter().skip(start);
        rest.take_while(|pin| *pin.certificate == **certificate)
    }

    /// Whether the same certificates are accepted for the same names.
    pub(crate) fn are_the_same(&self, other: &Self) -> bool {
        self.pins == other.pins
    }
}
