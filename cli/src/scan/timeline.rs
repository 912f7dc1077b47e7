//! A picture of when the lists were Mozilla's that were found, and of what Mozilla removed since.

use std::collections::BTreeMap;

use embedded_roots_bundle::{counted, parse_iso_day};

use crate::finder::date::ListDate;
use crate::markup::text;
use crate::scan::report::{RootsOfPlace, ScanReport, shown_date};

const WIDTH: f64 = 860.0;
/// Where the first day is, behind the names of places.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 845.0;
const TOP: f64 = 26.0;
const LANE: f64 = 26.0;
/// So many characters of a name have room.
const NAME: usize = 36;
/// A picture has no room for more places.
const MOST_LANES: usize = 30;
/// Of a year, on average.
const SECONDS: f64 = 365.2425 * 86_400.0;

/// The days of a picture.
struct Axis {
    first_year: u32,
    last_year: u32,
}

/// As SVG inside of HTML, whose style sheet sets the colours.
pub(super) fn picture(report: &ScanReport<'_>) -> String {
    let places = report.places.iter();
    let places = places.filter(|place| !place.list_dates.is_empty() || has_findings(place));
    let places: Vec<&RootsOfPlace<'_>> = places.collect();
    let days = places.iter().flat_map(|place| days(place));
    let days = days.chain([report.history_as_of]);
    let years: Vec<u32> = days.filter_map(year).collect();
    let axis = Axis {
        first_year: years.iter().copied().min().unwrap_or(2015),
        last_year: years.iter().copied().max().unwrap_or(2015) + 1,
    };
    let lanes = places.iter().take(MOST_LANES);
    let lanes: Vec<String> = lanes
        .zip(0_u8..)
        .map(|(place, nth)| {
            let middle = TOP + LANE * (f64::from(nth) + 0.5);
            lane(place, &axis, middle, report.history_as_of)
        })
        .collect();
    let shown = u8::try_from(lanes.len()).unwrap_or(u8::MAX);
    let bottom = TOP + LANE * f64::from(shown);
    let left_out = places.len().saturating_sub(MOST_LANES);
    let (more, height) = if left_out > 0 {
        let more = counted(left_out, "more place");
        let y = bottom + 16.0;
        let more = format!("<text x=\"{LEFT}\" y=\"{y}\" class=\"year\">and {more}</text>\n");
        (more, bottom + 24.0)
    } else {
        (String::new(), bottom + 6.0)
    };
    let removed: usize = places.iter().map(|place| place.removed().count()).sum();
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}, by place and day; the table below has them\">\n\
         {}{}{more}</svg>\n",
        counted(removed, "removed root"),
        axis.grid(bottom),
        lanes.concat(),
    )
}

fn has_findings(place: &RootsOfPlace<'_>) -> bool {
    place.removed().next().is_some() || place.compromised().next().is_some()
}

fn days<'a>(place: &'a RootsOfPlace<'_>) -> impl Iterator<Item = &'a str> {
    let dates = place.list_dates.iter();
    let dates = dates.flat_map(|date| [Some(date.from.as_str()), date.until.as_deref()]);
    let removed = place.removed();
    let removed = removed.map(|(_, standing)| standing.gone.as_deref());
    let compromised = place.compromised();
    let compromised = compromised.map(|(_, compromise)| Some(compromise.since.as_str()));
    dates.chain(removed).chain(compromised).flatten()
}

fn year(day: &str) -> Option<u32> {
    day.get(..4)?.parse().ok()
}

impl Axis {
    /// Where a day is; at the beginning, if it is none.
    fn x(&self, day: &str) -> f64 {
        let seconds = |day: &str| {
            let time = parse_iso_day(day).map(|time| time.as_secs());
            let days = time.unwrap_or_default() / 86_400;
            f64::from(u32::try_from(days).unwrap_or_default()) * 86_400.0
        };
        let years = (seconds(day) - seconds(&format!("{:04}-01-01", self.first_year))) / SECONDS;
        let all = f64::from(self.last_year.saturating_sub(self.first_year).max(1));
        let x = LEFT + (RIGHT - LEFT) * years / all;
        // A tenth of a pixel is exact enough.
        (x.clamp(LEFT, RIGHT) * 10.0).round() / 10.0
    }

    fn grid(&self, bottom: f64) -> String {
        let years = self.first_year..=self.last_year;
        let lines = years.map(|year| {
            let x = self.x(&format!("{year:04}-01-01"));
            let label = if year == self.last_year {
                String::new()
            } else {
                format!(
                    "<text x=\"{}\" y=\"16\" class=\"year\">{year}</text>",
                    x + 3.0
                )
            };
            format!("<line x1=\"{x}\" x2=\"{x}\" y1=\"4\" y2=\"{bottom}\"/>{label}\n")
        });
        lines.collect()
    }
}

fn lane(place: &RootsOfPlace<'_>, axis: &Axis, middle: f64, last_day: &str) -> String {
    let name = place.location.path.last().map(String::as_str);
    let name = name.unwrap_or_default();
    let length = name.chars().count();
    // The end says more than the beginning.
    let shown: String = name.chars().skip(length.saturating_sub(NAME)).collect();
    let shown = if length > NAME {
        format!("…{shown}")
    } else {
        shown
    };
    let y = middle + 4.0;
    let label = format!(
        "<text x=\"0\" y=\"{y}\">{}<title>{}</title></text>\n",
        text(&shown),
        text(&place.location.shown)
    );
    let dates = place.list_dates.iter();
    let bars = dates.map(|date| bar(date, axis, middle, last_day));
    let mut removed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (root, standing) in place.removed() {
        let day = standing.gone.as_deref().unwrap_or_default();
        removed.entry(day).or_default().push(root.short_name);
    }
    let removed = removed.iter().map(|(day, names)| {
        let x = axis.x(day);
        let radius = match names.len() {
            1 => 4.0,
            2..=4 => 5.5,
            _ => 7.0,
        };
        let shape =
            format!("<circle cx=\"{x}\" cy=\"{middle}\" r=\"{radius}\" class=\"dot-removed\">");
        format!("{shape}{}</circle>\n", title(day, "removed", names))
    });
    let mut compromised: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (certificate, compromise) in place.compromised() {
        let names = compromised.entry(&compromise.since).or_default();
        names.push(certificate.short_name);
    }
    // Above the dots: as a rule, the others of the CA were removed on that day.
    let compromised = compromised.iter().map(|(day, names)| {
        let x = axis.x(day);
        let shape =
            format!("<path d=\"M{x} {middle}m-6 0l6 -6l6 6l-6 6z\" class=\"dot-compromised\">");
        format!("{shape}{}</path>\n", title(day, "compromised", names))
    });
    let shapes = bars.chain(removed).chain(compromised);
    label + &shapes.collect::<String>()
}

fn title(day: &str, what: &str, names: &[&str]) -> String {
    let title = format!("{day}: {} {what}: {}", names.len(), names.join(", "));
    format!("<title>{}</title>", text(&title))
}

fn bar(date: &ListDate, axis: &Axis, middle: f64, last_day: &str) -> String {
    let from = axis.x(&date.from);
    let until = axis.x(date.until.as_deref().unwrap_or(last_day));
    let width = (until - from).max(4.0);
    let y = middle - 6.0;
    format!(
        "<rect x=\"{from}\" y=\"{y}\" width=\"{width:.1}\" height=\"12\" rx=\"3\" class=\"list\"><title>{}</title></rect>\n",
        text(&shown_date(date))
    )
}
