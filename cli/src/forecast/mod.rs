//! `forecast`: until when roots are trusted, as far as that is known today.

mod report;
mod sarif;
mod timeline;

use clap::{Args, ValueEnum};

use crate::finder::parallel::Workers;
use crate::finder::search::Search;
use crate::finder::union;
use crate::forecast::report::Report;
use crate::history::History;
use crate::outcome::{Outcome, Result};
use crate::output::Output;
use crate::programs::PublicLists;
use crate::progress::Bar;
use crate::registry::{PREFIX, Registries, RegistryOptions};
use crate::source::{Side, Source};

#[derive(Args)]
pub(crate) struct Arguments {
    /// `mozilla`, `mozilla@YYYY-MM-DD`, `chrome`, `microsoft`, `system`, a PEM file, a program, archive, image or directory,
    /// or `registry:HOST/NAME:TAG`
    ///
    /// A PEM file has to compile. Any other file is searched like `scan` does, and so are a directory and an image; one
    /// that cannot be read to its end is an error.
    #[arg(default_value = "mozilla")]
    source: Source,
    /// Exit with status 1 if a date of a root is within this time, or trust in it has ended: `180d`
    #[arg(long, value_name = "DAYS", value_parser = days)]
    within: Option<u32>,
    /// Write another format
    #[arg(long, conflicts_with = "json")]
    format: Option<Format>,
    #[command(flatten)]
    registry: RegistryOptions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// SARIF 2.1.0: each root with a date within the time is a result
    Sarif,
    /// SVG: when how many roots end, by what ends them
    Svg,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome> {
    let history = History::load()?;
    let bar = Bar::new()?;
    let side = side(arguments, &history, &bar);
    bar.clear();
    let side = side?;
    output.warn(&arguments.source.warnings(&side.roots))?;
    let lists = PublicLists::load(&history)?;
    let report = Report::new(
        &arguments.source,
        &side,
        &lists,
        output.now(),
        arguments.within,
    );
    match arguments.format {
        Some(Format::Sarif) => output.write_json(&sarif::log(&report))?,
        Some(Format::Svg) => {
            let picture = timeline::picture(&report);
            output.write(&(), |out| out.write_all(picture.as_bytes()))?;
        }
        None => output.write(&report, |out| report.show(out))?,
    }
    Ok(Outcome::from_findings(report.is_due()))
}

fn side(arguments: &Arguments, history: &History, bar: &Bar) -> Result<Side> {
    let name = arguments.source.to_string();
    if !name.starts_with(PREFIX) {
        return arguments.source.side(history, bar);
    }
    let search = Search::new(history, bar)?;
    let mut registries = Registries::new(&arguments.registry, history);
    let mut scan = Workers::default().one(&search);
    registries.scan(&name, &mut scan);
    Ok(union::of_findings(&scan.take_findings(), &name)?.into())
}

/// `180d`, or the number alone.
fn days(text: &str) -> std::result::Result<u32, String> {
    let days = text.strip_suffix('d').unwrap_or(text).parse();
    days.map_err(|_| "expected a number of days, such as 180d".to_owned())
}
