//! The forecasts of the roots of a source.

use std::collections::HashMap;
use std::io::{self, Write};

use embedded_roots::inspect::{End, EndKind, Forecast, mozilla_schedule};
use embedded_roots_bundle::{counted, iso_day, not_before, rfc3339};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use crate::compromise::Compromise;
use crate::day::parse_day;
use crate::finder::marked::PrivateAnchor;
use crate::output::{is_narrow, table_with_remarks};
use crate::programs::{ProgramRoots, PublicLists};
use crate::root::{Facts, InspectedRoot, as_text};
use crate::source::{Side, Source};

#[derive(Serialize)]
pub(super) struct Report<'a> {
    command: &'static str,
    pub(super) source: &'a Source,
    today: String,
    history_as_of: &'a str,
    programs: &'a [ProgramRoots],
    /// What `--within` says, in days.
    pub(super) within: Option<u32>,
    /// In the order of their next ends.
    pub(super) roots: Vec<RootForecast>,
    /// Private roots of a program, without certificates, of which no dates are known.
    anchors: Vec<PrivateAnchor>,
    #[serde(skip)]
    pub(super) now: UnixTime,
}

#[derive(Serialize)]
pub(super) struct RootForecast {
    #[serde(rename = "root")]
    pub(super) facts: Facts,
    #[serde(skip)]
    /// Its common name, or the whole subject if others have that name, too.
    pub(super) name: String,
    /// The first end that is to come; if trust is over, what ended it. None if no end is known.
    pub(super) next: Option<EndOfTrust>,
    /// All, the earliest first.
    pub(super) ends: Vec<EndOfTrust>,
    /// The programs that do not have it, of a public root.
    absent_from: Vec<String>,
    /// Whether it counts for the exit status.
    pub(super) is_due: bool,
}

/// An end, for JSON.
#[derive(Serialize)]
pub(super) struct EndOfTrust {
    #[serde(serialize_with = "as_text")]
    pub(super) kind: EndKind,
    time: String,
    #[serde(skip)]
    pub(super) end: End,
}

/// The roots of another program have its dates as limits, which are no others.
fn forecast(lists: &PublicLists<'_>, root: &InspectedRoot, is_of_program: bool) -> Forecast {
    let own = root.root.distrust_after().filter(|_| !is_of_program);
    let imposed = root.in_mozilla();
    let imposed = imposed.and_then(|anchor| anchor.limits().distrust_after());
    let distrust = own.into_iter().chain(imposed).min();
    let mut ends: Vec<End> = distrust.into_iter().flat_map(End::of_distrust).collect();

    let certificate = &root.certificate;
    let of_key = || lists.history.of_key(&certificate.spki_sha256());
    let is_known = of_key().next().is_some();
    if let Some(removed) = lists.history.removed(certificate) {
        let day = removed.gone.as_deref().and_then(|day| parse_day(day).ok());
        ends.extend(day.map(|time| end(EndKind::MozillaRemoval, time)));
    } else if is_known {
        // A CA can have renewed its certificate.
        let listed = lists.listed(root).filter_map(|(_, listed)| listed);
        let listed = listed.map(|listed| listed.root.root.certificate());
        let known = of_key().map(|known| &known.der).chain(listed);
        let known = known.chain([root.root.certificate()]);
        let created = known.filter_map(|der| not_before(der)).min();
        let until = created.and_then(mozilla_schedule);
        ends.extend(until.map(|time| end(EndKind::MozillaSchedule, time)));
    }

    let mut absent_from = Vec::new();
    for (list, listed) in lists.listed(root) {
        match listed {
            Some(listed) => ends.extend(listed.ends()),
            None => absent_from.push(list.program),
        }
    }
    let is_public = is_known || absent_from.len() < lists.programs.len();
    if !is_public {
        absent_from.clear();
    }
    Forecast::new(certificate.clone(), ends, absent_from)
}

