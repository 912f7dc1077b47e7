//! A report for people.

use std::collections::BTreeSet;
use std::io::{self, Write};

use embedded_roots_bundle::{counted, escape};

use crate::finder::contents::Form;
use crate::finder::findings::KeyStore;
use crate::output::{ERROR, GOOD, WARNING};
use crate::scan::finding::FindingKind;
use crate::scan::findings::ListedFindings;
use crate::scan::report::{OLDER_VERIFIER, RootsOfPlace, ScanReport, form_name, shown_date};

impl ScanReport<'_> {
    pub(super) fn show(
        &self,
        findings: &ListedFindings<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for place in &self.places {
            place.show(out)?;
            writeln!(out)?;
        }
        if self.layers_are_incomplete {
            writeln!(
                out,
                "{WARNING}too many files in layers{WARNING:#}: what upper layers delete or replace is not reported"
            )?;
        }
        for unread in self.unread {
            let unread = escape(&unread.to_string());
            writeln!(out, "{WARNING}not looked into:{WARNING:#} {unread}")?;
        }
        for failure in self.errors {
            let failure = escape(&failure.to_string());
            writeln!(out, "{ERROR}error:{ERROR:#} {failure}")?;
        }
        findings.show(out)?;
        let removed: BTreeSet<&str> = self
            .places
            .iter()
            .flat_map(RootsOfPlace::removed)
            .map(|(root, _)| root.sha256)
            .collect();
        let places = self.places.iter();
        let compromised: BTreeSet<&str> = places
            .flat_map(RootsOfPlace::compromised)
            .map(|(one, _)| one.sha256)
            .collect();
        let fails_policy =
            findings.has_new(FindingKind::Forbidden) || findings.has_new(FindingKind::Missing);
        let style = if !self.errors.is_empty() || !compromised.is_empty() || fails_policy {
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
        let has_roots = |place: &RootsOfPlace<'_>| {
            !(place.roots.is_empty() && place.unknown.is_empty() && place.anchors.is_empty())
        };
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
        summary.extend(findings.counts());
        if !self.unread.is_empty() {
            summary.push(format!("{} not looked into", self.unread.len()));
        }
        if !self.excluded.is_empty() {
            let excluded = self.excluded.iter().map(|exclusion| exclusion.places);
            summary.push(format!("{} excluded", excluded.sum::<u64>()));
        }
        summary.push(counted(self.errors.len(), "error"));
        writeln!(out, "{style}{}{style:#} ({files})", summary.join(", "))
    }
}

impl RootsOfPlace<'_> {
    fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", escape(&self.location.shown))?;
        if let Some(hidden) = self.hidden() {
            writeln!(out, "  {}", escape(&hidden))?;
        }
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
        for date in &self.list_dates {
            let which = match date.form.filter(|_| self.list_dates.len() > 1) {
                Some(form) => format!("{} as {}: ", date.roots, form_name(form)),
                None => String::new(),
            };
            writeln!(out, "  {which}{}", shown_date(date))?;
        }
        if let Some(password) = self.opened_with {
            writeln!(out, "  opened with {}", password.shown())?;
        }
        if self.refuses_public_keys == Some(false) {
            writeln!(out, "  {WARNING}{OLDER_VERIFIER}{WARNING:#}")?;
        }
        self.show_compromised(out)?;
        self.show_email(out)?;
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
        let of_email = self.unknown.iter().filter(|unknown| unknown.for_email);
        let of_list = "of Mozilla's list for e-mail";
        heading(out, of_email.count(), "self-signed CA", of_list)?;
        let other = self.unknown.iter().filter(|unknown| !unknown.for_email);
        let other: Vec<_> = other.collect();
        let compiled_in = "that embedded-roots compiled in:";
        heading(out, self.anchors.len(), "private root", compiled_in)?;
        for anchor in &self.anchors {
            writeln!(out, "    {}", anchor.short_name)?;
        }
        if !other.is_empty() {
            let count = counted(other.len(), "other self-signed CA");
            writeln!(out, "  {count}, valid until:")?;
        }
        for unknown in other {
            writeln!(out, "    {}  {}", unknown.not_after, unknown.short_name)?;
        }
        Ok(())
    }

    /// Those that would be findings if they were for servers.
    fn show_email(&self, out: &mut dyn Write) -> io::Result<()> {
        let email = self.roots.iter().filter(|root| {
            let is_finding = root.removed.is_some() || root.compromised.is_some();
            is_finding && !root.is_for_servers()
        });
        let (perhaps, said): (Vec<_>, Vec<_>) = email.partition(|root| root.perhaps_for_email);
        let not_here = "not trusted for servers here, and not counted";
        heading(out, said.len(), "known root", not_here)?;
        let as_others = "in Mozilla's list for e-mail, like others here, and not counted";
        heading(out, perhaps.len(), "known root", as_others)
    }

    fn show_compromised(&self, out: &mut dyn Write) -> io::Result<()> {
        for what in ["root", "certificate"] {
            let of_kind = self.compromised().filter(|(one, _)| one.what() == what);
            let mut findings: Vec<_> = of_kind.collect();
            if findings.is_empty() {
                continue;
            }
            findings.sort_by_key(|(one, _)| one.subject);
            let count = counted(findings.len(), &format!("compromised {what}"));
            writeln!(out, "  {ERROR}{count}{ERROR:#}, since:")?;
            for (one, compromise) in findings {
                writeln!(out, "    {}  {}", compromise.since, one.short_name)?;
                writeln!(out, "                {}", compromise.reason)?;
                writeln!(out, "                {}", compromise.ids())?;
            }
        }
        Ok(())
    }

    /// `140 as PEM, 4 as DER`, or the form alone if all have the same.
    fn forms(&self) -> String {
        let mut shown = Vec::new();
        for form in [Form::Key, Form::Der, Form::Pem] {
            let name = form_name(form);
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

/// A line about so many, if there are some.
fn heading(out: &mut dyn Write, count: usize, what: &str, about: &str) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    writeln!(out, "  {} {about}", counted(count, what))
}
