//! `scan`: which roots lie in files of any kind.

mod report;
mod sarif;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use embedded_roots_bundle::counted;

use crate::finder::cache::Cache;
use crate::finder::parallel::Workers;
use crate::history::History;
use crate::outcome::{Outcome, Result};
use crate::output::Output;
use crate::progress::Bar;
use crate::sarif::Format;
use crate::scan::report::ScanReport;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Files, directories, archives and container images; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Exit with status 1 if such a root or certificate is found
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Exit with status 2 if something was not looked into, or could not be read
    #[arg(long)]
    strict: bool,
    /// How many threads search, in place of one for each core; the report is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Keep the results for layers and archives in this folder, and use those that are there
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// What decompressors may keep of their output: xz -9 needs 65, Zstandard twice the window
    #[arg(long, value_name = "MIB", default_value_t = 40, value_parser = clap::value_parser!(u32).range(8..))]
    memory: u32,
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

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let bar = Bar::new()?;
    let mut workers = Workers::default();
    workers.limits.in_memory = u64::from(arguments.memory) << 20;
    if let Some(threads) = arguments.threads {
        workers.threads = threads;
    }
    if let Some(folder) = &arguments.cache {
        workers.cache = Some(Arc::new(Cache::open(folder, &workers.limits, &[])?));
    }
    let findings = workers.scan(&arguments.paths, &history, &bar)?;
    bar.clear();
    output.warn(&findings.warnings)?;
    let report = ScanReport::new(&findings, &history);
    match arguments.format {
        Some(Format::Sarif) => output.write_json(&sarif::log(&report))?,
        None => output.write(&report, |out| report.show(out))?,
    }
    let is_found = match arguments.fail_on {
        Some(FailOn::Compromised) => report.has_compromised(),
        Some(FailOn::Removed) => report.has_compromised() || report.has_removed(),
        None => false,
    };
    let unread = report.unread.len() + report.errors.len();
    if arguments.strict && unread > 0 {
        let count = counted(unread, "place");
        return Err(format!("{count} could not be read, or not to the end").into());
    }
    if is_found {
        return Ok(Outcome::Findings);
    }
    if !report.errors.is_empty() {
        let count = counted(report.errors.len(), "place");
        return Err(format!("{count} could not be read, or not to the end").into());
    }
    Ok(Outcome::Clean)
}
