//! What is wrong with what was found, by Mozilla's list and by a policy, and what of it is new.

use std::collections::HashMap;
use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

use embedded_roots_bundle::escape;
use rustls_pki_types::UnixTime;
use serde::Serialize;

use crate::finder::location::Location;
use crate::finder::pattern::path_of;
use crate::history::History;
use crate::outcome::Result;
use crate::output::{ERROR, WARNING};
use crate::scan::baseline::Baseline;
use crate::scan::finding::{FindingKind, id};
use crate::scan::policy::{Action, Entry, Policy, RequiredRoot};
use crate::scan::report::{RootsOfPlace, ScanReport};

/// Serialised as a part of the report.
#[derive(Serialize)]
pub(super) struct ListedFindings<'a> {
    findings: Vec<ListedFinding<'a>>,
    /// About the policy.
    pub(super) warnings: Vec<String>,
    #[serde(skip)]
    by_id: HashMap<String, usize>,
    #[serde(skip)]
    base: PathBuf,
    /// Whether findings are compared with those of an earlier report.
    #[serde(skip)]
    pub(super) has_baseline: bool,
}

#[derive(Serialize)]
pub(super) struct ListedFinding<'a> {
    /// Of the kind, the place and the root: the same in the next report.
    pub(super) id: String,
    pub(super) kind: FindingKind,
    pub(super) state: State,
    /// None if a root is in no place where it has to be.
    #[serde(flatten)]
    pub(super) location: Option<&'a Location>,
    subject: Option<String>,
    sha256: Option<String>,
    /// Why the policy forbids or requires it.
    reason: Option<String>,
    pub(super) allowed: Option<Exception>,
    #[serde(skip)]
    pub(super) is_in_baseline: bool,
    #[serde(skip)]
    shown: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    New,
    /// It is in the baseline.
    Unchanged,
    /// By the policy.
    Allowed,
}

/// Why a finding does not count, and for how long.
#[derive(Clone, Serialize)]
pub(super) struct Exception {
    pub(super) until: String,
    pub(super) reason: String,
}

impl<'a> ListedFindings<'a> {
    pub(super) fn new(
        report: &'a ScanReport<'_>,
        policy: Option<&Policy>,
        baseline: Option<&Baseline>,
        history: &History,
        now: UnixTime,
    ) -> Result<Self> {
        let mut listed = Self {
            findings: Vec::new(),
            warnings: Vec::new(),
            by_id: HashMap::new(),
            base: env::current_dir()?,
            has_baseline: baseline.is_some(),
        };
        let entries = policy.map(|policy| policy.entries.as_slice());
        let entries = entries.unwrap_or_default();
        let mut has_matched = vec![false; entries.len()];
        for place in report.places.iter().filter(|place| place.counts) {
            listed.add_place(place, entries, &mut has_matched, now);
        }
        for entry in entries {
            if entry.action == Action::Require {
                listed.add_missing(report, entry);
            }
        }
        for finding in &mut listed.findings {
            finding.is_in_baseline = baseline.is_some_and(|baseline| baseline.has(&finding.id));
            if finding.state == State::New && finding.is_in_baseline {
                finding.state = State::Unchanged;
            }
        }
        let ids = listed.findings.iter().map(|finding| finding.id.clone());
        listed.by_id = ids.zip(0..).collect();
        if let Some(policy) = policy {
            let has_matched = has_matched.into_iter();
            for (entry, has_matched) in policy.entries.iter().zip(has_matched) {
                let warning = warning(entry, has_matched, history, now);
                let at = format!("{}, line {}", policy.file, entry.line);
                let warning = warning.map(|warning| format!("{at}: {warning}"));
                listed.warnings.extend(warning);
            }
        }
        Ok(listed)
    }

    /// How many findings of a kind are in a state.
    pub(super) fn count(&self, kind: FindingKind, state: State) -> usize {
        let findings = self.findings.iter();
        let of_kind = findings.filter(|finding| finding.kind == kind && finding.state == state);
        of_kind.count()
    }

