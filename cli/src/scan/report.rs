//! What a scan has found, as JSON and for people.

use std::collections::BTreeSet;

use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::iso_day;
use serde::Serialize;

use crate::compromise::Compromise;
use crate::finder::contents::{Form, Trust};
use crate::finder::date::{ListDate, ListDates};
use crate::finder::findings::{Failure, Findings, KeyStore, Place, Unread};
use crate::finder::layers::Concealment;
use crate::finder::location::Location;
use crate::finder::marked::PrivateAnchor;
use crate::finder::pattern::Exclusions;
use crate::history::{History, Standing};
use crate::input::opened::Password;
use crate::root::short_name;
use crate::scan::exclude::Exclusion;

#[derive(Serialize)]
pub(super) struct ScanReport<'a> {
    pub(super) command: &'static str,
    pub(super) history_as_of: &'a str,
    /// How many files and entries of archives were searched, and their bytes.
    pub(super) searched: u64,
    pub(super) bytes: u64,
    /// Those with roots or compromised certificates.
    pub(super) places: Vec<RootsOfPlace<'a>>,
    /// Whether there were too many files in layers to tell which of them upper layers delete or replace.
    pub(super) layers_are_incomplete: bool,
    /// Those that were recognised, and not looked into.
    pub(super) unread: &'a [Unread],
    /// What was left out, as the user wants it.
    pub(super) excluded: Vec<Exclusion<'a>>,
    pub(super) errors: &'a [Failure],
}

#[derive(Serialize)]
pub(super) struct RootsOfPlace<'a> {
    #[serde(flatten)]
    pub(super) location: &'a Location,
    /// The layer for which the container of an image does not see it.
    pub(super) hidden_by: Option<Concealment>,
    /// Whether what is in it counts.
    #[serde(skip)]
    pub(super) counts: bool,
    pub(super) key_store: Option<KeyStore>,
    /// When the lists in it were Mozilla's.
    pub(super) list_dates: Vec<ListDate>,
    /// What opened a PKCS#12 that is encrypted.
    pub(super) opened_with: Option<Password>,
    /// Whether rustls' verifier refuses keys whose private keys are public; none if this is no program with
    /// that verifier and trust anchors.
    pub(super) refuses_public_keys: Option<bool>,
    pub(super) roots: Vec<FoundRoot<'a>>,
    pub(super) compromised: Vec<CompromisedCertificate<'a>>,
    pub(super) unknown: Vec<UnknownCa<'a>>,
    /// Private roots without certificates, as this project's build compiles them in.
    pub(super) anchors: Vec<PrivateAnchor>,
}

#[derive(Serialize)]
pub(super) struct FoundRoot<'a> {
    #[serde(skip)]
    pub(super) short_name: String,
    pub(super) subject: &'a str,
    pub(super) sha256: String,
    pub(super) spki_sha256: String,
    pub(super) forms: &'a BTreeSet<Form>,
    /// For what the place trusts it, where it says so.
    pub(super) trusted_for: Option<Trust>,
    /// Whether it is one of those that Mozilla's list has for e-mail alone, in a place that has others of them, and whose
    /// list is newer than the removal.
    pub(super) perhaps_for_email: bool,
    /// If Mozilla has removed it, and no certificate of its key is in the list or in the bundle.
    pub(super) removed: Option<&'a Standing>,
    /// If the private key of an intermediate below it is public, or its own.
    pub(super) compromised: Option<&'a Compromise>,
}

/// A certificate with a compromised key that is no known root.
#[derive(Serialize)]
pub(super) struct CompromisedCertificate<'a> {
    #[serde(skip)]
    pub(super) short_name: String,
    pub(super) subject: &'a str,
    pub(super) issuer: &'a str,
    pub(super) sha256: String,
    pub(super) spki_sha256: String,
    pub(super) forms: &'a BTreeSet<Form>,
    pub(super) not_after: String,
    pub(super) compromised: &'a Compromise,
}

/// A self-signed CA that Mozilla's list has not held since 2015.
#[derive(Serialize)]
pub(super) struct UnknownCa<'a> {
    #[serde(skip)]
    pub(super) short_name: String,
    pub(super) subject: &'a str,
    pub(super) sha256: String,
    #[serde(skip)]
    pub(super) spki_sha256: String,
    pub(super) forms: &'a BTreeSet<Form>,
    pub(super) not_after: String,
    /// For what the place trusts it, where it says so.
    pub(super) trusted_for: Option<Trust>,
    /// Whether Mozilla's list has it for e-mail.
    pub(super) for_email: bool,
    /// If it is one of the compromised certificates of the place, too.
    #[serde(skip)]
    compromised: Option<&'a Compromise>,
}

/// As many roots for e-mail alone are no accident: the place has Mozilla's whole list, or that for e-mail.
const EMAIL_LIST: usize = 3;

