//! What a check has found.

use std::fmt;
use std::io::{self, Write};

use embedded_roots_bundle::counted;
use serde::Serialize;

use crate::interop::Opinion;
use crate::output::{ERROR, GOOD, WARNING};
use crate::place::Place;
use crate::root::InspectedRoot;

#[derive(Serialize)]
pub(super) struct Check<'a> {
    pub(super) command: &'static str,
    pub(super) file: String,
    pub(super) history_as_of: &'a str,
    pub(super) roots: usize,
    /// A build with this file fails with the first of them.
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<Warning<Doubt>>,
    /// What the programs of `--for` make of it.
    pub(super) programs: Vec<Warning<Opinion<'a>>>,
}

/// About a certificate, or about the file as a whole.
#[derive(Serialize)]
pub(super) struct Warning<T> {
    /// That of the certificate, or of text.
    #[serde(flatten, skip_serializing_if = "Place::is_unknown")]
    pub(super) place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    #[serde(flatten)]
    pub(super) doubt: T,
}

#[derive(Serialize)]
pub(super) struct Doubt {
    /// One of `compromised`, `expired`, `expires`, `validity`, `weak-key`, `weak-signature`, `removed`, `version`,
    /// `no-basic-constraints`, `server`, `duplicate-key`, `limit-not-applied`, `limit-escaped`,
    /// `distrusted`, `form`, `unusable`, `browsers`, `other-programs`.
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The kind of what other programs make of a file.
pub(super) const OTHER_PROGRAMS: &str = "other-programs";

impl Check<'_> {
    pub(super) fn is_clean(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_empty() && self.programs.is_empty()
    }

    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let file = &self.file;
        for error in &self.errors {
            writeln!(out, "{ERROR}error:{ERROR:#} {error}")?;
        }
        for warning in &self.warnings {
            writeln!(out, "{WARNING}warning:{WARNING:#} {file}{warning}")?;
        }
        for opinion in &self.programs {
            writeln!(out, "{WARNING}elsewhere:{WARNING:#} {file}{opinion}")?;
        }
        let summary = [
            counted(self.roots, "root"),
            counted(self.errors.len(), "error"),
            counted(self.warnings.len(), "warning"),
        ];
        let style = if self.is_clean() {
            GOOD
        } else {
            anstyle::Style::new()
        };
        writeln!(out, "{style}{}{style:#}", summary.join(", "))
    }
}

impl<T> Warning<T> {
    pub(super) fn new(root: &InspectedRoot, doubt: T) -> Self {
        Self {
            place: root.place,
            subject: Some(root.certificate.subject().to_owned()),
            doubt,
        }
    }

    pub(super) fn of_file(place: Place, doubt: T) -> Self {
        Self {
            place,
            subject: None,
            doubt,
        }
    }
}

/// What follows the name of the file.
impl<T: fmt::Display> fmt::Display for Warning<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place.after_name())?;
        if let Some(subject) = &self.subject {
            write!(f, ": {subject}")?;
        }
        write!(f, ": {}", self.doubt)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