    pub(super) fn has_new(&self, kind: FindingKind) -> bool {
        self.count(kind, State::New) > 0
    }

    /// The finding about a root in a place.
    pub(super) fn of(
        &self,
        kind: FindingKind,
        place: &Location,
        sha256: &str,
    ) -> Option<&ListedFinding<'a>> {
        let id = id(kind, &path_of(place, &self.base), sha256);
        self.findings.get(*self.by_id.get(&id)?)
    }

    /// Those that come from a policy.
    pub(super) fn of_policy(&self) -> impl Iterator<Item = &ListedFinding<'a>> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.kind.is_of_policy())
    }

    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in &self.findings {
            let place = finding.shown_place();
            let ListedFinding {
                kind, state, shown, ..
            } = finding;
            match (state, &finding.allowed) {
                (State::Allowed, Some(Exception { until, reason })) => {
                    let (kind, reason) = (kind.name(), escape(reason));
                    writeln!(
                        out,
                        "allowed until {until}: {place}{shown} ({kind}): {reason}"
                    )?;
                }
                (State::New, _) if kind.is_of_policy() => {
                    let name = kind.name();
                    let why = finding.why();
                    writeln!(out, "{ERROR}{name}:{ERROR:#} {place}{shown}{why}")?;
                }
                // Each is below its place, or was told before.
                _ => {}
            }
        }
        for warning in &self.warnings {
            writeln!(out, "{WARNING}warning:{WARNING:#} {warning}")?;
        }
        Ok(())
    }

    pub(super) fn in_state(&self, state: State) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.state == state).count()
    }

    /// For the summary.
    pub(super) fn counts(&self) -> Vec<String> {
        let counts = [
            (self.count(FindingKind::Forbidden, State::New), "forbidden"),
            (self.count(FindingKind::Missing, State::New), "missing"),
            (self.in_state(State::Allowed), "allowed"),
            (self.in_state(State::Unchanged), "in the baseline"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        counts
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }

    fn add_place(
        &mut self,
        place: &'a RootsOfPlace<'_>,
        entries: &[Entry],
        has_matched: &mut [bool],
        now: UnixTime,
    ) {
        for certificate in place.certificates() {
            let about: Vec<&Entry> = entries
                .iter()
                .zip(&mut *has_matched)
                .filter(|(entry, _)| entry.is_about(place.location, &certificate))
                .map(|(entry, has_matched)| {
                    *has_matched = true;
                    entry
                })
                .collect();
            let exception = about.iter().find_map(|entry| entry.exception(now));
            let forbidding = about.iter().find(|entry| entry.action == Action::Forbid);
            let is_allowed = about
                .iter()
                .any(|entry| entry.action == Action::Allow { until: None });
            let kinds = [
                (FindingKind::Compromised, certificate.compromised.is_some()),
                (FindingKind::Removed, certificate.removed.is_some()),
                (
                    FindingKind::Forbidden,
                    certificate.is_trusted && forbidding.is_some() && !is_allowed,
                ),
            ];
            for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
                let forbidding = forbidding.filter(|_| kind == FindingKind::Forbidden);
                let path = path_of(place.location, &self.base);
                self.findings.push(ListedFinding {
                    id: id(kind, &path, certificate.sha256),
                    kind,
                    state: if exception.is_some() {
                        State::Allowed
                    } else {
                        State::New
                    },
                    location: Some(place.location),
                    subject: Some(certificate.subject.to_owned()),
                    sha256: Some(certificate.sha256.to_owned()),
                    reason: forbidding.and_then(|entry| entry.reason.clone()),
                    allowed: exception.clone(),
                    is_in_baseline: false,
                    shown: certificate.short_name.to_owned(),
                });
            }
        }
    }

    /// The roots that an entry requires: in each of its places, or, if it names none, anywhere.
    fn add_missing(&mut self, report: &'a ScanReport<'_>, entry: &Entry) {
        let places = report.places.iter();
        let places: Vec<_> = places
            .filter(|place| place.counts && entry.is_of_place(place.location))
            .collect();
        for root in entry.required() {
            let has = |place: &&&RootsOfPlace<'_>| {
                let mut certificates = place.certificates();
                certificates.any(|certificate| certificate.is_trusted && root.is(&certificate))
            };
            if entry.place().is_none() || places.is_empty() {
                if !places.iter().any(|place| has(&place)) {
                    self.findings.push(self.missing(None, entry, &root));
                }
                continue;
            }
            for place in places.iter().filter(|place| !has(place)) {
                self.findings
                    .push(self.missing(Some(place.location), entry, &root));
            }
        }
    }

    fn missing(
        &self,
        location: Option<&'a Location>,
        entry: &Entry,
        root: &RequiredRoot<'_>,
    ) -> ListedFinding<'a> {
        let path = location.map(|location| path_of(location, &self.base));
        let path = path.or_else(|| entry.place().map(str::to_owned));
        let digest = root.sha256.as_deref();
        let name = root.subject.or(digest).unwrap_or_default();
        let shown = match (location, entry.place()) {
            (None, Some(place)) => format!("{name} (no place with roots matches {place})"),
            _ => name.to_owned(),
        };
        ListedFinding {
            id: id(
                FindingKind::Missing,
                &path.unwrap_or_default(),
                digest.unwrap_or(name),
            ),
            kind: FindingKind::Missing,
            state: State::New,
            location,
            subject: root.subject.map(str::to_owned),
            sha256: root.sha256.clone(),
            reason: entry.reason.clone(),
            allowed: None,
            is_in_baseline: false,
            shown: escape(&shown),
        }
    }
}

