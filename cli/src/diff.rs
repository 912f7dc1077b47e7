//! `diff`: which roots came, went, or changed.

use std::io::{self, Write};

use clap::Args;
use embedded_roots_bundle::{counted, escape};
use serde::Serialize;

use crate::finder::marked::{MarkedAnchor, PrivateAnchor};
use crate::history::{History, Standing};
use crate::outcome::{Outcome, Result};
use crate::output::{ERROR, GOOD, Output, WARNING};
use crate::progress::Bar;
use crate::root::{Facts, InspectedRoot};
use crate::source::{Side, Source};

#[derive(Args)]
pub(crate) struct Arguments {
    /// `mozilla`, `mozilla@YYYY-MM-DD`, `chrome`, `microsoft`, `system`, a PEM file, or a program, archive or directory
    ///
    /// A PEM file has to compile. Any other file is searched like `scan` does, and so is a directory:
    /// all roots in it are compared, by subject and key, and their limits are not, since a program may
    /// set limits that nobody sees in it. Nor are those of `mozilla@YYYY-MM-DD`, which are not known, and of `chrome`, which
    /// are of another kind. A directory or an archive that cannot be read to its end is an error.
    old: Source,
    /// The same
    new: Source,
}

#[derive(Serialize)]
struct Difference<'a> {
    command: &'static str,
    old: &'a Source,
    new: &'a Source,
    history_as_of: &'a str,
    came: Vec<Facts>,
    went: Vec<Facts>,
    /// Private roots of a program, without certificates.
    anchors_came: Vec<PrivateAnchor>,
    anchors_went: Vec<PrivateAnchor>,
    /// Not if those of a side are not known.
    limits_compared: bool,
    changed: Vec<Change>,
}

/// The same subject and key.
#[derive(Serialize)]
struct Change {
    #[serde(flatten)]
    new: Facts,
    /// None if they are not known.
    old_limits: Option<String>,
    new_limits: Option<String>,
    /// Another certificate of the same key.
    is_renewed: bool,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let bar = Bar::new()?;
    let side = |source: &Source| source.side(&history, &bar);
    let sides = side(&arguments.old).and_then(|old| Ok((old, side(&arguments.new)?)));
    bar.clear();
    let (old, new) = sides?;
    output.warn(&arguments.old.warnings(&old.roots))?;
    output.warn(&arguments.new.warnings(&new.roots))?;
    let limits_compared = old.limits_are_known && new.limits_are_known;
    let came = without(&new, &old);
    let went = without(&old, &new);
    let anchors_came = anchors_without(&new, &old);
    let anchors_went = anchors_without(&old, &new);
    let mut changed = Vec::new();
    for root in &new.roots {
        let Some(before) = same_root(root, &old.roots) else {
            continue;
        };
        let limits = |side: &Side, root: &InspectedRoot| {
            side.limits_are_known
                .then(|| root.shown_limits().unwrap_or_default())
        };
        let (old_limits, new_limits) = (limits(&old, before), limits(&new, root));
        // The certificate that stands for a key is not that of the program.
        let is_renewed = !before.is_key_alone
            && !root.is_key_alone
            && before.certificate.sha256() != root.certificate.sha256();
        if is_renewed || limits_compared && old_limits != new_limits {
            changed.push(Change {
                new: root.facts(&history),
                old_limits,
                new_limits,
                is_renewed,
            });
        }
    }
    let difference = Difference {
        command: "diff",
        old: &arguments.old,
        new: &arguments.new,
        history_as_of: &history.as_of,
        came: came.iter().map(|root| root.facts(&history)).collect(),
        went: went.iter().map(|root| root.facts(&history)).collect(),
        anchors_came,
        anchors_went,
        limits_compared,
        changed,
    };
    let all_came = came.len() + difference.anchors_came.len();
    let all_went = went.len() + difference.anchors_went.len();
    output.write(&difference, |out| {
        difference.show_went_and_came(out, &went, &history)?;
        for changed in &difference.changed {
            let mut what = Vec::new();
            if changed.is_renewed {
                what.push("another certificate of the same key".to_owned());
            }
            if let (Some(old), Some(new)) = (&changed.old_limits, &changed.new_limits) {
                let shown = |limits| match limits {
                    "" => "no limits",
                    _ => limits,
                };
                if old != new {
                    what.push(format!("{} -> {}", shown(old), shown(new)));
                }
            }
            let subject = changed.new.subject();
            writeln!(out, "{WARNING}~{WARNING:#} {subject}: {}", what.join("; "))?;
        }
        if !limits_compared {
            let sides = [(&old, &arguments.old), (&new, &arguments.new)];
            let why = why_limits_are_not_compared(sides);
            writeln!(out, "limits are not compared: {why}")?;
        }
        let sources = [&arguments.old, &arguments.new];
        if let Some(remark) = Source::beyond_history(&sources, &history) {
            writeln!(out, "{remark}")?;
        }
        let summary = [
            format!("{} went", counted(all_went, "root")),
            format!("{all_came} came"),
            format!("{} changed", difference.changed.len()),
        ];
        writeln!(out, "{}", summary.join(", "))
    })?;
    let same = all_went == 0 && all_came == 0 && difference.changed.is_empty();
    Ok(Outcome::from_findings(!same))
}

