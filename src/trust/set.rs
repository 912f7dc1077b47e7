//! The anchors that are trusted.

use std::fmt;
use std::sync::{Arc, OnceLock};

use embedded_roots_bundle::{Root, identity, sort};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::bundle::certificates;
use crate::error::Error;
use crate::source::crlite::CrliteData;
use crate::source::root::{RootCertificate, Source, SourceRoot};
use crate::trust::digest::Sha256;
use crate::trust::distrust::{Distrust, DistrustedRoot};
use crate::trust::intermediates::Intermediates;
use crate::trust::merge::merge;
use crate::trust::pins::Pins;
use crate::trust::report::{Report, with_count};

/// The trusted anchors, independent of any crypto provider.
pub(crate) struct TrustSet {
    anchors: Anchors,
    distrust: Distrust,
    intermediates: Intermediates,
    pins: Pins,
    store: OnceLock<Arc<RootCertStore>>,
}

/// A bundle is used in place, and its report is made on demand.
enum Anchors {
    Bundle(&'static Bundle, OnceLock<Report>),
    /// Sorted by subject, as a bundle is. The certificates are in the order of the anchors.
    Merged {
        anchors: Vec<Anchor>,
        certificates: Vec<RootCertificate>,
        report: Report,
    },
}

impl TrustSet {
    pub(crate) fn from_bundle(bundle: &'static Bundle) -> Result<Self, Error> {
        if bundle.is_empty() {
            return Err(Error::no_roots(format!(
                "bundle {}: 0 roots",
                bundle.name()
            )));
        }
        let anchors = Anchors::Bundle(bundle, OnceLock::new());
        Ok(Self::new(
            anchors,
            Distrust::default(),
            Intermediates::default(),
            Pins::default(),
        ))
    }

    /// Roots are unique by subject and SPKI.
    pub(crate) fn merged(
        mut roots: Vec<SourceRoot>,
        report: Report,
        distrust: Distrust,
        intermediates: Intermediates,
        pins: Pins,
    ) -> Result<Self, Error> {
        // A set whose last root is distrusted trusts nobody: see [`check_roots`](Self::check_roots).
        let is_distrusted = pins.has_ignored() || report.distrusted_roots().next().is_some();
        if roots.is_empty() && pins.is_empty() && !is_distrusted {
            return Err(no_roots(&report));
        }
        sort(&mut roots, &|one, other| {
            let [one, other] = [one, other].map(|root| identity(root.anchor.trust_anchor()));
            one.cmp(&other)
        });
        let roots = roots.into_iter();
        let (anchors, certificates) = roots.map(|root| (root.anchor, root.certificate)).unzip();
        let anchors = Anchors::Merged {
            anchors,
            certificates,
            report,
        };
        Ok(Self::new(anchors, distrust, intermediates, pins))
    }

    /// Fails if there is neither a root nor a pinned certificate. It is called for the roots that a program starts with: later, roots may become
    /// distrusted one after the other, down to the last.
    pub(crate) fn check_roots(&self) -> Result<(), Error> {
        match &self.anchors {
            Anchors::Merged {
                anchors, report, ..
            } if anchors.is_empty() && self.pins.is_empty() => Err(no_roots(report)),
            _ => Ok(()),
        }
    }

    /// The root of this name (DER, the content of the SEQUENCE) that is left out because it is distrusted.
    pub(crate) fn distrusted_root(&self, name: &[u8]) -> Option<&DistrustedRoot> {
        match &self.anchors {
            Anchors::Bundle(..) => None,
            Anchors::Merged { report, .. } => {
                report.distrusted_roots().find(|root| root.subject == name)
            }
        }
    }

    pub(crate) fn anchors(&self) -> &[Anchor] {
        match &self.anchors {
            Anchors::Bundle(bundle, _) => bundle.anchors(),
            Anchors::Merged { anchors, .. } => anchors,
        }
    }

    /// The anchors that a root store can express: those without a date. Made by the first call.
    pub(crate) fn store(&self) -> &Arc<RootCertStore> {
        self.store.get_or_init(|| {
            let without_date = || {
                self.anchors()
                    .iter()
                    .filter(|anchor| !has_distrust_date(anchor))
            };
            // One allocation of the exact size.
            let mut roots = Vec::with_capacity(without_date().count());
            roots.extend(without_date().map(Anchor::to_trust_anchor));
            Arc::new(RootCertStore { roots })
        })
    }

    /// The [`store`](Self::store), if it is not empty.
    pub(crate) fn filled_store(&self) -> Result<Arc<RootCertStore>, Error> {
        let store = self.store();
        if !store.is_empty() {
            return Ok(Arc::clone(store));
        }
        Err(if self.anchors().is_empty() {
            no_roots(self.report())
        } else {
            Error::all_have_distrust_dates()
        })
    }

