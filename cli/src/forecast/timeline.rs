//! A picture of when how many roots end, by what ends them, in the style of the charts of docs/figures.md.

use std::collections::BTreeMap;

use embedded_roots::inspect::EndKind;
use embedded_roots_bundle::{counted, escape, iso_day, parse_iso_day};
use rustls_pki_types::UnixTime;

use crate::forecast::report::{Report, RootForecast, quarter, quarter_name, sentence};
use crate::markup::text;

const WIDTH: f64 = 860.0;
/// Where the first year begins, behind the names of lanes.
const LEFT: f64 = 236.0;
const RIGHT: f64 = 840.0;
const TOP: f64 = 64.0;
const LANE: f64 = 58.0;
/// The highest bar of a lane.
const HIGHEST: f64 = 38.0;
/// What is earlier or later is shown in the first or the last quarter.
const YEARS_BEFORE: i64 = 3;
const YEARS_AFTER: i64 = 14;
/// Days of a year, on average.
const YEAR: f64 = 365.2425;

/// The kinds in the order of their lanes, with their colours: those of our charts for what is Mozilla's, grey for what is
/// others'.
const LANES: [(EndKind, &str); 8] = [
    (EndKind::MozillaRemoval, "#b3261e"),
    (EndKind::MozillaSchedule, "#1a7f5a"),
    (EndKind::DistrustAfter, "#1a7f5a"),
    (EndKind::LastCertificate, "#1a7f5a"),
    (EndKind::ChromeSctNotAfter, "#8a94a3"),
    (EndKind::MicrosoftNotBefore, "#8a94a3"),
    (EndKind::MicrosoftDisallowed, "#8a94a3"),
    (EndKind::Expiry, "#1a7f5a"),
];

/// The roots that end in a quarter.
type Quarters<'r> = BTreeMap<i64, Vec<&'r RootForecast>>;

pub(super) fn picture(report: &Report<'_>) -> String {
    let lanes = LANES
        .iter()
        .map(|(kind, colour)| (*kind, *colour, quarters(report, *kind)));
    let lanes: Vec<(EndKind, &str, Quarters<'_>)> =
        lanes.filter(|(_, _, lane)| !lane.is_empty()).collect();
    let all = lanes.iter().flat_map(|(_, _, lane)| lane.keys().copied());
    let now = quarter(report.now);
    let this_year = now.div_euclid(4);
    let axis = Axis {
        earliest: all.clone().min().unwrap_or(now).min(now).div_euclid(4),
        latest: all.max().unwrap_or(now).max(now).div_euclid(4),
        this_year,
    };
    let count = u8::try_from(lanes.len()).unwrap_or(u8::MAX);
    let bottom = TOP + LANE * f64::from(count);
    let drawn = lanes
        .iter()
        .zip(0_u8..)
        .map(|((kind, colour, quarters), nth)| {
            lane(*kind, colour, quarters, &axis, TOP + LANE * f64::from(nth))
        });
    let drawn: String = drawn.collect();
    let source = text(&escape(&report.source.to_string()));
    let roots = counted(report.roots.len(), "root");
    let height = bottom + 36.0;
    let today = axis.x_of_day(report.now);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>When the roots of {source} end, by quarter and by what ends them</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{middle}\" y=\"26\" font-size=\"18\" text-anchor=\"middle\">When the {roots} of {source} end, by quarter</text>\n\
         {grid}<line x1=\"{today}\" x2=\"{today}\" y1=\"46\" y2=\"{bottom}\" stroke=\"#b3261e\" stroke-width=\"1.5\"/>\n\
         <text x=\"{today}\" y=\"42\" fill=\"#b3261e\" text-anchor=\"middle\">{day}</text>\n\
         {drawn}</svg>\n",
        middle = WIDTH / 2.0,
        grid = axis.grid(bottom),
        day = iso_day(report.now),
    )
}

/// The quarters in which roots have an end of this kind.
fn quarters<'r>(report: &'r Report<'r>, kind: EndKind) -> Quarters<'r> {
    let mut quarters = Quarters::new();
    for root in &report.roots {
        for end in root.ends.iter().filter(|end| end.kind == kind) {
            quarters
                .entry(quarter(end.end.time))
                .or_default()
                .push(root);
        }
    }
    quarters
}

