//! `scan`: which roots lie in files of any kind.

mod list;
mod report;
mod sarif;

use std::path::{Path, PathBuf};

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
use crate::registry::{PREFIX, Registries, RegistryOptions, ScannedImage};
use crate::sarif::Format;
use crate::scan::list::ListOptions;
use crate::scan::report::ScanReport;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Files, directories, archives and container images; `-` is standard input, and
    /// `registry:HOST/NAME:TAG` is an image in a registry
    #[arg(required_unless_present = "images_from")]
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
    list: ListOptions,
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
    let mut registries = Registries::new(&arguments.registry, &history);
    if let Some(list) = &arguments.list.images_from {
        return list::run(list, &arguments.list, &mut registries, &history, output);
    }
    let bar = Bar::new()?;
    let mut scan = Scan::new(Search::new(&history, &bar)?, ScanLimits::default());
    let mut seen = files::VisitedFiles::default();
    for path in &arguments.paths {
        scan_source(path, &mut registries, &mut seen, &mut scan);
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

/// Scans what an argument names, and returns the images, if it is of a registry.
fn scan_source(
    source: &Path,
    registries: &mut Registries<'_>,
    seen: &mut files::VisitedFiles,
    scan: &mut Scan<'_>,
) -> Vec<ScannedImage> {
    if let Some(name) = source.to_str().filter(|name| name.starts_with(PREFIX)) {
        return registries.scan(name, scan);
    }
    files::scan(source, seen, scan);
    Vec::new()
}
