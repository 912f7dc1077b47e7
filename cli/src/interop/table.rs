//! The measured data, `data/interop.toml`.

use serde::Deserialize;

use crate::outcome::Result;

/// What verifiers make of roots, and what readers make of files with roots.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    /// The day of the newest measurement.
    pub as_of: String,
    /// Programs that verify the chain of a server.
    #[serde(rename = "verifier")]
    pub verifiers: Vec<Program>,
    /// Programs that read a PEM file.
    #[serde(rename = "reader")]
    pub readers: Vec<Program>,
    /// Roots, with the chain of a server that leads to them.
    #[serde(rename = "shape")]
    pub shapes: Vec<Shape>,
    /// PEM files.
    #[serde(rename = "file")]
    pub files: Vec<File>,
}

/// A version of a program, or a way to use it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Such as `python-3.13`.
    pub id: String,
    /// Such as `Python`, which several versions have.
    pub name: String,
    /// Such as `3.13 and later`.
    pub versions: String,
    /// Whether it is what one of the common programs does unless it is told otherwise.
    #[serde(default)]
    pub default: bool,
    /// Of a reader that does not take all certificates of a file.
    pub takes: Option<ReaderScope>,
    /// The day on which it ran.
    pub date: String,
    /// The function or command, and the package.
    pub how: String,
}

/// What a reader takes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReaderScope {
    /// The first certificate.
    First,
}

/// A root, or several, with the chain of a server below it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Such as `no-key-usage`.
    pub id: String,
    /// What has this shape.
    pub of: Subject,
    /// What is special about it.
    pub what: String,
    #[serde(default)]
    refused: Vec<RefusalCell>,
    #[serde(default)]
    unknown: Vec<String>,
}

/// What has a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A root.
    Certificate,
    /// A root that is the certificate of a server.
    Server,
    /// Several roots together.
    Bundle,
    /// A root together with what a server sends.
    Chain,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusalCell {
    by: Vec<String>,
    words: String,
}

/// A PEM file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Such as `byte-order-mark`.
    pub id: String,
    /// How many certificates it has.
    pub roots: usize,
    /// What is special about it.
    pub what: String,
    #[serde(default)]
    differs: Vec<ReadingCell>,
    #[serde(default)]
    unknown: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadingCell {
    by: Vec<String>,
    roots: usize,
    words: Option<String>,
}

/// What a verifier makes of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It trusts the server.
    Accepted,
    /// It does not, and says why.
    Refused(&'a str),
}

/// What a reader makes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// How many certificates it takes.
    pub roots: usize,
    /// Its error.
    pub words: Option<&'a str>,
}

impl Table {
    /// Reads the data of the program.
    ///
    /// # Errors
    ///
    /// If the data is damaged.
    pub fn load() -> Result<Self> {
        Ok(toml::from_str(include_str!("../../data/interop.toml"))?)
    }
}

impl Shape {
    /// What a verifier makes of it; none if that is not known.
    #[must_use]
    pub fn verdict(&self, verifier: &Program) -> Option<Verdict<'_>> {
        if self.unknown.contains(&verifier.id) {
            return None;
        }
        let mut refused = self.refused.iter();
        let refused = refused.find(|refused| refused.by.contains(&verifier.id));
        Some(refused.map_or(Verdict::Accepted, |refused| {
            Verdict::Refused(&refused.words)
        }))
    }

    /// The verifiers that the data names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let refused = self.refused.iter().flat_map(|refused| &refused.by);
        refused.chain(&self.unknown).map(String::as_str)
    }
}

impl File {
    /// What a reader makes of it; none if that is not known.
    #[must_use]
    pub fn reading(&self, reader: &Program) -> Option<Reading<'_>> {
        if self.unknown.contains(&reader.id) {
            return None;
        }
        let mut differs = self.differs.iter();
        let differs = differs.find(|taken| taken.by.contains(&reader.id));
        Some(match differs {
            Some(taken) => Reading {
                roots: taken.roots,
                words: taken.words.as_deref(),
            },
            None => Reading {
                roots: self.expected(reader),
                words: None,
            },
        })
    }

    /// How many certificates a reader takes of a file of which it loses none.
    #[must_use]
    pub fn expected(&self, reader: &Program) -> usize {
        match reader.takes {
            Some(ReaderScope::First) => self.roots.min(1),
            None => self.roots,
        }
    }

    /// The readers that the data names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let differs = self.differs.iter().flat_map(|taken| &taken.by);
        differs.chain(&self.unknown).map(String::as_str)
    }
}