fn lane(kind: EndKind, colour: &str, quarters: &Quarters<'_>, axis: &Axis, top: f64) -> String {
    let base = top + LANE - 8.0;
    let label = text(sentence(kind));
    let label = format!("<text x=\"12\" y=\"{base}\">{label}</text>\n");
    let line = format!(
        "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{base}\" y2=\"{base}\" stroke=\"#d9dde3\"/>\n"
    );
    let mut shown = Quarters::new();
    for (quarter, roots) in quarters {
        let place = (*quarter).clamp(axis.first() * 4, axis.last() * 4 + 3);
        shown.entry(place).or_default().extend(roots);
    }
    let count = |roots: &Vec<_>| f64::from(u32::try_from(roots.len()).unwrap_or(u32::MAX));
    let most = shown.values().map(count).fold(1.0, f64::max);
    let width = (axis.width() / 4.0 - 1.5).min(14.0);
    let bars = shown.iter().map(|(quarter, roots)| {
        let middle = axis.x(*quarter);
        let height = (HIGHEST * count(roots) / most).max(3.0);
        let names: Vec<&str> = roots.iter().map(|root| root.name.as_str()).collect();
        let (name, what) = (quarter_name(*quarter), sentence(kind));
        let title = format!("{name}, {what}: {}", names.join(", "));
        format!(
            "<g><title>{title}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"{colour}\"/><text x=\"{middle}\" y=\"{above:.1}\" fill=\"#57606a\" font-size=\"10\" \
             text-anchor=\"middle\">{count}</text></g>\n",
            title = text(&title),
            x = middle - width / 2.0,
            y = base - height,
            above = base - height - 2.0,
            count = roots.len(),
        )
    });
    line + &label + &bars.collect::<String>()
}

/// The years of a picture, each as wide as the others.
struct Axis {
    /// Of what is shown.
    earliest: i64,
    latest: i64,
    this_year: i64,
}

impl Axis {
    /// Where the middle of a quarter is.
    fn x(&self, quarter: i64) -> f64 {
        let quarters = i32::try_from(quarter - self.first() * 4).unwrap_or_default();
        self.place((f64::from(quarters) + 0.5) / 4.0)
    }

    fn x_of_day(&self, time: UnixTime) -> f64 {
        let day = iso_day(time);
        let start = parse_iso_day(&format!("{}-01-01", day.get(..4).unwrap_or_default()));
        let start = start.map_or(0, |start| start.as_secs());
        let days = time.as_secs().saturating_sub(start) / 86_400;
        let days = f64::from(u32::try_from(days).unwrap_or_default());
        let years = i32::try_from(quarter(time).div_euclid(4) - self.first()).unwrap_or_default();
        self.place(f64::from(years) + days / YEAR)
    }

    /// So many years from the left.
    fn place(&self, years: f64) -> f64 {
        // A tenth of a pixel is exact enough.
        ((LEFT + self.width() * years) * 10.0).round() / 10.0
    }

    fn first(&self) -> i64 {
        self.earliest.max(self.this_year - YEARS_BEFORE)
    }

    fn last(&self) -> i64 {
        self.latest.min(self.this_year + YEARS_AFTER)
    }

    /// Of a year.
    fn width(&self) -> f64 {
        let years = i32::try_from(self.last() - self.first() + 1).unwrap_or(1);
        (RIGHT - LEFT) / f64::from(years)
    }

    fn grid(&self, bottom: f64) -> String {
        let label = bottom + 20.0;
        let years = self.first()..=self.last();
        let lines = years.map(|year| {
            let x = self.place(f64::from(i32::try_from(year - self.first()).unwrap_or_default()));
            let (before, after) = match year {
                _ if year == self.first() && self.earliest < year => ("to ", ""),
                _ if year == self.last() && self.latest > year => ("", "+"),
                _ => ("", ""),
            };
            format!(
                "<line x1=\"{x}\" x2=\"{x}\" y1=\"50\" y2=\"{bottom}\" stroke=\"#eef0f3\"/>\
                 <text x=\"{}\" y=\"{label}\" fill=\"#57606a\" font-size=\"11\">{before}{year}{after}</text>\n",
                x + 3.0
            )
        });
        lines.collect()
    }
}