/// A root of a place, or a certificate with a compromised key.
#[derive(Clone, Copy)]
pub(super) struct PlaceCertificate<'a> {
    kind: CertificateKind,
    pub(super) short_name: &'a str,
    pub(super) subject: &'a str,
    /// Of its key, if nobody knows its certificate.
    pub(super) sha256: &'a str,
    pub(super) spki_sha256: &'a str,
    /// A root, and trusted for servers as far as the place says.
    pub(super) is_trusted: bool,
    /// None of an anchor, which is a key alone.
    forms: Option<&'a BTreeSet<Form>>,
    /// Whether it is known, and neither removed nor compromised, here or elsewhere.
    pub(super) is_good: bool,
    /// If Mozilla has removed it, and that counts here.
    pub(super) removed: Option<&'a Standing>,
    /// If it is compromised, and that counts here.
    pub(super) compromised: Option<&'a Compromise>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CertificateKind {
    /// Mozilla's list holds or has held it.
    KnownRoot,
    UnknownRoot,
    Other,
}

/// Of a program that does not hold the keys.
pub(super) const OLDER_VERIFIER: &str = "linked with a rustls-webpki before 0.103.16, which accepts keys whose private keys are public (CVE-2026-111943)";

impl<'a> ScanReport<'a> {
    /// If `effective`, only what the containers of images see counts.
    pub(super) fn new(
        scan: &'a Findings<'_>,
        exclusions: &'a Exclusions,
        history: &'a History,
        effective: bool,
    ) -> Self {
        let dates = ListDates::new(history);
        let places = scan.places.iter();
        let of_place = |place: &'a Place<'_>| {
            let hidden_by = scan.layers.hidden_by(&place.location);
            let counts = !(effective && hidden_by.is_some());
            RootsOfPlace::from_place(place, history, &dates, hidden_by, counts)
        };
        Self {
            command: "scan",
            history_as_of: &history.as_of,
            searched: scan.searched,
            bytes: scan.bytes,
            places: places.map(of_place).collect(),
            layers_are_incomplete: scan.layers.is_incomplete(),
            unread: &scan.unread,
            excluded: Exclusion::all(exclusions),
            errors: &scan.failures,
        }
    }
}

impl<'a> RootsOfPlace<'a> {
    fn from_place(
        place: &'a Place<'_>,
        history: &'a History,
        dates: &ListDates<'_>,
        hidden_by: Option<Concealment>,
        counts: bool,
    ) -> Self {
        let roots = place.found.roots.values();
        let unknown = place.found.unknown.values();
        let compromised = place.found.compromised.values();
        let trusted_for =
            |certificate: &Certificate| place.found.trusted_for(&certificate.sha256());
        let list_dates = dates.of_place(&place.found);
        let never_for_servers = place.found.unknown.keys();
        let never_for_servers = never_for_servers.filter(|root| history.is_not_for_servers(root));
        let has_email = place.found.trust.is_some() || never_for_servers.count() >= EMAIL_LIST;
        let is_perhaps_for_email = |certificate: &Certificate| {
            let gone = history
                .removed(certificate)
                .and_then(|standing| standing.gone.as_ref());
            let is_older = |date: &ListDate| gone.is_some_and(|gone| *gone > date.from);
            has_email
                && gone.is_some()
                && trusted_for(certificate).is_none()
                && history.is_not_for_servers(&certificate.sha256())
                && !list_dates.iter().any(is_older)
        };
        Self {
            location: &place.location,
            hidden_by,
            counts,
            key_store: place.key_store,
            opened_with: place.password,
            refuses_public_keys: place.found.refuses_public_keys(),
            roots: roots
                .map(|found| FoundRoot {
                    short_name: short_name(&found.root.der),
                    subject: found.root.certificate.subject(),
                    sha256: hex(&found.root.certificate.sha256()),
                    spki_sha256: hex(&found.root.certificate.spki_sha256()),
                    forms: &found.forms,
                    trusted_for: trusted_for(&found.root.certificate),
                    perhaps_for_email: is_perhaps_for_email(&found.root.certificate),
                    removed: history.removed(&found.root.certificate),
                    compromised: history.compromise(&found.root.certificate),
                })
                .collect(),
            compromised: compromised
                .filter_map(|found| {
                    let certificate = &found.root.certificate;
                    Some(CompromisedCertificate {
                        short_name: short_name(&found.root.der),
                        subject: certificate.subject(),
                        issuer: certificate.issuer(),
                        sha256: hex(&certificate.sha256()),
                        spki_sha256: hex(&certificate.spki_sha256()),
                        forms: &found.forms,
                        not_after: iso_day(certificate.not_after()),
                        compromised: history.compromise(certificate)?,
                    })
                })
                .collect(),
            unknown: unknown
                .map(|found| UnknownCa {
                    short_name: short_name(&found.root.der),
                    subject: found.root.certificate.subject(),
                    sha256: hex(&found.root.certificate.sha256()),
                    spki_sha256: hex(&found.root.certificate.spki_sha256()),
                    forms: &found.forms,
                    not_after: iso_day(found.root.certificate.not_after()),
                    trusted_for: trusted_for(&found.root.certificate),
                    for_email: history.is_not_for_servers(&found.root.certificate.sha256()),
                    compromised: place
                        .found
                        .compromised
                        .get(&found.root.certificate.sha256())
                        .and_then(|found| history.compromise(&found.root.certificate)),
                })
                .collect(),
            anchors: place
                .found
                .anchors
                .values()
                .map(PrivateAnchor::from)
                .collect(),
            list_dates,
        }
    }
}

