//! What `--exclude`, `--exclude-from` and `.embedded-rootsignore` leave out.

use std::path::{Path, PathBuf};
use std::{env, fmt, io};

use clap::Args;
use embedded_roots_bundle::{counted, escape, read_file_up_to};
use serde::Serialize;

use crate::finder::pattern::{Exclusions, Pattern, Patterns};
use crate::outcome::Result;

#[derive(Args)]
pub(super) struct ExcludeArguments {
    /// Leave out what matches, in the syntax of .gitignore; can be repeated
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Leave out what the patterns of this file match, as those of .embedded-rootsignore in the current directory; can
    /// be repeated
    #[arg(long, value_name = "FILE")]
    exclude_from: Vec<PathBuf>,
}

/// A pattern that has excluded something.
#[derive(Serialize)]
pub(super) struct Exclusion<'a> {
    pattern: &'a str,
    pub(super) places: u64,
}

/// Read without an option, as .gitignore is.
const IGNORE_FILE: &str = ".embedded-rootsignore";
const MAX_SIZE: u64 = 1024 * 1024;

impl ExcludeArguments {
    /// The last pattern that matches decides: those of the command line come last.
    pub(super) fn exclusions(&self) -> Result<Exclusions> {
        let mut patterns = Vec::new();
        match read_file_up_to(Path::new(IGNORE_FILE), MAX_SIZE) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            content => add_lines(&mut patterns, Path::new(IGNORE_FILE), content)?,
        }
        for file in &self.exclude_from {
            add_lines(&mut patterns, file, read_file_up_to(file, MAX_SIZE))?;
        }
        for text in &self.exclude {
            let pattern = Pattern::from_line(text);
            let why = || format!("--exclude {}: matches nothing", escape(text));
            patterns.push(pattern.ok_or_else(why)?);
        }
        if patterns.is_empty() {
            return Ok(Exclusions::default());
        }
        let patterns = Patterns::new(patterns, env::current_dir()?);
        Ok(Exclusions::new(patterns.map_err(|why| escape(&why))?))
    }
}

impl<'a> Exclusion<'a> {
    pub(super) fn all(exclusions: &'a Exclusions) -> Vec<Self> {
        let counts = exclusions.counts();
        let counts = counts.map(|(pattern, places)| Self {
            pattern: &pattern.text,
            places,
        });
        counts.collect()
    }
}

/// For a log.
impl fmt::Display for Exclusion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = counted(self.places, "place");
        write!(f, "{count} excluded by {}", escape(self.pattern))
    }
}

fn add_lines(patterns: &mut Vec<Pattern>, file: &Path, content: io::Result<Vec<u8>>) -> Result<()> {
    let in_context = |why: &dyn std::fmt::Display| {
        let name = file.display().to_string();
        format!("{}: {why}", escape(&name))
    };
    let content = content.map_err(|why| in_context(&why))?;
    let text = std::str::from_utf8(&content).map_err(|why| in_context(&why))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for line in text.split('\n') {
        patterns.extend(Pattern::from_line(line));
    }
    Ok(())
}
