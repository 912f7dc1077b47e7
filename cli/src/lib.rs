//! The program `embedded-roots`: which root certificates a program, bundle, image or server trusts. The
//! package's README describes it.
//!
//! This library exists for the program and for the fuzz targets of its repository. It has no stable
//! API; programs use the crate `embedded-roots`.

mod check;
mod compromise;
mod day;
mod diff;
mod explain;
mod finder;
mod forecast;
mod history;
mod input;
#[doc(hidden)]
pub mod interop;
mod list;
mod markup;
mod outcome;
mod output;
mod place;
mod programs;
mod progress;
mod record;
mod registry;
mod root;
mod sarif;
mod scan;
mod signature;
mod source;

#[doc(hidden)]
pub use crate::check::elsewhere::recognised;
#[doc(hidden)]
pub use crate::finder::fuzzing;
#[doc(hidden)]
pub use crate::input::as_pem;

use std::error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use embedded_roots_bundle::escape;

use crate::outcome::{Outcome, Result};
use crate::output::Output;

/// Which root certificates a program, bundle, image or server trusts
///
/// Exit status: 0 if all is well, 1 if there are findings, 2 after an error.
#[derive(Parser)]
#[command(name = "embedded-roots", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Write JSON, by the schema in the README
    #[arg(long, global = true)]
    json: bool,
    /// Judge dates as of this day (YYYY-MM-DD) instead of today
    #[arg(long, global = true, value_name = "DAY", value_parser = day::parse_day)]
    today: Option<day::Day>,
}

#[derive(Subcommand)]
enum Command {
    /// Show roots: of a file, of a bundle, or of the operating system
    List(list::Arguments),
    /// Check whether a PEM file would compile, and warn of doubtful certificates
    Check(check::Arguments),
    /// Show which roots were added, removed, or have other limits
    Diff(diff::Arguments),
    /// Show what a server sends, and why it is trusted or not
    Explain(explain::Arguments),
    /// Show until when roots are trusted, as far as that is known today
    Forecast(forecast::Arguments),
    /// Find roots in programs, files, directories, archives and container images
    Scan(scan::Arguments),
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man page (roff)
    Man,
}

/// Runs the program with the arguments of the process, and returns its exit status.
#[doc(hidden)]
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|why| escaped(why).exit());
    match run(&arguments) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut shown = error.to_string();
            let mut next = error.source();
            while let Some(cause) = next {
                shown = format!("{shown}: {cause}");
                next = cause.source();
            }
            anstream::eprintln!("{}error:{:#} {shown}", output::ERROR, output::ERROR);
            ExitCode::from(2)
        }
    }
}

/// An error about arguments that shows them escaped.
fn escaped(mut error: clap::Error) -> clap::Error {
    let texts = error.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) => Some((kind, text.clone(), escape(text))),
        _ => None,
    });
    let texts: Vec<_> = texts.filter(|(_, text, escaped)| text != escaped).collect();
    for (kind, _, text) in texts {
        error.insert(kind, ContextValue::String(text));
        // It repeats the argument.
        error.insert(ContextKind::Suggested, ContextValue::None);
    }
    error
}

fn run(arguments: &Arguments) -> Result<Outcome> {
    let mut output = Output::new(arguments.json, arguments.today);
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, &mut output),
        Command::Check(arguments) => check::run(arguments, &mut output),
        Command::Diff(arguments) => diff::run(arguments, &mut output),
        Command::Explain(arguments) => explain::run(arguments, &mut output),
        Command::Forecast(arguments) => forecast::run(arguments, &mut output),
        Command::Scan(arguments) => scan::run(arguments, &mut output),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            let mut text = Vec::new();
            // It panics where its output cannot be written.
            clap_complete::generate(*shell, &mut command, "embedded-roots", &mut text);
            write(&text)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut text)?;
            write(&text)
        }
    }
}

/// Writes what is the same with `--json`.
fn write(text: &[u8]) -> Result<Outcome> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()?;
    Ok(Outcome::Clean)
}

/// `embedded-roots list | head` ends without an error.
fn is_closed_pipe(error: &(dyn error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