impl RootsOfPlace<'_> {
    /// Why the container of an image does not see it, not escaped.
    pub(super) fn hidden(&self) -> Option<String> {
        let Concealment { layer, how } = self.hidden_by.as_ref()?;
        Some(format!("not in the container: {} by {layer}", how.as_str()))
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = PlaceCertificate<'_>> {
        let roots = self.roots.iter().map(|root| {
            let counts = self.counts && root.is_for_servers();
            PlaceCertificate {
                kind: CertificateKind::KnownRoot,
                short_name: &root.short_name,
                subject: root.subject,
                sha256: &root.sha256,
                spki_sha256: &root.spki_sha256,
                is_trusted: root.is_for_servers(),
                forms: Some(root.forms),
                is_good: root.removed.is_none() && root.compromised.is_none(),
                // To be compromised is worse.
                removed: root
                    .removed
                    .filter(|_| counts && root.compromised.is_none()),
                compromised: root.compromised.filter(|_| counts),
            }
        });
        let unknown = self.unknown.iter().map(|unknown| PlaceCertificate {
            kind: CertificateKind::UnknownRoot,
            short_name: &unknown.short_name,
            subject: unknown.subject,
            sha256: &unknown.sha256,
            spki_sha256: &unknown.spki_sha256,
            is_trusted: unknown.trusted_for.is_none_or(|trust| trust.servers),
            forms: Some(unknown.forms),
            is_good: false,
            removed: None,
            compromised: unknown.compromised.filter(|_| self.counts),
        });
        let others = self.compromised.iter().map(|other| PlaceCertificate {
            kind: CertificateKind::Other,
            short_name: &other.short_name,
            subject: other.subject,
            sha256: &other.sha256,
            spki_sha256: &other.spki_sha256,
            is_trusted: false,
            forms: Some(other.forms),
            is_good: false,
            removed: None,
            compromised: Some(other.compromised).filter(|_| self.counts),
        });
        let anchors = self.anchors.iter().map(|anchor| PlaceCertificate {
            kind: CertificateKind::UnknownRoot,
            short_name: &anchor.short_name,
            subject: &anchor.subject,
            sha256: &anchor.spki_sha256,
            spki_sha256: &anchor.spki_sha256,
            is_trusted: true,
            forms: None,
            is_good: false,
            removed: None,
            compromised: None,
        });
        roots.chain(unknown).chain(anchors).chain(others)
    }

    /// Each once: an unknown root is among the other certificates, too.
    pub(super) fn compromised(&self) -> impl Iterator<Item = (PlaceCertificate<'_>, &Compromise)> {
        let certificates = self.certificates();
        let certificates = certificates.filter(|one| one.kind != CertificateKind::UnknownRoot);
        certificates.filter_map(|one| Some((one, one.compromised?)))
    }

    pub(super) fn removed(&self) -> impl Iterator<Item = (PlaceCertificate<'_>, &Standing)> {
        self.certificates()
            .filter_map(|one| Some((one, one.removed?)))
    }
}

impl PlaceCertificate<'_> {
    /// Whether Mozilla's list holds or has held it.
    pub(super) fn is_known(&self) -> bool {
        self.kind == CertificateKind::KnownRoot
    }

    /// What it is if it is compromised.
    pub(super) fn what(&self) -> &'static str {
        if self.is_known() {
            "root"
        } else {
            "certificate"
        }
    }

    pub(super) fn shown_forms(&self) -> String {
        let Some(forms) = self.forms else {
            return form_name(Form::Key).to_owned();
        };
        let names: Vec<&str> = forms.iter().map(|form| form_name(*form)).collect();
        names.join(", ")
    }
}

impl FoundRoot<'_> {
    /// As far as the place says, or looks like.
    pub(super) fn is_for_servers(&self) -> bool {
        self.trusted_for.is_none_or(|trust| trust.servers) && !self.perhaps_for_email
    }
}

pub(super) fn form_name(form: Form) -> &'static str {
    match form {
        Form::Key => "keys alone",
        Form::Der => "DER",
        Form::Pem => "PEM",
    }
}

pub(super) fn shown_date(date: &ListDate) -> String {
    let ListDate {
        from,
        until,
        extra,
        missing,
        ..
    } = date;
    let until = until.as_ref();
    let until = until.map_or("and later".to_owned(), |day| format!("until {day}"));
    let differences = match (extra, missing) {
        (0, 0) => String::new(),
        (extra, 0) => format!(", with {extra} more"),
        (0, missing) => format!(", with {missing} missing"),
        (extra, missing) => format!(", with {extra} more and {missing} missing"),
    };
    let like = if date.is_far {
        "nearest to"
    } else {
        "most like"
    };
    // Of lists before 2015, no more is known.
    let older = if date.is_oldest { ", or older" } else { "" };
    format!("{like} Mozilla's list from {from} {until}{older}{differences}")
}
