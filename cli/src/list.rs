//! `list`: which roots there are.

use std::path::PathBuf;

use clap::Args;
use embedded_roots_bundle::{ParsedBundle, counted, escape, iso_day, not_after};
use serde::Serialize;

use crate::compromise::Compromise;
use crate::history::History;
use crate::outcome::{Outcome, Result};
use crate::output::{Output, is_narrow, start_of_sha256, table_with_remarks};
use crate::root::{Facts, InspectedRoot};
use crate::source::Source;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, `-` for standard input, `mozilla`, `mozilla@YYYY-MM-DD`, `chrome`, `microsoft` or `system`
    ///
    /// A file is PEM that compiles, or what becomes that: DER, PKCS#7, PKCS#12, a Java key store (JKS), UTF-16,
    /// base64 alone, or PEM that has lost its line breaks.
    #[arg(default_value = "mozilla")]
    source: Source,
    /// The file whose first line is the password of a key store
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write annotated PEM
    #[arg(long, conflicts_with = "json")]
    pem: bool,
}

#[derive(Serialize)]
struct Listing<'a> {
    command: &'static str,
    source: &'a Source,
    history_as_of: &'a str,
    roots: Vec<Facts>,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let password = arguments.password_file.as_deref();
    let roots = arguments.source.compilable(&history, password)?;
    output.warn(&arguments.source.warnings(&roots))?;
    if arguments.pem {
        // What cannot carry a limit does not carry the root.
        let (limited, roots): (Vec<_>, Vec<_>) =
            (roots.into_iter()).partition(|root| root.sct_not_after.is_some());
        if !limited.is_empty() {
            let count = counted(limited.len(), "root");
            let source = escape(&arguments.source.to_string());
            output.warn(&[format!(
                "{source}: {count} with a date for SCTs (`sct-not-after`) left out: annotated PEM cannot express their date for SCTs (sct-not-after)"
            )])?;
        }
        let bundle = ParsedBundle::new(roots.into_iter().map(|root| root.root).collect())?;
        output.write(&(), |out| out.write_all(bundle.to_pem().as_bytes()))?;
        return Ok(Outcome::Clean);
    }
    let listed = Listing {
        command: "list",
        source: &arguments.source,
        history_as_of: &history.as_of,
        roots: roots.iter().map(|root| root.facts(&history)).collect(),
    };
    output.write(&listed, |out| {
        writeln!(out, "{}", shown(&roots, &history, is_narrow()).trim_fmt())?;
        if let Some(remark) = Source::beyond_history(&[&arguments.source], &history) {
            writeln!(out, "{remark}")?;
        }
        writeln!(out, "{}", counted(roots.len(), "root"))
    })?;
    Ok(Outcome::Clean)
}

fn shown(roots: &[InspectedRoot], history: &History, narrow: bool) -> comfy_table::Table {
    let rows = roots.iter().map(|root| {
        let certificate = &root.certificate;
        let compromised = history.compromise(certificate).map(Compromise::remark);
        let removed = history
            .removed(certificate)
            .and_then(|standing| standing.gone.as_ref());
        let removed = removed.map(|gone| format!("removed by Mozilla {gone}"));
        let cells = [
            certificate.key().to_string(),
            until(root),
            start_of_sha256(certificate.sha256()),
        ];
        let name = root.short_name();
        let remarks = root
            .shown_limits()
            .into_iter()
            .chain(compromised)
            .chain(removed);
        (name, cells, remarks.collect())
    });
    table_with_remarks(&["root", "key", "until", "SHA-256"], rows, narrow)
}

/// The last day of its validity, if that can be read.
fn until(root: &InspectedRoot) -> String {
    not_after(root.root.certificate()).map_or_else(|| "unknown".to_owned(), iso_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_has_whole_remarks() {
        let history = History::load().unwrap();
        let roots = Source::Mozilla.compilable(&history, None).unwrap();
        let mut table = shown(&roots, &history, true);
        let shown = table.set_width(80).to_string();
        assert!(shown.lines().all(|line| line.chars().count() <= 80));
        let remark = |line: &str| line.trim_end() == "* distrust-after=2026-04-15T23:59:59Z";
        assert!(shown.lines().any(remark), "{shown}");
    }
}
