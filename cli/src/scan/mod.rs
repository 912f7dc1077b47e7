//! `scan`: which roots lie in files of any kind.

mod report;
mod sarif;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use embedded_roots_bundle::counted;

use crate::finder::files;
use crate::finder::limits::ScanLimits;
use crate::finder::search::Search;
use crate::finder::unpack::Scan;
use crate::history::History;
use crate::outcome::{Outcome, Result};
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::{PREFIX, Registries, RegistryOptions};
use crate::sarif::Format;
use crate::scan::report::ScanReport;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Files, directories, archives and container images; `-` is standard input, and
    /// `registry:HOST/NAME:TAG` is an image in a registry
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Exit with status 1 if such a root or certificate is found
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Exit with status 2 if something was not looked into, or could not be read
    #[arg(long)]
    strict: bool,
    /// Write another format, for CI systems
    #[arg(long, conflicts_with = "json")]
    format: Option<Format>,
    #[command(flatten)]
    registry: RegistryOptions,
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
    let mut scan = Scan::new(Search::new(&history, &bar)?, ScanLimits::default());
    let mut seen = files::VisitedFiles::default();
    let mut registries = Registries::new(&arguments.registry, &history);
    for path in &arguments.paths {
        match path.to_str().filter(|name| name.starts_with(PREFIX)) {
            Some(name) => drop(registries.scan(name, &mut scan)),
            None => files::scan(path, &mut seen, &mut scan),
        }
    }
    bar.clear();
    let report = ScanReport::new(&scan, &history);
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
