//! `scan`: which roots lie in files of any kind.

mod baseline;
mod cyclonedx;
mod exclude;
mod finding;
mod findings;
mod html;
mod list;
mod policy;
mod report;
mod sarif;
mod show;
mod sources;
mod timeline;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;

use embedded_roots_bundle::counted;

use crate::finder::cache::Cache;
use crate::finder::parallel::Workers;
use crate::finder::search::Search;
use crate::history::History;
use crate::input::opened::Passwords;
use crate::outcome::{Outcome, Result};
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::{Registries, RegistryOptions};
use crate::scan::baseline::Baseline;
use crate::scan::exclude::ExcludeArguments;
use crate::scan::finding::FindingKind;
use crate::scan::findings::ListedFindings;
use crate::scan::list::ListOptions;
use crate::scan::policy::Policy;
use crate::scan::report::ScanReport;
use crate::scan::sources::Sources;

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
    /// The number of threads [default: one for each core]; the report is the same
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Keep the results for layers and archives in this folder, and use those that are there
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Do not count files that an upper layer of an image deletes or replaces
    #[arg(long)]
    effective: bool,
    /// What decompressors may keep of their output: xz -9 needs 65, Zstandard twice the window
    #[arg(long, value_name = "MIB", default_value_t = 40, value_parser = clap::value_parser!(u32).range(8..))]
    memory: u32,
    #[command(flatten)]
    exclude: ExcludeArguments,
    /// Exit with status 1 if a root is where this policy forbids it, or is not where it has to be (TOML)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Findings that are in this earlier output of --json do not count for the exit status
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The file whose first line is a password for key stores, which is tried before `changeit`, the empty one and
    /// `changeme`
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write another format, for CI systems
    #[arg(long, conflicts_with = "json")]
    format: Option<Format>,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    registry: RegistryOptions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// SARIF 2.1.0: each finding is a result
    Sarif,
    /// `CycloneDX` 1.6: each certificate is a component, with its places
    #[value(name = "cyclonedx")]
    CycloneDx,
    /// A page for people, in one file
    Html,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    /// One that Mozilla has removed, or a compromised root or certificate
    Removed,
    /// A root or certificate whose private key is public, or that of an intermediate below it
    Compromised,
}

/// What is found, and with a policy or a baseline also how each finding counts.
#[derive(Serialize)]
struct WholeReport<'a> {
    #[serde(flatten)]
    report: &'a ScanReport<'a>,
    #[serde(flatten)]
    findings: Option<&'a ListedFindings<'a>>,
}

impl Arguments {
    /// Whether there are findings that make the exit status 1.
    fn fails(&self, findings: &ListedFindings<'_>) -> bool {
        let by_list: &[FindingKind] = match self.fail_on {
            Some(FailOn::Compromised) => &[FindingKind::Compromised],
            Some(FailOn::Removed) => &[FindingKind::Compromised, FindingKind::Removed],
            None => &[],
        };
        let by_policy = [FindingKind::Forbidden, FindingKind::Missing];
        let mut kinds = by_policy.iter().chain(by_list);
        kinds.any(|kind| findings.has_new(*kind))
    }
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let policy = arguments.policy.as_deref();
    let policy = policy
        .map(|file| Policy::read(file, &history))
        .transpose()?;
    let baseline = arguments.baseline.as_deref();
    let baseline = baseline.map(Baseline::read).transpose()?;
    let exclusions = Arc::new(arguments.exclude.exclusions()?);
    let bar = Bar::new()?;
    let mut workers = Workers {
        exclusions: Arc::clone(&exclusions),
        ..Workers::default()
    };
    workers.passwords = Passwords::from_file(arguments.password_file.as_deref())?;
    workers.limits.in_memory = u64::from(arguments.memory) << 20;
    if let Some(threads) = arguments.threads {
        workers.threads = threads;
    }
    if let Some(folder) = &arguments.cache {
        if exclusions.is_empty() && arguments.password_file.is_none() {
            workers.cache = Some(Arc::new(Cache::open(folder, &workers.limits)?));
        } else {
            let why = "the cache is not used: patterns and a password may change what is found";
            output.warn(&[why.to_owned()])?;
        }
    }
    let mut sources = Sources {
        workers,
        registries: Registries::new(&arguments.registry, &history),
        search: Search::new(&history, &bar)?,
        history: &history,
        bar: &bar,
    };
    if let Some(list) = &arguments.list.images_from {
        return list::run(
            list,
            &arguments.list,
            &arguments.exclude,
            &mut sources,
            output,
        );
    }
    let scan = sources.scan(&arguments.paths)?;
    bar.clear();
    output.warn(&scan.warnings)?;
    let report = ScanReport::new(&scan, &exclusions, &history, arguments.effective);
    let findings = ListedFindings::new(
        &report,
        policy.as_ref(),
        baseline.as_ref(),
        &history,
        output.now(),
    )?;
    match arguments.format {
        Some(Format::Sarif) => {
            output.write_json(&sarif::log(&report, &findings, policy.as_ref()))?;
        }
        Some(Format::CycloneDx) => {
            output.write_json(&cyclonedx::document(&report, &scan, &history))?;
        }
        Some(Format::Html) => {
            let page = html::page(&report, &findings);
            output.write(&page, |out| out.write_all(page.as_bytes()))?;
        }
        None => {
            let report = WholeReport {
                report: &report,
                findings: (policy.is_some() || baseline.is_some()).then_some(&findings),
            };
            output.write(&report, |out| report.report.show(&findings, out))?;
        }
    }
    let is_found = arguments.fails(&findings);
    let unreadable = |count| {
        let count = counted(count, "place");
        Err(format!("{count} could not be read completely").into())
    };
    match (report.errors.len(), report.unread.len()) {
        (errors, unread) if arguments.strict && errors + unread > 0 => unreadable(errors + unread),
        _ if is_found => Ok(Outcome::Findings),
        (0, _) => Ok(Outcome::Clean),
        (errors, _) => unreadable(errors),
    }
}
