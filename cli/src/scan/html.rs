//! What a scan has found, as one page of HTML for people: without scripts, and nothing in it comes from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use embedded_roots_bundle::counted;

use crate::markup::text;
use crate::scan::finding::FindingKind;
use crate::scan::findings::{Exception, ListedFindings, State};
use crate::scan::report::{OLDER_VERIFIER, PlaceCertificate, RootsOfPlace, ScanReport, shown_date};
use crate::scan::timeline;

/// Of a certificate in a place, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Compromised,
    Removed,
    /// Not known of Mozilla's list.
    Other,
    /// Removed or compromised, and for another purpose, or not in the container.
    Uncounted,
    Listed,
}

struct Row<'a> {
    certificate: PlaceCertificate<'a>,
    standing: Standing,
    /// What is known of it, as text.
    remarks: Vec<String>,
}

/// The colours of the charts in docs/, and at night those of the terminal there.
const STYLE: &str = "
:root { color-scheme: light dark; --text: #1e1e2a; --ground: #fff; --soft: #5c6675; --line: #d9dde3; --panel: #f5f6f8;
  --good: #1a7f5a; --removed: #9b2f9b; --compromised: #c62828; --other: #8a94a3; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e4ee; --ground: #1e1e2a; --soft: #a9a9bd; --line: #3c3c50; --panel: #272736;
    --good: #5fd787; --removed: #e08aff; --compromised: #ff6e6e; --other: #8a94a3; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 3rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: .5rem 0 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; color: var(--soft); font-weight: 600; }
h4 { display: inline; font-size: 1rem; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; }
.figures div { background: var(--panel); border-radius: .5rem; padding: .5rem .9rem; min-width: 7.5rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.5rem; font-weight: 600; }
.good { color: var(--good); } .removed { color: var(--removed); } .compromised { color: var(--compromised); }
figure { margin: 0; overflow-x: auto; }
svg { display: block; width: 100%; min-width: 40rem; font-size: 12px; }
svg text { fill: var(--text); } svg .year { fill: var(--soft); } svg line { stroke: var(--line); }
svg .list { fill: var(--good); opacity: .55; }
svg .dot-removed { fill: var(--removed); }
svg .dot-compromised { fill: var(--compromised); stroke: var(--ground); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; } thead th { border-top: 0; }
th.short, td.short { white-space: nowrap; }
code { font-weight: normal; font-size: .82rem; color: var(--soft); }
.place { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .9rem; margin: .5rem 0; }
summary { cursor: pointer; }
.badge { margin-left: .5rem; font-size: .85rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print { figure { overflow: visible; } }
";

pub(super) fn page(report: &ScanReport<'_>, findings: &ListedFindings<'_>) -> String {
    let sections = [
        summary(report, findings),
        timeline_section(report),
        missing(findings),
        places(report, findings),
        list(
            "Not looked into",
            report.unread.iter().map(|one| text(&one.to_string())),
        ),
        list(
            "Errors",
            report.errors.iter().map(|one| text(&one.to_string())),
        ),
        list(
            "Excluded",
            report.excluded.iter().map(|one| text(&one.to_string())),
        ),
        list(
            "About the policy",
            findings.warnings.iter().map(|warning| text(warning)),
        ),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Root certificates that were found</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Root certificates that were found</h1>\n\
         <p class=\"soft\">Compared with Mozilla's list from 2015 to {}</p>\n</header>\n<main>\n{}</main>\n\
         <footer>Written by embedded-roots {}</footer>\n</body>\n</html>\n",
        report.history_as_of,
        sections.concat(),
        env!("CARGO_PKG_VERSION"),
    )
}

fn summary(report: &ScanReport<'_>, findings: &ListedFindings<'_>) -> String {
    let places = report.places.iter();
    let known = places.clone().flat_map(RootsOfPlace::certificates);
    let known: BTreeSet<&str> = known
        .filter(PlaceCertificate::is_known)
        .map(|one| one.sha256)
        .collect();
    let removed = places.clone().flat_map(RootsOfPlace::removed);
    let removed: BTreeSet<&str> = removed.map(|(root, _)| root.sha256).collect();
    let compromised = places.flat_map(RootsOfPlace::compromised);
    let compromised: BTreeSet<&str> = compromised.map(|(one, _)| one.sha256).collect();
    let excluded = report.excluded.iter().map(|one| one.places).sum::<u64>();
    let excluded = usize::try_from(excluded).unwrap_or(usize::MAX);
    let mut figures = vec![
        ("places with roots", report.places.len(), ""),
        ("known roots", known.len(), ""),
        ("compromised", compromised.len(), "compromised"),
        ("removed by Mozilla", removed.len(), "removed"),
    ];
    let of_policy = [
        (FindingKind::Forbidden, "forbidden"),
        (FindingKind::Missing, "missing"),
    ];
    let of_policy =
        of_policy.map(|(kind, name)| (name, findings.count(kind, State::New), "compromised"));
    let others = [
        (
            "allowed by the policy",
            findings.in_state(State::Allowed),
            "",
        ),
        ("in the baseline", findings.in_state(State::Unchanged), ""),
        ("not looked into", report.unread.len(), "removed"),
        ("errors", report.errors.len(), "compromised"),
        ("excluded", excluded, ""),
    ];
    let others = of_policy.into_iter().chain(others);
    figures.extend(others.filter(|(_, count, _)| *count > 0));
    let figures = figures.into_iter().map(|(name, count, class)| {
        let class = if count > 0 { class } else { "" };
        format!("<div><dt>{name}</dt><dd class=\"{class}\">{count}</dd></div>\n")
    });
    let figures: String = figures.collect();
    section(
        "Summary",
        &format!("<dl class=\"figures\">\n{figures}</dl>\n"),
    )
}

/// A picture, and what is in it as a table.
fn timeline_section(report: &ScanReport<'_>) -> String {
    let mut days: BTreeMap<(&str, &str, &str), (&str, usize)> = BTreeMap::new();
    for place in &report.places {
        let removed = place.removed().map(|(root, standing)| {
            let day = standing.gone.as_deref().unwrap_or_default();
            let reason = standing.reason.as_ref();
            let reason = reason.map_or("", |reason| &reason.reason);
            ((day, "removed", root.short_name), reason)
        });
        let compromised = place.compromised().map(|(certificate, compromise)| {
            let (day, reason) = (compromise.since.as_str(), compromise.reason.as_str());
            ((day, "compromised", certificate.short_name), reason)
        });
        for (row, reason) in removed.chain(compromised) {
            days.entry(row).or_insert((reason, 0)).1 += 1;
        }
    }
    if days.is_empty() {
        return String::new();
    }
    let rows = days.iter().map(|((day, what, name), (reason, count))| {
        format!(
            "<tr><td class=\"short\">{day}</td><td class=\"{what}\">{what}</td><th scope=\"row\">{}</th><td>{count}</td>\
             <td>{}</td></tr>\n",
            text(name),
            text(reason)
        )
    });
    let rows: String = rows.collect();
    let picture = timeline::picture(report);
    let body = format!(
        "<figure>\n{picture}<figcaption class=\"soft\">Each line is a place. The bar is when its list was Mozilla's. \
         Then follows what the place still has of what Mozilla removed since (dots), and of what became known as \
         compromised (diamonds).</figcaption>\n</figure>\n\
         <details><summary>{} by day</summary>\n<table>\n<caption>Removed before the day, or compromised since then</caption>\n<thead><tr>\
         <th scope=\"col\" class=\"short\">day</th><th scope=\"col\">what</th><th scope=\"col\">root</th><th scope=\"col\">places</th>\
         <th scope=\"col\">reason</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</details>\n",
        counted(days.len(), "root")
    );
    section("What was removed when", &body)
}

fn missing(findings: &ListedFindings<'_>) -> String {
    let missing = findings.of_policy();
    let missing = missing.filter(|finding| finding.kind == FindingKind::Missing);
    let missing = missing.map(|finding| {
        let old = match finding.state {
            State::Unchanged => " (in the baseline)",
            _ => "",
        };
        format!("{}{old}", text(&finding.text()))
    });
    list("Missing roots", missing)
}

/// By the archive or layer that they are in.
fn places(report: &ScanReport<'_>, findings: &ListedFindings<'_>) -> String {
    let mut groups: BTreeMap<&[String], Vec<&RootsOfPlace<'_>>> = BTreeMap::new();
    for place in &report.places {
        let container = match place.location.path.as_slice() {
            [container @ .., _] => container,
            [] => &[],
        };
        groups.entry(container).or_default().push(place);
    }
    if groups.is_empty() {
        return section("Places", "<p>No roots were found.</p>\n");
    }
    let groups = groups.into_iter().map(|(container, places)| {
        let heading = if container.is_empty() {
            "Files".to_owned()
        } else {
            let names = container.iter().map(|name| text(name));
            names.collect::<Vec<_>>().join(" › ")
        };
        let places = places.into_iter().map(|one| place(one, findings));
        format!("<h3>{heading}</h3>\n{}", places.collect::<String>())
    });
    section("Places", &groups.collect::<String>())
}

fn place(place: &RootsOfPlace<'_>, findings: &ListedFindings<'_>) -> String {
    let mut rows = rows(place, findings);
    rows.sort_by_key(|row| (row.standing, row.certificate.short_name));
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let badges = [
        (Standing::Compromised, "compromised", "compromised"),
        (Standing::Removed, "removed", "removed"),
        (Standing::Other, "", "not in Mozilla's list"),
        (Standing::Uncounted, "", "not counted"),
        (Standing::Listed, "good", "in Mozilla's list"),
    ];
    let badges = badges.map(|(standing, class, name)| (count(standing), class, name));
    let badges = badges.iter().filter(|(count, ..)| *count > 0);
    let badges = badges
        .map(|(count, class, name)| format!("<span class=\"badge {class}\">{count} {name}</span>"));
    let badges: String = badges.collect();
    let dates = place.list_dates.iter();
    let dates = dates.map(|date| format!("<p>{}</p>\n", text(&shown_date(date))));
    let verifier = place.refuses_public_keys == Some(false);
    let verifier = verifier.then(|| format!("<p class=\"removed\">{}</p>\n", text(OLDER_VERIFIER)));
    let hidden = place.hidden();
    let hidden = hidden.map(|hidden| format!("<p>{}</p>\n", text(&hidden)));
    let about: String = hidden.into_iter().chain(dates).chain(verifier).collect();

    let is_open = rows.iter().any(|row| row.standing < Standing::Other);
    let (plain, notable): (Vec<Row<'_>>, Vec<Row<'_>>) = rows
        .into_iter()
        .partition(|row| row.standing == Standing::Listed && row.remarks.len() == 1);
    let name = place.location.path.last().map(String::as_str);
    let name = text(name.unwrap_or_default());
    let notable = table(
        &notable,
        "Roots that are not in Mozilla's list, or have remarks",
    );
    let plain = match plain.len() {
        0 => String::new(),
        length => format!(
            "<details><summary>{} in Mozilla's list</summary>\n{}</details>\n",
            counted(length, "root"),
            table(&plain, "Roots in Mozilla's list")
        ),
    };
    let open = if is_open { " open" } else { "" };
    format!(
        "<details class=\"place\"{open}><summary><h4>{name}</h4>{badges}</summary>\n{about}{notable}{plain}</details>\n"
    )
}

fn rows<'a>(place: &'a RootsOfPlace<'_>, findings: &ListedFindings<'_>) -> Vec<Row<'a>> {
    let rows = place.certificates().map(|certificate| {
        let sha256 = certificate.sha256;
        let (standing, remark) = if let Some(compromise) = certificate.compromised {
            let (since, why) = (&compromise.since, compromise.why());
            let remark = format!("compromised since {since}: {why}");
            (Standing::Compromised, remark)
        } else if let Some(standing) = certificate.removed {
            let remark = format!("removed before {}", standing.gone_and_why());
            (Standing::Removed, remark)
        } else if !certificate.is_known() {
            let remark = "not in Mozilla's list since 2015".to_owned();
            (Standing::Other, remark)
        } else if !certificate.is_good {
            let why = "not for servers, or not in the container";
            let remark = format!("removed or compromised, and not counted here: {why}");
            (Standing::Uncounted, remark)
        } else if certificate.is_trusted {
            (Standing::Listed, "in Mozilla's list".to_owned())
        } else {
            let remark = "in Mozilla's list; here, not for servers".to_owned();
            (Standing::Listed, remark)
        };
        let mut remarks = vec![remark];
        for kind in [
            FindingKind::Compromised,
            FindingKind::Removed,
            FindingKind::Forbidden,
        ] {
            let Some(finding) = findings.of(kind, place.location, sha256) else {
                continue;
            };
            let name = kind.name();
            match (finding.state, &finding.allowed) {
                (State::Allowed, Some(Exception { until, reason })) => {
                    remarks.push(format!("{name}, allowed until {until}: {reason}"));
                }
                (State::Unchanged, _) => remarks.push(format!("{name}, in the baseline")),
                (State::New, _) if kind == FindingKind::Forbidden => {
                    remarks.push(format!("forbidden by the policy{}", finding.why()));
                }
                _ => {}
            }
        }
        Row {
            certificate,
            standing,
            remarks,
        }
    });
    rows.collect()
}