impl ListedFinding<'_> {
    /// For people, on one line.
    pub(super) fn text(&self) -> String {
        let place = self.shown_place();
        let (shown, why) = (&self.shown, self.why());
        let text = match self.kind {
            FindingKind::Forbidden => "is forbidden by the policy",
            FindingKind::Missing => "is missing, which the policy requires",
            FindingKind::Removed => "is removed by Mozilla",
            FindingKind::Compromised => "is compromised",
        };
        format!("{place}{shown} {text}{why}")
    }

    /// The place and a colon; empty if there is none.
    fn shown_place(&self) -> String {
        let place = self.location.map(|place| escape(&place.shown));
        place.map_or_else(String::new, |place| format!("{place}: "))
    }

    /// The reason of the policy behind a colon; empty if it has none.
    pub(super) fn why(&self) -> String {
        let reason = self.reason.as_deref();
        reason.map_or_else(String::new, |reason| format!(": {}", escape(reason)))
    }
}

impl Entry {
    /// What an exception says while it holds.
    fn exception(&self, now: UnixTime) -> Option<Exception> {
        if self.action.has_ended(now) {
            return None;
        }
        Some(Exception {
            until: self.action.last_day()?,
            reason: self.reason.clone()?,
        })
    }
}

/// What is doubtful about an entry, or has ended.
fn warning(entry: &Entry, has_matched: bool, history: &History, now: UnixTime) -> Option<String> {
    let name = entry.action.name();
    if entry.action.has_ended(now) {
        let last_day = entry.action.last_day().unwrap_or_default();
        let reason = escape(entry.reason.as_deref().unwrap_or_default());
        return Some(format!("`{name}` ended on {last_day}: {reason}"));
    }
    let is_doubtful = match entry.action {
        // That nothing is forbidden is good, if it can be.
        Action::Forbid => !has_matched && !entry.is_known(history),
        Action::Allow { .. } => !has_matched,
        // What it does not find is a finding.
        Action::Require => false,
    };
    is_doubtful.then(|| format!("`{name}` matches nothing"))
}
