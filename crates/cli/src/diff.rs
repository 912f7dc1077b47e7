//! `diff`: which roots came, went, or changed.

use clap::Args;
use serde::Serialize;

use crate::history::{History, Standing};
use crate::output::{ERROR, GOOD, Output, WARNING, counted};
use crate::root::{Facts, Root};
use crate::{Outcome, Result, source};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A PEM file, `mozilla`, `mozilla@YYYY-MM-DD` or `system`
    old: String,
    /// The same
    new: String,
}

#[derive(Serialize)]
struct Difference<'a> {
    command: &'static str,
    old: &'a str,
    new: &'a str,
    history_as_of: &'a str,
    came: Vec<Facts<'a>>,
    went: Vec<Facts<'a>>,
    changed: Vec<Changed<'a>>,
}

/// The same subject and key.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    new: Facts<'a>,
    old_limits: String,
    new_limits: String,
    /// Another certificate of the same key.
    is_renewed: bool,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let old = source::named(&arguments.old, &history)?;
    let new = source::named(&arguments.new, &history)?;
    let (came, went) = (without(&new, &old), without(&old, &new));
    let mut changed = Vec::new();
    for root in &new {
        let Some(before) = same_root(root, &old) else {
            continue;
        };
        let (old_limits, new_limits) = (before.limits(), root.limits());
        let is_renewed = before.certificate.sha256() != root.certificate.sha256();
        if is_renewed || old_limits != new_limits {
            changed.push(Changed {
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
        changed,
    };
    output.write(&difference, |out| {
        for root in &went {
            let removed = history.removed(&root.certificate);
            let gone = removed.map(Standing::gone_and_why);
            let gone = gone.map(|when| format!(" (removed by Mozilla before {when})"));
            let gone = gone.unwrap_or_default();
            writeln!(
                out,
                "{ERROR}-{ERROR:#} {}{gone}",
                root.certificate.subject()
            )?;
        }
        for root in &came {
            writeln!(out, "{GOOD}+{GOOD:#} {}", root.certificate.subject())?;
        }
        for changed in &difference.changed {
            let mut what = Vec::new();
            if changed.is_renewed {
                what.push("another certificate of the same key".to_owned());
            }
            if changed.old_limits != changed.new_limits {
                let shown = |limits: &str| match limits {
                    "" => "no limits".to_owned(),
                    _ => limits.to_owned(),
                };
                let (old, new) = (shown(&changed.old_limits), shown(&changed.new_limits));
                what.push(format!("{old} -> {new}"));
            }
            let subject = changed.new.subject();
            writeln!(out, "{WARNING}~{WARNING:#} {subject}: {}", what.join("; "))?;
        }
        let summary = [
            format!("{} went", counted(went.len(), "root")),
            format!("{} came", came.len()),
            format!("{} changed", difference.changed.len()),
        ];
        writeln!(out, "{}", summary.join(", "))
    })?;
    let same = went.is_empty() && came.is_empty() && difference.changed.is_empty();
    Ok(if same {
        Outcome::Clean
    } else {
        Outcome::Findings
    })
}

/// By subject and key.
fn same_root<'a>(root: &Root, roots: &'a [Root]) -> Option<&'a Root> {
    let wanted = root.identity();
    roots.iter().find(|other| other.identity() == wanted)
}

fn without<'a>(roots: &'a [Root], others: &[Root]) -> Vec<&'a Root> {
    let lacks = |root: &&Root| same_root(root, others).is_none();
    roots.iter().filter(lacks).collect()
}