impl<'a> Report<'a> {
    pub(super) fn new(
        source: &'a Source,
        side: &'a Side,
        lists: &'a PublicLists<'a>,
        now: UnixTime,
        within: Option<u32>,
    ) -> Self {
        let is_of_program = matches!(source, Source::Program(_));
        let mut names = HashMap::new();
        for root in &side.roots {
            *names.entry(root.short_name()).or_insert(0_usize) += 1;
        }
        let roots = side.roots.iter().map(|root| {
            let certificate = &root.certificate;
            let name = root.short_name();
            let is_shared = names.get(&name).is_some_and(|count| *count > 1);
            let forecast = forecast(lists, root, is_of_program);
            let ends = forecast.ends();
            let absent_from = forecast.absent_from().iter();
            RootForecast {
                is_due: within.is_some_and(|within| is_due(ends, now, within)),
                absent_from: absent_from.map(ToString::to_string).collect(),
                next: next(ends, now).copied().map(EndOfTrust::new),
                ends: ends.iter().copied().map(EndOfTrust::new).collect(),
                facts: root.facts(lists.history),
                name: if is_shared {
                    certificate.subject().to_owned()
                } else {
                    name
                },
            }
        });
        let mut roots: Vec<RootForecast> = roots.collect();
        roots.sort_by(|one, other| {
            let by_name = || one.name.cmp(&other.name);
            // Without an end, last.
            let order = |root: &RootForecast| {
                let next = root.next.as_ref();
                (next.is_none(), next.map(|next| next.end))
            };
            order(one).cmp(&order(other)).then_with(by_name)
        });
        Self {
            command: "forecast",
            source,
            today: iso_day(now),
            history_as_of: &lists.history.as_of,
            programs: &lists.programs,
            within,
            roots,
            anchors: side.anchors.iter().map(PrivateAnchor::from).collect(),
            now,
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.roots.iter().any(|root| root.is_due)
    }

    /// With `--within`, what counts for the exit status, or else all.
    pub(super) fn counted(&self) -> impl Iterator<Item = &RootForecast> {
        let is_asked = self.within.is_some();
        self.roots
            .iter()
            .filter(move |root| root.is_due || !is_asked)
    }

    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut last = None;
        let rows = self.counted().map(|root| {
            let next = root.next.as_ref().map(|next| next.end);
            let (quarter, day, what) = match next {
                Some(End { time, kind }) => {
                    let quarter = quarter_name(quarter(time));
                    (quarter, iso_day(time), sentence(kind))
                }
                None => (
                    "unknown".to_owned(),
                    String::new(),
                    "its validity cannot be read",
                ),
            };
            let shown = if last.as_ref() == Some(&quarter) {
                String::new()
            } else {
                quarter.clone()
            };
            last = Some(quarter);
            let cells = [day, what.to_owned(), root.name.clone()];
            let others = root.ends.iter().filter(|end| Some(end.end) != next);
            let others =
                others.map(|end| format!("{} {}", iso_day(end.end.time), sentence(end.kind)));
            let compromised = root.facts.compromised().map(Compromise::remark);
            let absent = root.absent_from.iter();
            let absent = absent.map(|program| format!("not in the list `{program}`"));
            (
                shown,
                cells,
                compromised
                    .into_iter()
                    .chain(others)
                    .chain(absent)
                    .collect(),
            )
        });
        let table = table_with_remarks(&["quarter", "day", "what", "root"], rows, is_narrow());
        if table.row_count() > 0 {
            writeln!(out, "{}", table.trim_fmt())?;
        }
        let lists = self.programs.iter().map(|list| list.release.as_str());
        let lists: Vec<&str> = lists.collect();
        writeln!(
            out,
            "as of {}, with Mozilla's list of {}, {}",
            self.today,
            self.history_as_of,
            lists.join(", ")
        )?;
        writeln!(
            out,
            "Mozilla may remove a root earlier than its schedule suggests here: it counts from the creation of the key, and a \
             certificate may be younger than its key."
        )?;
        if !self.anchors.is_empty() {
            let count = counted(self.anchors.len(), "private root");
            writeln!(out, "{count} without a certificate, so no dates are known")?;
        }
        let count = counted(self.roots.len(), "root");
        match self.within {
            Some(within) => {
                let due = self.roots.iter().filter(|root| root.is_due).count();
                writeln!(out, "{count}; {due} end within {}", counted(within, "day"))
            }
            None => writeln!(out, "{count}"),
        }
    }
}

impl EndOfTrust {
    fn new(end: End) -> Self {
        Self {
            kind: end.kind,
            time: rfc3339(end.time),
            end,
        }
    }
}

/// The number of quarters since the year 0.
pub(super) fn quarter(time: UnixTime) -> i64 {
    let day = iso_day(time);
    let mut parts = day.split('-').map(str::parse::<i64>);
    let year = parts.next().and_then(Result::ok).unwrap_or(1970);
    let month = parts.next().and_then(Result::ok).unwrap_or(1);
    year * 4 + (month - 1) / 3
}

/// A quarter of a year, such as `2027 Q2`.
pub(super) fn quarter_name(quarter: i64) -> String {
    let (year, nth) = (quarter.div_euclid(4), quarter.rem_euclid(4) + 1);
    format!("{year} Q{nth}")
}

/// What a root is listed under: the first end that is to come, unless trust is over.
fn next(ends: &[End], now: UnixTime) -> Option<&End> {
    let mut over = ends
        .iter()
        .filter(|end| day(end.time) < day(now) && is_end_of_all(end.kind));
    let mut to_come = ends.iter().filter(|end| day(end.time) >= day(now));
    over.next()
        .or_else(|| to_come.next())
        .or_else(|| ends.last())
}

/// Whether one of the ends is on a day from today on, up to so many days from then, or trust is over.
fn is_due(ends: &[End], now: UnixTime, within: u32) -> bool {
    let last = day(now).saturating_add(within.into());
    ends.iter().any(|end| {
        let is_to_come = day(end.time) >= day(now);
        day(end.time) <= last && (is_to_come || is_end_of_all(end.kind))
    })
}

/// Whether nothing is trusted by a root from then on.
fn is_end_of_all(kind: EndKind) -> bool {
    matches!(
        kind,
        EndKind::Expiry | EndKind::MozillaRemoval | EndKind::LastCertificate
    )
}

/// The number of a day.
fn day(time: UnixTime) -> u64 {
    time.as_secs() / (24 * 60 * 60)
}

/// What happens, for people.
pub(super) fn sentence(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Expiry => "expires",
        EndKind::MozillaSchedule => "leaves Mozilla's list (schedule)",
        EndKind::MozillaRemoval => "left Mozilla's list",
        EndKind::DistrustAfter => "no newer certificates",
        EndKind::LastCertificate => "its last certificate expires",
        EndKind::ChromeSctNotAfter => "Chrome: no newer SCTs",
        EndKind::MicrosoftNotBefore => "Microsoft: no newer certificates",
        EndKind::MicrosoftDisallowed => "leaves Microsoft's list",
        _ => "ends",
    }
}

fn end(kind: EndKind, time: UnixTime) -> End {
    End { time, kind }
}
