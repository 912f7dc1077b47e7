//! What a scan has found, as JSON and for people.

use std::collections::BTreeSet;
use std::io::{self, Write};

use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::{counted, escape, iso_day};
use serde::Serialize;

use crate::compromise::Compromise;
use crate::finder::contents::Form;
use crate::finder::date::{ListDate, ListDates};
use crate::finder::location::Location;
use crate::finder::unpack::{Failure, KeyStore, Place, Scan, Unread};
use crate::history::{History, Standing};
use crate::input::opened::Password;
use crate::output::{ERROR, GOOD, WARNING};
use crate::root::short_name;

#[derive(Serialize)]
pub(super) struct ScanReport<'a> {
    command: &'static str,
    history_as_of: &'a str,
    /// How many files and entries of archives were searched, and their bytes.
    searched: u64,
    bytes: u64,
    /// Those with roots or compromised certificates.
    pub(super) places: Vec<RootsOfPlace<'a>>,
    /// Those that were recognised, and not looked into.
    pub(super) unread: &'a [Unread],
    pub(super) errors: &'a [Failure],
}

#[derive(Serialize)]
pub(super) struct RootsOfPlace<'a> {
    #[serde(flatten)]
    pub(super) location: &'a Location,
    key_store: Option<KeyStore>,
    /// What opened a PKCS#12 that is encrypted.
    opened_with: Option<Password>,
    list_date: Option<ListDate>,
    /// Whether rustls' verifier refuses keys whose private keys are public; none if this is no program with
    /// that verifier and trust anchors.
    pub(super) refuses_public_keys: Option<bool>,
    pub(super) roots: Vec<FoundRoot<'a>>,
    compromised: Vec<CompromisedCertificate<'a>>,
    unknown: Vec<UnknownCa<'a>>,
}

#[derive(Serialize)]
pub(super) struct FoundRoot<'a> {
    #[serde(skip)]
    short_name: String,
    pub(super) subject: &'a str,
    pub(super) sha256: String,
    spki_sha256: String,
    forms: &'a BTreeSet<Form>,
    /// If Mozilla has removed it, and no certificate of its key is in the list or in the bundle.
    pub(super) removed: Option<&'a Standing>,
    /// If the private key of an intermediate below it is public, or its own.
    compromised: Option<&'a Compromise>,
}

/// A certificate with a compromised key that is no known root.
#[derive(Serialize)]
struct CompromisedCertificate<'a> {
    #[serde(skip)]
    short_name: String,
    subject: &'a str,
    issuer: &'a str,
    sha256: String,
    spki_sha256: String,
    forms: &'a BTreeSet<Form>,
    not_after: String,
    compromised: &'a Compromise,
}

/// What is compromised: a root or another certificate.
#[derive(Clone, Copy)]
pub(super) struct Finding<'a> {
    pub(super) what: &'static str,
    short_name: &'a str,
    pub(super) subject: &'a str,
    pub(super) sha256: &'a str,
    pub(super) compromise: &'a Compromise,
}

/// A self-signed CA that Mozilla's list has not held since 2015.
#[derive(Serialize)]
struct UnknownCa<'a> {
    #[serde(skip)]
    short_name: String,
    subject: &'a str,
    sha256: String,
    forms: &'a BTreeSet<Form>,
    not_after: String,
}

/// Of a program that does not hold the keys.
pub(super) const OLDER_VERIFIER: &str = "linked with a rustls-webpki before 0.103.16, which accepts keys that are public (CVE-2026-111943)";

impl<'a> ScanReport<'a> {
    pub(super) fn new(scan: &'a Scan<'_>, history: &'a History) -> Self {
        let dates = ListDates::new(history);
        let places = scan.places.iter();
        Self {
            command: "scan",
            history_as_of: &history.as_of,
            searched: scan.searched,
            bytes: scan.bytes,
            places: places
                .map(|place| RootsOfPlace::from_place(place, history, &dates))
                .collect(),
            unread: &scan.unread,
            errors: &scan.failures,
        }
    }

    pub(super) fn has_removed(&self) -> bool {
        self.places
            .iter()
            .any(|place| place.removed().next().is_some())
    }

