//! `scan`: which roots lie in files of any kind.

mod embedded_zip;
mod files;
mod filled;
mod found;
pub mod fuzzing;
mod known;
mod limits;
mod list_date;
mod location;
mod pem;
mod report;
mod sarif;
mod search;
mod union;
mod unpack;
mod zstd;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use self::limits::Limits;
use self::report::Report;
use self::search::Search;
pub(crate) use self::union::roots;
use self::unpack::{Container, Scan};
use crate::history::History;
use crate::output::{Output, counted};
use crate::{Outcome, Result};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Files, directories, archives and container images; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Exit with status 1 if such a root or certificate is found
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Write another format, for CI systems
    #[arg(long, conflicts_with = "json")]
    format: Option<Format>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    /// One that Mozilla has removed, or a compromised root or certificate
    Removed,
    /// A root or certificate whose private key is public, or that of an intermediate below it
    Compromised,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// SARIF 2.1.0: each removed root is a result, and each compromised root or certificate
    Sarif,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let progress = progress()?;
    let mut scan = Scan::new(Search::new(&history, progress.clone())?, Limits::default());
    let mut seen = files::Seen::default();
    for path in &arguments.paths {
        files::scan(path, &mut seen, &mut scan);
    }
    progress.finish_and_clear();
    let report = Report::new(&scan, &history);
    match arguments.format {
        Some(Format::Sarif) => output.write(&(), |out| {
            serde_json::to_writer_pretty(&mut *out, &sarif::log(&report))?;
            writeln!(out)
        })?,
        None => output.write(&report, |out| report.show(out))?,
    }
    if !report.errors.is_empty() {
        let count = counted(report.errors.len(), "place");
        return Err(format!("{count} could not be read, or not to the end").into());
    }
    Ok(match arguments.fail_on {
        Some(FailOn::Compromised) if report.has_compromised() => Outcome::Findings,
        Some(FailOn::Removed) if report.has_compromised() || report.has_removed() => {
            Outcome::Findings
        }
        _ => Outcome::Clean,
    })
}

/// Whether a file that begins like this is an archive, or compressed.
#[must_use]
pub fn is_archive(head: &[u8]) -> bool {
    Container::of(head).is_some()
}

/// Shown on standard error, if that is a terminal.
fn progress() -> Result<ProgressBar> {
    let style = "{spinner} {binary_bytes} ({binary_bytes_per_sec}) {wide_msg}";
    Ok(ProgressBar::new_spinner().with_style(ProgressStyle::with_template(style)?))
}