impl Difference<'_> {
    fn show_went_and_came(
        &self,
        out: &mut dyn Write,
        went: &[&InspectedRoot],
        history: &History,
    ) -> io::Result<()> {
        for (facts, root) in self.went.iter().zip(went) {
            let removed = history.removed(&root.certificate);
            let gone = removed.map(Standing::gone_and_why);
            let gone = gone.map(|when| format!(" (removed by Mozilla before {when})"));
            let gone = gone.unwrap_or_default();
            writeln!(out, "{ERROR}-{ERROR:#} {}{gone}", shown(facts))?;
        }
        for PrivateAnchor { subject, .. } in &self.anchors_went {
            writeln!(out, "{ERROR}-{ERROR:#} {subject}{KEY_ALONE}")?;
        }
        for PrivateAnchor { subject, .. } in &self.anchors_came {
            writeln!(out, "{GOOD}+{GOOD:#} {subject}{KEY_ALONE}")?;
        }
        for facts in &self.came {
            writeln!(out, "{GOOD}+{GOOD:#} {}", shown(facts))?;
        }
        Ok(())
    }
}

/// Of a private root of a program.
const KEY_ALONE: &str = " (a private root, without a certificate)";

/// The subject, and whether the root is compromised.
fn shown(facts: &Facts) -> String {
    let compromised = facts.compromised().map(|compromise| {
        let ids = compromise.ids();
        format!(" ({ERROR}compromised{ERROR:#}: {ids})")
    });
    format!("{}{}", facts.subject(), compromised.unwrap_or_default())
}

fn why_limits_are_not_compared(sides: [(&Side, &Source); 2]) -> String {
    let (mut unknown, mut others) = (Vec::new(), Vec::new());
    for (_, source) in sides.into_iter().filter(|(side, _)| !side.limits_are_known) {
        let name = escape(&source.to_string());
        match source {
            // Dates of SCTs
            Source::Program(_) => others.push(name),
            _ => unknown.push(name),
        }
    }
    others.dedup();
    let mut why = Vec::new();
    for (names, what) in [(unknown, "not known"), (others, "of another kind")] {
        if !names.is_empty() {
            why.push(format!("those of {} are {what}", names.join(" and ")));
        }
    }
    why.join(", and ")
}

/// By subject and key. If there are several, the same certificate.
fn same_root<'a>(root: &InspectedRoot, roots: &'a [InspectedRoot]) -> Option<&'a InspectedRoot> {
    let wanted = root.identity();
    let same = || roots.iter().filter(|other| other.identity() == wanted);
    let sha256 = root.certificate.sha256();
    let exact = same().find(|other| other.certificate.sha256() == sha256);
    exact.or_else(|| same().next())
}

fn without<'a>(side: &'a Side, other: &Side) -> Vec<&'a InspectedRoot> {
    let lacks = |root: &&InspectedRoot| !other.has(root.identity());
    side.roots.iter().filter(lacks).collect()
}

fn anchors_without(side: &Side, other: &Side) -> Vec<PrivateAnchor> {
    let lacks = |anchor: &&MarkedAnchor| !other.has(anchor.identity());
    let anchors = side.anchors.iter().filter(lacks);
    anchors.map(PrivateAnchor::from).collect()
}