    pub(super) fn has_compromised(&self) -> bool {
        let mut places = self.places.iter();
        places.any(|place| place.compromised().next().is_some())
    }

    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        for place in &self.places {
            place.show(out)?;
            writeln!(out)?;
        }
        for Unread { location, form } in self.unread {
            writeln!(
                out,
                "{WARNING}not looked into:{WARNING:#} {} ({})",
                escape(&location.shown),
                escape(form)
            )?;
        }
        for Failure { location, error } in self.errors {
            writeln!(
                out,
                "{ERROR}error:{ERROR:#} {}: {}",
                escape(&location.shown),
                escape(error)
            )?;
        }
        let removed: BTreeSet<&str> = self
            .places
            .iter()
            .flat_map(RootsOfPlace::removed)
            .map(|(root, _)| root.sha256.as_str())
            .collect();
        let places = self.places.iter();
        let compromised: BTreeSet<&str> = places
            .flat_map(RootsOfPlace::compromised)
            .map(|finding| finding.sha256)
            .collect();
        let style = if !self.errors.is_empty() || !compromised.is_empty() {
            ERROR
        } else if removed.is_empty() && self.unread.is_empty() {
            GOOD
        } else {
            WARNING
        };
        let bytes = match self.bytes {
            0..10_000_000 => format!("{} kB", self.bytes.div_ceil(1_000)),
            _ => format!("{} MB", self.bytes / 1_000_000),
        };
        let files = format!("{}, {bytes}", counted(self.searched, "file"));
        let has_roots =
            |place: &RootsOfPlace<'_>| !place.roots.is_empty() || !place.unknown.is_empty();
        let what = if self.places.iter().all(has_roots) {
            "roots"
        } else {
            "roots or compromised certificates"
        };
        let mut summary = vec![format!(
            "{} with {what}",
            counted(self.places.len(), "place")
        )];
        let removed = if compromised.is_empty() {
            counted(removed.len(), "root")
        } else {
            summary.push(format!("{} compromised", compromised.len()));
            counted(removed.len(), "other root")
        };
        summary.push(format!("{removed} that Mozilla removed"));
        if !self.unread.is_empty() {
            summary.push(format!("{} not looked into", self.unread.len()));
        }
        summary.push(counted(self.errors.len(), "error"));
        writeln!(out, "{style}{}{style:#} ({files})", summary.join(", "))
    }
}

impl<'a> RootsOfPlace<'a> {
    fn from_place(place: &'a Place<'_>, history: &'a History, dates: &ListDates) -> Self {
        let roots = place.found.roots.values();
        let unknown = place.found.unknown.values();
        let compromised = place.found.compromised.values();
        Self {
            location: &place.location,
            key_store: place.key_store,
            opened_with: place.password,
            list_date: dates.best(roots.clone().map(|found| found.root)),
            refuses_public_keys: place.found.refuses_public_keys(),
            roots: roots
                .map(|found| FoundRoot {
                    short_name: short_name(&found.root.der),
                    subject: found.root.certificate.subject(),
                    sha256: hex(&found.root.certificate.sha256()),
                    spki_sha256: hex(&found.root.certificate.spki_sha256()),
                    forms: &found.forms,
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
                    forms: &found.forms,
                    not_after: iso_day(found.root.certificate.not_after()),
                })
                .collect(),
        }
    }
}

