//! What a scan has found, as JSON and for people.

use std::collections::BTreeSet;
use std::io::{self, Write};

use embedded_roots_bundle::emit::hex;
use embedded_roots_bundle::escape;
use serde::Serialize;

use super::found::Form;
use super::list_date::{ListDate, ListDates};
use super::location::Location;
use super::unpack::{Failure, KeyStore, Place, Scan};
use crate::history::{History, Standing};
use crate::output::{ERROR, GOOD, WARNING, counted, day};
use crate::root::short_name;

#[derive(Serialize)]
pub(super) struct Report<'a> {
    command: &'static str,
    history_as_of: &'a str,
    /// How many files and entries of archives were searched, and their bytes.
    searched: u64,
    bytes: u64,
    /// Those with roots.
    pub(super) places: Vec<RootsOfPlace<'a>>,
    pub(super) errors: &'a [Failure],
}

#[derive(Serialize)]
pub(super) struct RootsOfPlace<'a> {
    #[serde(flatten)]
    pub(super) location: &'a Location,
    key_store: Option<KeyStore>,
    list_date: Option<ListDate>,
    pub(super) roots: Vec<FoundRoot<'a>>,
    unknown: Vec<UnknownCa<'a>>,
}

#[derive(Serialize)]
pub(super) struct FoundRoot<'a> {
    pub(super) subject: &'a str,
    pub(super) sha256: String,
    spki_sha256: String,
    forms: &'a BTreeSet<Form>,
    /// If Mozilla has removed it, and no certificate of its key is in the list or in the bundle.
    pub(super) removed: Option<&'a Standing>,
}

/// A self-signed CA that Mozilla's list has not held since 2015.
#[derive(Serialize)]
struct UnknownCa<'a> {
    subject: &'a str,
    sha256: String,
    forms: &'a BTreeSet<Form>,
    not_after: String,
}

impl<'a> Report<'a> {
    pub(super) fn new(scan: &'a Scan<'_>, history: &'a History) -> Self {
        let dates = ListDates::new(history);
        let places = scan.places.iter();
        Self {
            command: "scan",
            history_as_of: &history.as_of,
            searched: scan.searched,
            bytes: scan.bytes,
            places: places
                .map(|place| of_place(place, history, &dates))
                .collect(),
            errors: &scan.failures,
        }
    }

    pub(super) fn has_removed(&self) -> bool {
        self.places
            .iter()
            .any(|place| place.removed().next().is_some())
    }

    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        for place in &self.places {
            place.show(out)?;
            writeln!(out)?;
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
        let style = match (self.errors, removed.is_empty()) {
            ([], true) => GOOD,
            ([], false) => WARNING,
            _ => ERROR,
        };
        let bytes = match self.bytes {
            0..10_000_000 => format!("{} kB", self.bytes.div_ceil(1_000)),
            _ => format!("{} MB", self.bytes / 1_000_000),
        };
        let files = format!("{}, {bytes}", counted(self.searched, "file"));
        let summary = [
            counted(self.places.len(), "place") + " with roots",
            format!("{} that Mozilla removed", counted(removed.len(), "root")),
            counted(self.errors.len(), "error"),
        ];
        writeln!(out, "{style}{}{style:#} ({files})", summary.join(", "))
    }
}

impl RootsOfPlace<'_> {
    pub(super) fn removed(&self) -> impl Iterator<Item = (&FoundRoot<'_>, &Standing)> {
        let roots = self.roots.iter();
        roots.filter_map(|root| root.removed.map(|standing| (root, standing)))
    }

    fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", escape(&self.location.shown))?;
        if !self.roots.is_empty() {
            let store = match self.key_store {
                Some(KeyStore::Jks) => " in a Java key store",
                Some(KeyStore::Pkcs12) => " in a PKCS#12 key store",
                None => "",
            };
            let count = counted(self.roots.len(), "known root");
            writeln!(out, "  {count}, {}{store}", self.forms())?;
        }
        if let Some(date) = &self.list_date {
            writeln!(out, "  {}", shown_date(date))?;
        }
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
            let name = short_name(root.subject);
            writeln!(out, "    {gone}  {name}")?;
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
            writeln!(
                out,
                "    {}  {}",
                unknown.not_after,
                short_name(unknown.subject)
            )?;
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

fn of_place<'a>(place: &'a Place<'_>, history: &'a History, dates: &ListDates) -> RootsOfPlace<'a> {
    let roots = place.found.roots.values();
    let unknown = place.found.unknown.values();
    RootsOfPlace {
        location: &place.location,
        key_store: place.key_store,
        list_date: dates.best(roots.clone().map(|found| found.root)),
        roots: roots
            .map(|found| FoundRoot {
                subject: found.root.certificate.subject(),
                sha256: hex(&found.root.certificate.sha256()),
                spki_sha256: hex(&found.root.certificate.spki_sha256()),
                forms: &found.forms,
                removed: history.removed(&found.root.certificate),
            })
            .collect(),
        unknown: unknown
            .map(|found| UnknownCa {
                subject: found.root.certificate.subject(),
                sha256: hex(&found.root.certificate.sha256()),
                forms: &found.forms,
                not_after: day(found.root.certificate.not_after()),
            })
            .collect(),
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