    /// The certificates of the anchors, as far as they carry what limits the anchors.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let mut carried = Vec::new();
        for (number, anchor) in self.anchors().iter().enumerate() {
            let certificate = match self.certificate(number) {
                RootCertificate::Der(certificate) => certificate,
                RootCertificate::InBundle(name, number) => {
                    match certificates::certificate(name, number) {
                        Some(certificate) => certificate.clone(),
                        None => continue,
                    }
                }
                RootCertificate::Nowhere => return Err(Error::no_certificate(&anchor.subject())),
            };
            let alone = Root::from_der(certificate).map_err(Error::invalid)?;
            if anchor.limits().lost_by(alone.limits()).is_empty() {
                carried.push(alone.into_certificate_and_anchor().0);
            }
        }
        if carried.is_empty() {
            return Err(if self.anchors().is_empty() {
                no_roots(self.report())
            } else {
                Error::all_have_limits()
            });
        }
        Ok(carried)
    }

    /// Each anchor with its certificate. A source that has only anchors has none, and a bundle none of those that do not
    /// carry their limits.
    pub(crate) fn anchors_and_certificates(
        &self,
    ) -> impl Iterator<Item = (&Anchor, Option<CertificateDer<'static>>)> {
        let anchors = self.anchors().iter().enumerate();
        anchors.map(|(number, anchor)| {
            let certificate = match self.certificate(number) {
                RootCertificate::Der(certificate) => Some(certificate),
                RootCertificate::InBundle(name, number) => {
                    certificates::certificate(name, number).cloned()
                }
                RootCertificate::Nowhere => None,
            };
            (anchor, certificate)
        })
    }

    pub(crate) fn report(&self) -> &Report {
        match &self.anchors {
            // The anchors are unique, so merging the one source changes none and cannot fail.
            Anchors::Bundle(bundle, report) => report.get_or_init(|| {
                let source = vec![Source::from_bundle(**bundle)];
                let merged = merge(source, &self.distrust, Sha256::default(), &|_| true);
                merged.map(|(_, report)| report).unwrap_or_default()
            }),
            Anchors::Merged { report, .. } => report,
        }
    }

    /// What completes a chain whose peer forgot to send it.
    pub(crate) fn intermediates(&self) -> &Intermediates {
        &self.intermediates
    }

    /// What is accepted as the certificate of a server.
    pub(crate) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The data on revoked end-entity certificates.
    pub(crate) fn crlite(&self) -> Option<&CrliteData> {
        match &self.anchors {
            Anchors::Bundle(..) => None,
            Anchors::Merged { report, .. } => report.crlite_data(),
        }
    }

    /// What no chain may contain.
    pub(crate) fn distrust(&self) -> &Distrust {
        &self.distrust
    }

    /// Whether the same chains are accepted.
    pub(crate) fn trusts_the_same(&self, other: &Self) -> bool {
        let digest = |set: &Self| set.crlite().map(CrliteData::digest);
        self.anchors() == other.anchors()
            && self.distrust == other.distrust
            && digest(self) == digest(other)
            && self.intermediates.are_the_same(&other.intermediates)
            && self.pins.are_the_same(&other.pins)
    }

    /// The sources with their numbers of roots, and whether the system's store is one of them.
    pub(crate) fn asked(&self) -> (String, bool) {
        match &self.anchors {
            // The text that `Origin` displays, without linking its path escaping.
            Anchors::Bundle(bundle, _) => {
                let (name, roots) = (bundle.name(), bundle.len());
                (with_count(format_args!("bundle {name}"), roots), false)
            }
            Anchors::Merged { report, .. } => (report.in_short(), report.system_was_asked()),
        }
    }

    /// Of the anchor with this number.
    fn certificate(&self, number: usize) -> RootCertificate {
        match &self.anchors {
            Anchors::Bundle(bundle, _) => RootCertificate::in_bundle(bundle, number),
            Anchors::Merged { certificates, .. } => {
                let certificate = certificates.get(number).cloned();
                certificate.unwrap_or(RootCertificate::Nowhere)
            }
        }
    }

    fn new(anchors: Anchors, distrust: Distrust, intermediates: Intermediates, pins: Pins) -> Self {
        Self {
            anchors,
            distrust,
            intermediates,
            pins,
            store: OnceLock::new(),
        }
    }

    /// The anchors with this subject, DER, the content of the SEQUENCE.
    #[inline(never)]
    pub(crate) fn of_subject(&self, name: &[u8]) -> &[Anchor] {
        let anchors = self.anchors();
        let start = anchors.partition_point(|anchor| subject(anchor) < name);
        let (_, rest) = anchors.split_at_checked(start).unwrap_or_default();
        let end = rest.partition_point(|anchor| subject(anchor) == name);
        rest.get(..end).unwrap_or_default()
    }
}

fn no_roots(report: &Report) -> Error {
    Error::no_roots(report.to_string().replace('\n', "; "))
}

fn has_distrust_date(anchor: &Anchor) -> bool {
    anchor.distrust_after().is_some()
}

/// DER, the content of the SEQUENCE.
fn subject(anchor: &Anchor) -> &[u8] {
    &anchor.trust_anchor().subject
}

/// Shows counts only, since a dump of keys is useless.
impl fmt::Debug for TrustSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let anchors = self.anchors();
        let with_date = anchors
            .iter()
            .filter(|anchor| has_distrust_date(anchor))
            .count();
        f.debug_struct("TrustSet")
            .field("anchors", &anchors.len())
            .field("with_distrust_date", &with_date)
            .finish_non_exhaustive()
    }
}