impl RootsOfPlace<'_> {
    pub(super) fn compromised(&self) -> impl Iterator<Item = Finding<'_>> {
        let roots = self.roots.iter().filter_map(|root| {
            Some(Finding {
                what: "root",
                short_name: &root.short_name,
                subject: root.subject,
                sha256: &root.sha256,
                compromise: root.compromised?,
            })
        });
        let certificates = self.compromised.iter().map(|certificate| Finding {
            what: "certificate",
            short_name: &certificate.short_name,
            subject: certificate.subject,
            sha256: &certificate.sha256,
            compromise: certificate.compromised,
        });
        roots.chain(certificates)
    }

    /// Those that are not compromised, which is worse.
    pub(super) fn removed(&self) -> impl Iterator<Item = (&FoundRoot<'_>, &Standing)> {
        let roots = self.roots.iter().filter(|root| root.compromised.is_none());
        roots.filter_map(|root| root.removed.map(|standing| (root, standing)))
    }

    fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", escape(&self.location.shown))?;
        if !self.roots.is_empty() {
            let store = match self.key_store {
                Some(KeyStore::Jks) => " in a Java key store",
                Some(KeyStore::Jceks) => " in a Java key store (JCEKS)",
                Some(KeyStore::Pkcs12) => " in a PKCS#12 key store",
                None => "",
            };
            let count = counted(self.roots.len(), "known root");
            writeln!(out, "  {count}, {}{store}", self.forms())?;
        }
        if let Some(password) = self.opened_with {
            writeln!(out, "  opened with {}", password.shown())?;
        }
        if let Some(date) = &self.list_date {
            writeln!(out, "  {}", shown_date(date))?;
        }
        if self.refuses_public_keys == Some(false) {
            writeln!(out, "  {WARNING}{OLDER_VERIFIER}{WARNING:#}")?;
        }
        self.show_compromised(out)?;
        let mut removed: Vec<_> = self.removed().collect();
        removed.sort_by_key(|(root, standing)| (&standing.gone, root.subject));
        if !removed.is_empty() {
            let count = counted(removed.len(), "root");
            writeln!(
                out,
                "  {WARNING}{count} removed by Mozilla{WARNING:#}, before:"
            )?;
        }
        for (root, standing) in removed {
            let gone = standing.gone.as_deref().unwrap_or_default();
            writeln!(out, "    {gone}  {}", root.short_name)?;
            // Below the name, since many lines would be wider than a terminal.
            if let Some(reason) = &standing.reason {
                writeln!(out, "                {}", reason.reason)?;
            }
        }
        if !self.unknown.is_empty() {
            let count = counted(self.unknown.len(), "other self-signed CA");
            writeln!(out, "  {count}, valid until:")?;
        }
        for unknown in &self.unknown {
            writeln!(out, "    {}  {}", unknown.not_after, unknown.short_name)?;
        }
        Ok(())
    }

    fn show_compromised(&self, out: &mut dyn Write) -> io::Result<()> {
        for what in ["root", "certificate"] {
            let of_kind = self.compromised().filter(|finding| finding.what == what);
            let mut findings: Vec<_> = of_kind.collect();
            if findings.is_empty() {
                continue;
            }
            findings.sort_by_key(|finding| finding.subject);
            let count = counted(findings.len(), &format!("compromised {what}"));
            writeln!(out, "  {ERROR}{count}{ERROR:#}, since:")?;
            for Finding {
                short_name,
                compromise,
                ..
            } in findings
            {
                writeln!(out, "    {}  {}", compromise.since, short_name)?;
                writeln!(out, "                {}", compromise.reason)?;
                writeln!(out, "                {}", compromise.ids())?;
            }
        }
        Ok(())
    }

    /// `140 as PEM, 4 as DER`, or the form alone if all have the same.
    fn forms(&self) -> String {
        let mut shown = Vec::new();
        for (form, name) in [
            (Form::Key, "keys alone"),
            (Form::Der, "DER"),
            (Form::Pem, "PEM"),
        ] {
            let count = self
                .roots
                .iter()
                .filter(|root| root.forms.contains(&form))
                .count();
            if count == self.roots.len() {
                shown.push(name.to_owned());
            } else if count > 0 {
                shown.push(format!("{count} of them {name}"));
            }
        }
        shown.join(", ")
    }
}

fn shown_date(date: &ListDate) -> String {
    let ListDate {
        from,
        until,
        extra,
        missing,
    } = date;
    let until = until.as_ref();
    let until = until.map_or("and later".to_owned(), |day| format!("until {day}"));
    let differences = match (extra, missing) {
        (0, 0) => String::new(),
        (extra, 0) => format!(", with {extra} more"),
        (0, missing) => format!(", with {missing} missing"),
        (extra, missing) => format!(", with {extra} more and {missing} missing"),
    };
    format!("most like Mozilla's list from {from} {until}{differences}")
}
