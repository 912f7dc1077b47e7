//! `scan`: which roots lie in files of any kind.

mod list;
mod report;
mod sarif;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use embedded_roots_bundle::counted;

use crate::finder::parallel::Workers;
use crate::finder::search::Search;
use crate::finder::unpack::{Findings, Scan};
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
    /// How many threads search, in place of one for each core; the report is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Count only what the containers of images see: not what an upper layer deletes or replaces
    #[arg(long)]
    effective: bool,
    /// What decompressors may keep of their output: xz -9 needs 65, Zstandard twice the window
    #[arg(long, value_name = "MIB", default_value_t = 40, value_parser = clap::value_parser!(u32).range(8..))]
    memory: u32,
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
    let bar = Bar::new()?;
    let mut workers = Workers::default();
    workers.limits.in_memory = u64::from(arguments.memory) << 20;
    if let Some(threads) = arguments.threads {
        workers.threads = threads;
    }
    let mut sources = Sources {
        workers,
        registries: Registries::new(&arguments.registry, &history),
        history: &history,
        bar: &bar,
    };
    if let Some(list) = &arguments.list.images_from {
        return list::run(list, &arguments.list, &mut sources, output);
    }
    let findings = sources.scan(&arguments.paths)?;
    bar.clear();
    let report = ScanReport::new(&findings, &history, arguments.effective);
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

/// What reads the sources of a command line or of a list.
struct Sources<'s> {
    workers: Workers,
    registries: Registries<'s>,
    history: &'s History,
    bar: &'s Bar,
}

impl<'s> Sources<'s> {
    fn scan(&mut self, paths: &[PathBuf]) -> Result<Findings<'s>> {
        let mut all = Findings::default();
        let is_image = |path: &PathBuf| image(path).is_some();
        for group in paths.chunk_by(|one, other| !is_image(one) && !is_image(other)) {
            match group.first().and_then(|path| image(path)) {
                Some(name) => all.add(self.image(name)?.0),
                None => all.add(self.workers.scan(group, self.history, self.bar)?),
            }
        }
        Ok(all)
    }

    /// Scans an image in a registry.
    fn image(&mut self, name: &str) -> Result<(Findings<'s>, Vec<ScannedImage>)> {
        let search = Search::new(self.history, self.bar)?;
        let mut scan = Scan::new(search, self.workers.limits.clone());
        let images = self.registries.scan(name, &mut scan);
        Ok((scan.take_findings(), images))
    }
}

/// The name of an image in a registry, if this is one.
fn image(source: &Path) -> Option<&str> {
    source.to_str().filter(|name| name.starts_with(PREFIX))
}
