//! `scan --images-from`: each source of a list, with a line of JSON for each.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{counted, escape, rfc3339};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::outcome::{Outcome, Result};
use crate::output::Output;
use crate::registry::ScannedImage;
use crate::scan::exclude::ExcludeArguments;
use crate::scan::report::ScanReport;
use crate::scan::sources::{Sources, image};

#[derive(Args)]
#[command(next_help_heading = "Options for lists of images")]
pub(super) struct ListOptions {
    /// Scan what this file names, one a line, and write a line of JSON for each; `#` begins a comment
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["paths", "fail_on", "strict", "effective", "policy", "baseline", "format"]
    )]
    pub(super) images_from: Option<PathBuf>,
    /// Leave all but the part K of N, counted from 0, to other processes
    #[arg(
        long,
        value_name = "K/N",
        requires = "images_from",
        conflicts_with = "paths"
    )]
    shard: Option<Shard>,
    /// Write each line to a file of its own below this folder, and leave out what has one without errors
    #[arg(
        long,
        value_name = "DIR",
        requires = "images_from",
        conflicts_with = "paths"
    )]
    results: Option<PathBuf>,
}

/// A part of a list. What is in it depends on the names alone, so that a longer list moves nothing between parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    number: u64,
    count: u64,
}

/// What is known of one source.
#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    /// When it was scanned.
    time: String,
    /// Those of a registry. Several, if it is a name for several platforms and all were asked for.
    images: &'a [ScannedImage],
    report: ScanReport<'a>,
}

pub(super) fn run(
    list: &Path,
    options: &ListOptions,
    exclude: &ExcludeArguments,
    sources: &mut Sources<'_>,
    output: &mut Output,
) -> Result<Outcome> {
    let list = read(list)?;
    let list = list.iter().filter(|source| {
        let shard = options.shard;
        shard.is_none_or(|shard| shard.has(source))
    });
    let (mut scanned, mut done_before, mut failed) = (0_usize, 0_usize, 0_usize);
    for source in list {
        let file = options
            .results
            .as_deref()
            .map(|folder| place(folder, source));
        if file.as_deref().is_some_and(is_done) {
            done_before += 1;
            continue;
        }
        let path = PathBuf::from(source);
        let exclusions = Arc::new(exclude.exclusions()?);
        sources.workers.exclusions = Arc::clone(&exclusions);
        // Each for itself, so that nothing of one source is in memory or in the line of another.
        let (findings, images) = match image(&path) {
            Some(name) => sources.image(name),
            None => (sources.scan(&[path])?, Vec::new()),
        };
        let line = Line {
            source,
            time: rfc3339(output.now()),
            images: &images,
            report: ScanReport::new(&findings, &exclusions, sources.history, false),
        };
        scanned += 1;
        if let [first, ..] = line.report.errors {
            failed += 1;
            output.warn(&[escape(&first.to_string())])?;
        }
        match file {
            Some(file) => write(&file, &line).map_err(|why| in_file(&file, why))?,
            None => output.write_line(&line)?,
        }
    }
    sources.bar.clear();
    if options.results.is_some() {
        let counts = format!(
            "{} scanned, {failed} with errors, {done_before} done before",
            counted(scanned, "source")
        );
        output.say(&counts)?;
    }
    if failed > 0 {
        let count = counted(failed, "source");
        return Err(format!("{count} could not be read completely").into());
    }
    Ok(Outcome::Clean)
}

impl Shard {
    fn has(self, source: &str) -> bool {
        let digest = sha256(source.as_bytes());
        let start = digest
            .first_chunk()
            .map_or(0, |start| u64::from_be_bytes(*start));
        start % self.count == self.number
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, count)| number.parse().ok().zip(count.parse().ok()));
        match parts {
            Some((number, count)) if number < count => Ok(Self { number, count }),
            _ => Err("not K/N with K from 0 to N-1".to_owned()),
        }
    }
}

