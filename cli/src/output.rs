//! How results are written: for people, or as JSON.

use std::io::{self, Write};
use std::iter;
use std::time::SystemTime;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table};
use embedded_roots_bundle::digest::hex;
use rustls_pki_types::UnixTime;
use serde::Serialize;

use crate::day::Day;
use crate::outcome::Result;

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// As in GCC and Clang: yellow, and bold yellow even more, vanishes on a white background.
pub(crate) const WARNING: Style = AnsiColor::Magenta.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();

/// Standard output, and what the global options say of it.
pub(crate) struct Output {
    stream: AutoStream<io::Stdout>,
    json: bool,
    today: Option<Day>,
}

impl Output {
    pub(crate) fn new(json: bool, today: Option<Day>) -> Self {
        Self {
            stream: AutoStream::auto(io::stdout()),
            json,
            today,
        }
    }

    /// Writes a value as JSON if that was asked for, or else for people.
    pub(crate) fn write<T: Serialize>(
        &mut self,
        value: &T,
        for_people: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        if self.json {
            return self.write_json(value);
        }
        for_people(&mut self.stream)?;
        self.stream.flush()?;
        Ok(())
    }

    pub(crate) fn write_json<T: Serialize>(&mut self, value: &T) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.stream, value).map_err(io::Error::from)?;
        self.say("")
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn write_line<T: Serialize>(&mut self, value: &T) -> Result<()> {
        serde_json::to_writer(&mut self.stream, value).map_err(io::Error::from)?;
        self.say("")
    }

    /// Writes a line for people, with `--json`, too.
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        writeln!(self.stream, "{text}")?;
        self.stream.flush()?;
        Ok(())
    }

    /// Writes warnings to standard error.
    #[allow(clippy::unused_self, reason = "it is output")]
    pub(crate) fn warn(&self, warnings: &[String]) -> Result<()> {
        let mut stream = AutoStream::auto(io::stderr());
        for warning in warnings {
            writeln!(stream, "{WARNING}warning:{WARNING:#} {warning}")?;
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> UnixTime {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = UnixTime::since_unix_epoch(now.unwrap_or_default());
        self.today.unwrap_or(now)
    }
}

/// A table without lines, as wide as the terminal, or unlimited if it is none or its width is not known.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    if terminal_width().is_none() {
        table.force_no_tty();
    }
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    // Otherwise each line begins with a space.
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// The width of the terminal that standard output is. One that does not know it, as that of a serial
/// line, says 0.
fn terminal_width() -> Option<u16> {
    Table::new().width().filter(|width| *width > 0)
}

/// Whether standard output is a terminal on which a table has no place for all columns side by side.
pub(crate) fn is_narrow() -> bool {
    const WIDE: u16 = 120;

    terminal_width().is_some_and(|width| width < WIDE)
}

/// A table with remarks about its rows, each a first cell and others: in a last column, or below the first
/// cell where that would take half of a narrow terminal from the others.
pub(crate) fn table_with_remarks<const N: usize>(
    header: &[&str],
    rows: impl Iterator<Item = (String, [String; N], Vec<String>)>,
    narrow: bool,
) -> Table {
    let remarks = (!narrow).then_some("remarks");
    let header: Vec<&str> = header.iter().copied().chain(remarks).collect();
    let mut table = table(&header);
    for (first, others, remarks) in rows {
        let (first, remarks) = if narrow {
            (stacked(first, remarks), None)
        } else {
            (first, Some(remarks.join("; ")))
        };
        table.add_row(iter::once(first).chain(others).chain(remarks));
    }
    table
}

/// A cell with more below its first part. A table that breaks long lines would lose an indentation.
pub(crate) fn stacked(first: String, below: impl IntoIterator<Item = String>) -> String {
    let below = below.into_iter().map(|part| format!("\n* {part}"));
    first + &below.collect::<String>()
}

/// What a table has room for.
pub(crate) fn start_of_sha256(sha256: [u8; 32]) -> String {
    hex(&sha256).chars().take(16).collect()
}