fn table(rows: &[Row<'_>], caption: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows = rows.iter().map(|row| {
        let PlaceCertificate {
            short_name,
            subject,
            sha256,
            ..
        } = &row.certificate;
        let class = match row.standing {
            Standing::Compromised => "compromised",
            Standing::Removed => "removed",
            Standing::Other | Standing::Uncounted | Standing::Listed => "",
        };
        let remarks: Vec<String> = row.remarks.iter().map(|remark| text(remark)).collect();
        format!(
            "<tr><th scope=\"row\" title=\"{}\">{}<br><code>{sha256}</code></th><td class=\"short\">{}</td><td class=\"{class}\">{}</td></tr>\n",
            text(subject),
            text(short_name),
            row.certificate.shown_forms(),
            remarks.join("<br>")
        )
    });
    let rows: String = rows.collect();
    format!(
        "<table>\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">name and SHA-256 fingerprint</th>\
         <th scope=\"col\" class=\"short\">form</th><th scope=\"col\">standing</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
}

/// A section with a list of HTML, if there is something to list.
fn list(heading: &str, items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return String::new();
    }
    let items = items.join("</li>\n<li>");
    section(heading, &format!("<ul>\n<li>{items}</li>\n</ul>\n"))
}

fn section(heading: &str, body: &str) -> String {
    format!("<section>\n<h2>{heading}</h2>\n{body}</section>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_escaped() {
        assert_eq!(
            text("<b title=\"a\" id='b'>&amp;\u{202e}\n"),
            r"&lt;b title=&quot;a&quot; id=&#39;b&#39;&gt;&amp;amp;\u{202e}\n"
        );
    }
}