/// The longest line of a list.
const MOST_OF_LINE: u64 = 64 << 10;

/// The sources of a list, each once.
fn read(list: &Path) -> Result<Vec<String>> {
    let why = |why: io::Error| format!("{}: {why}", escape(&list.display().to_string()));
    let reader: Box<dyn Read> = if list == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(list).map_err(why)?)
    };
    let mut reader = BufReader::new(reader);
    let mut sources = Vec::new();
    let mut seen = HashSet::new();
    loop {
        let mut line = String::new();
        let count = { &mut reader }
            .take(MOST_OF_LINE)
            .read_line(&mut line)
            .map_err(why)?;
        if count == 0 {
            return Ok(sources);
        }
        if count as u64 == MOST_OF_LINE {
            return Err(why(io::Error::other("a line is too long")).into());
        }
        let source = line.trim();
        let is_source = !source.is_empty() && !source.starts_with('#');
        if is_source && seen.insert(sha256(source.as_bytes())) {
            sources.push(source.to_owned());
        }
    }
}

/// The file for a source. Folders of 256 parts, since there can be very many.
fn place(folder: &Path, source: &str) -> PathBuf {
    let name: String = hex(&sha256(source.as_bytes())).chars().take(32).collect();
    let part: String = name.chars().take(2).collect();
    folder.join(part).join(format!("{name}.json"))
}

/// Whether this file is the line of a source that was read to its end. What failed is tried again.
fn is_done(file: &Path) -> bool {
    #[derive(Deserialize)]
    struct Written {
        report: WrittenReport,
    }

    #[derive(Deserialize)]
    struct WrittenReport {
        errors: Vec<IgnoredAny>,
    }

    let content = fs::read(file).ok();
    let written: Option<Written> = content.and_then(|json| serde_json::from_slice(&json).ok());
    written.is_some_and(|written| written.report.errors.is_empty())
}

/// Writes a file that is there as a whole or not at all.
fn write(file: &Path, line: &Line<'_>) -> Result<()> {
    let folder = file.parent().ok_or("it has no folder")?;
    fs::create_dir_all(folder)?;
    // Also where processes of other machines, with the same numbers, write to the folder.
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let temporary = file.with_extension(format!("{}-{nanos}.tmp", process::id()));
    let written = write_new(&temporary, line).and_then(|()| Ok(fs::rename(&temporary, file)?));
    if written.is_err() {
        // The error is that of writing.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(file: &Path, line: &Line<'_>) -> Result<()> {
    let mut json = serde_json::to_vec(line)?;
    json.push(b'\n');
    let mut file = OpenOptions::new().write(true).create_new(true).open(file)?;
    file.write_all(&json)?;
    // Before it has its name, so that a crash leaves no file with less.
    file.sync_all()?;
    Ok(())
}

fn in_file(file: &Path, why: impl fmt::Display) -> String {
    format!("{}: {why}", escape(&file.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_zero() {
        for (text, number, count) in [("0/1", 0, 1), ("0/3", 0, 3), ("2/3", 2, 3)] {
            assert_eq!(text.parse(), Ok(Shard { number, count }));
        }
        for text in ["", "1", "1/1", "3/3", "0/0", "-1/3", "1/x", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_source_is_in_one_shard_for_good() {
        let shards: Vec<Shard> = (0..7).map(|number| Shard { number, count: 7 }).collect();
        let mut sizes = [0; 7];
        for nth in 0..7000 {
            let source = format!("registry:example.com/{nth}");
            let own: Vec<&Shard> = shards.iter().filter(|shard| shard.has(&source)).collect();
            assert_eq!(own.len(), 1, "{source}");
            sizes[usize::try_from(own[0].number).unwrap()] += 1;
        }
        assert!(
            sizes.iter().all(|size| (850..1150).contains(size)),
            "{sizes:?}"
        );
        // By Python's hashlib.
        assert!("1/7".parse::<Shard>().unwrap().has("registry:debian:12"));
    }
}
