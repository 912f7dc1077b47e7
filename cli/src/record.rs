//! How data/history.pem.gz, data/removals.toml and data/email.toml are written. `cargo xtask history`, which writes and checks
//! them, compiles this file too.

use std::fmt;

use serde::Deserialize;

/// The parts of the history: a header, then each certificate with lines before it.
pub(crate) fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
}

/// When a certificate was in Mozilla's list, as the lines before it say: days YYYY-MM-DD.
pub(crate) struct Days<'a> {
    /// The first release with it.
    pub(crate) first: &'a str,
    /// The last release with it.
    pub(crate) last: &'a str,
    /// The first release without it; none if the newest has it.
    pub(crate) gone: Option<&'a str>,
}

impl<'a> Days<'a> {
    /// Of the text before a certificate.
    pub(crate) fn from_text(text: &'a str) -> Result<Self, String> {
        Ok(Self {
            first: value(text, FIRST).ok_or("no first")?,
            last: value(text, LAST).ok_or("no last")?,
            gone: value(text, GONE),
        })
    }
}

/// The lines.
impl fmt::Display for Days<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {FIRST}: {}", self.first)?;
        writeln!(f, "# {LAST}: {}", self.last)?;
        match self.gone {
            Some(gone) => writeln!(f, "# {GONE}: {gone}"),
            None => Ok(()),
        }
    }
}

/// The value of a line `# KEY: VALUE`.
pub(crate) fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    lines.find_map(|line| {
        line.strip_prefix("# ")?
            .strip_prefix(key)?
            .strip_prefix(": ")
    })
}

/// Why certificates have been removed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removals {
    #[serde(default)]
    pub(crate) removal: Vec<Removal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removal {
    /// The digests of the certificates, in lower-case hexadecimal digits.
    pub(crate) sha256: Vec<String>,
    pub(crate) reason: String,
    /// Where that is told.
    pub(crate) source: String,
}

/// The roots of Mozilla's list that are not for servers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some members are for readers of the file")]
pub(crate) struct NotForServers {
    /// Where the list is from.
    source: String,
    licence: String,
    /// The day of that.
    as_of: String,
    /// The digests of the certificates, in lower-case hexadecimal digits.
    pub(crate) roots: Vec<String>,
}

const FIRST: &str = "first";
const LAST: &str = "last";
const GONE: &str = "gone";
