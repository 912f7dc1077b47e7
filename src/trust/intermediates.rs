//! Intermediates that the policy knows, and that peers may forget to send.

use embedded_roots_bundle::{DistinguishedName, iso_day, not_after, sort, subject};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::source::intermediates::IntermediateSource;
use crate::trust::certificates_report::{CertificatesReport, Use};
use crate::trust::digest::Sha256;
use crate::trust::distrust::{Distrust, DistrustOrigin, DistrustedRoot};

/// Intermediates that may help to build a path, sorted by subject.
#[derive(Default)]
pub(crate) struct Intermediates {
    usable: Vec<Intermediate>,
    /// Those that are left out: a chain that needs one is refused for that.
    distrusted: Vec<DistrustedRoot>,
}

#[derive(PartialEq)]
struct Intermediate {
    /// DER, the content of the SEQUENCE.
    subject: Vec<u8>,
    certificate: CertificateDer<'static>,
}

impl Intermediates {
    /// Leaves out what is distrusted, and what has expired by `now`.
    pub(crate) fn new(
        sources: Vec<IntermediateSource>,
        distrust: &Distrust,
        sha256: Sha256,
        now: UnixTime,
    ) -> (Self, Vec<CertificatesReport>) {
        let mut intermediates = Self::default();
        let mut reports = Vec::new();
        for source in sources {
            let mut report = CertificatesReport::new(source.origin, Use::Intermediates);
            for certificate in source.certificates {
                let Some(name) = subject(&certificate) else {
                    continue;
                };
                if let Some(by) = distrust.of_certificate(&certificate, sha256) {
                    let distrusted = DistrustedRoot {
                        subject: name.as_der().to_vec(),
                        by,
                    };
                    report.ignore(distrusted.to_string());
                    intermediates.distrusted.push(distrusted);
                    continue;
                }
                if let Some(end) = not_after(&certificate).filter(|end| *end < now) {
                    let end = iso_day(end);
                    report.ignore(format!("\"{name}\" expired on {end}"));
                    continue;
                }
                report.add(name);
                intermediates.usable.push(Intermediate {
                    subject: name.as_der().to_vec(),
                    certificate,
                });
            }
            reports.push(report);
        }
        let usable = &mut intermediates.usable;
        sort(usable, &|one, other| {
            let [one, other] = [one, other].map(|each| (&each.subject, &*each.certificate));
            one.cmp(&other)
        });
        usable.dedup();
        (intermediates, reports)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.usable.is_empty()
    }

    /// Those with this subject (DER, the content of the SEQUENCE).
    pub(crate) fn of_subject(&self, name: &[u8]) -> impl Iterator<Item = &CertificateDer<'static>> {
        let start = self.usable.partition_point(|each| *each.subject < *name);
        let of_name = self.usable.iter().skip(start);
        let of_name = of_name.take_while(move |each| *each.subject == *name);
        of_name.map(|each| &each.certificate)
    }

    /// Why one of this subject is left out.
    pub(crate) fn distrusted(&self, name: DistinguishedName<'_>) -> Option<DistrustOrigin> {
        let mut distrusted = self.distrusted.iter();
        let of_name = distrusted.find(|each| each.subject == name.as_der());
        of_name.map(|each| each.by)
    }

    /// Whether the same chains are completed.
    pub(crate) fn are_the_same(&self, other: &Self) -> bool {
        self.usable == other.usable
    }
}
