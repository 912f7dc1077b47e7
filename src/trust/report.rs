//! What is in force, and where it came from.

use std::borrow::Cow;
use std::fmt;

use embedded_roots_bundle::{rfc3339, show_name_constraints};

use crate::bundle::Bundle;
use crate::bundle::anchor::Anchor;
use crate::source::Origin;

/// What is in force, and where it came from.
///
/// `Display` is for a log, one line a source:
///
/// ```text
/// bundle mozilla: 118 roots; within limits: "CN=Izenpe.com, O=IZENPE S.A., C=ES" distrust-after=2026-04-15T23:59:59Z, ...
/// file /run/secrets/corp.pem: 1 root
/// system store (/etc/ssl/certs/ca-certificates.crt): 144 roots, 117 known already; skipped: ...
/// ```
///
/// With the feature `serde` it can be serialized, as an array of its sources.
#[derive(Debug, Clone, Default)]
pub struct Report {
    sources: Vec<SourceReport>,
}

impl Report {
    /// The sources, in the order in which they were asked.
    #[must_use]
    pub fn sources(&self) -> &[SourceReport] {
        &self.sources
    }

    pub(super) fn new(sources: Vec<SourceReport>) -> Self {
        Self { sources }
    }

    /// Or the store that the user has put in its place.
    pub(super) fn system_was_asked(&self) -> bool {
        self.sources.iter().any(|source| source.is_system)
    }

    /// Each source with its count, for a message.
    pub(super) fn in_short(&self) -> String {
        let mut short = String::new();
        for source in &self.sources {
            if !short.is_empty() {
                short.push_str(", ");
            }
            short.push_str(&counted(&source.origin, source.roots));
        }
        short
    }

    /// Of a bundle alone.
    pub(super) fn of(bundle: &Bundle) -> Self {
        let mut report = SourceReport::new(&Origin::Bundle(*bundle), bundle.len());
        bundle
            .anchors()
            .iter()
            .for_each(|anchor| report.note(anchor));
        Self {
            sources: vec![report],
        }
    }
}

pub(super) fn counted(origin: impl fmt::Display, roots: usize) -> String {
    let plural = if roots == 1 { "" } else { "s" };
    format!("{origin} ({roots} root{plural})")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, source) in self.sources.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            source.fmt(f)?;
        }
        Ok(())
    }
}

/// What one source gave.
///
/// `Display` is one line.
#[derive(Debug, Clone)]
pub struct SourceReport {
    origin: String,
    /// Whether it is the system's store, or what the user has put in its place.
    is_system: bool,
    roots: usize,
    pub(super) duplicates: usize,
    pub(super) skipped: Vec<String>,
    /// The anchors with limits that are in force of this source.
    limited: Vec<Anchor>,
    /// Limits that are known, and not in force because the user gave the root without them.
    lifted: Vec<Anchor>,
}

impl SourceReport {
    /// What it is: a bundle by its name, a path, a variable with its value, the system store with
    /// its paths.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of roots that it has.
    #[must_use]
    pub fn roots(&self) -> usize {
        self.roots
    }

    /// How many of them were known already: from a source before it, or twice in this one.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// What could not be used, each with its reason.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The limits in force of its roots: for each such root its subject (RFC 4514) and the limits,
    /// in the grammar of annotations.
    #[must_use]
    pub fn limits(&self) -> Vec<(String, String)> {
        shown(&self.limited)
    }

    /// The limits that lists know of its roots, and that are not in force because you gave a root
    /// yourself without them; as in [`limits`](Self::limits).
    #[must_use]
    pub fn lifted(&self) -> Vec<(String, String)> {
        shown(&self.lifted)
    }

    pub(super) fn new(origin: &Origin, roots: usize) -> Self {
        Self {
            origin: origin.to_string(),
            is_system: origin.is_system(),
            roots,
            duplicates: 0,
            skipped: Vec::new(),
            limited: Vec::new(),
            lifted: Vec::new(),
        }
    }

    /// Takes a note of the limits of a listed anchor that the user's own copy of it does not have.
    pub(super) fn lift(&mut self, listed: &Anchor, given: &Anchor) {
        let constraints = |anchor: &Anchor| anchor.trust_anchor().name_constraints.clone();
        let names = constraints(listed).is_some() && constraints(listed) != constraints(given);
        let date = match (listed.distrust_after(), given.distrust_after()) {
            (Some(listed), Some(given)) => listed < given,
            (listed, given) => listed.is_some() && given.is_none(),
        };
        if (names || date) && !self.lifted.contains(listed) {
            self.lifted.push(listed.clone());
        }
    }

    /// Takes a note of an anchor in force.
    pub(super) fn note(&mut self, anchor: &Anchor) {
        let name_constraints = &anchor.trust_anchor().name_constraints;
        if anchor.distrust_after().is_some() || name_constraints.is_some() {
            self.limited.push(anchor.clone());
        }
    }
}

fn shown(anchors: &[Anchor]) -> Vec<(String, String)> {
    let shown = |anchor: &Anchor| (anchor.subject(), limits_of(anchor));
    anchors.iter().map(shown).collect()
}

fn limits_of(anchor: &Anchor) -> String {
    let date = anchor
        .distrust_after()
        .map(|date| format!("distrust-after={}", rfc3339(date)));
    let names = anchor
        .trust_anchor()
        .name_constraints
        .as_deref()
        .map(show_name_constraints);
    date.into_iter().chain(names).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for SourceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Of a list: a line of a log has an end.
        const MOST: usize = 5;

        let plural = if self.roots == 1 { "" } else { "s" };
        write!(f, "{}: {} root{plural}", self.origin, self.roots)?;
        if self.duplicates > 0 {
            write!(f, ", {} known already", self.duplicates)?;
        }
        let in_short = |anchors: &[Anchor]| -> Vec<String> {
            let some = shown(anchors.get(..MOST).unwrap_or(anchors)).into_iter();
            some.map(|(subject, limits)| format!("\"{}\" {}", short(&subject), short(&limits)))
                .collect()
        };
        let skipped = self.skipped.iter().take(MOST);
        let lists: [(_, Vec<_>, _); 3] = [
            ("within limits", in_short(&self.limited), self.limited.len()),
            ("limits lifted", in_short(&self.lifted), self.lifted.len()),
            (
                "skipped",
                skipped.map(|why| short(why).into_owned()).collect(),
                self.skipped.len(),
            ),
        ];
        for (what, shown, count) in lists {
            if !shown.is_empty() {
                write!(f, "; {what}: {}", shown.join(", "))?;
            }
            if count > MOST {
                write!(f, " and {} more", count - MOST)?;
            }
        }
        Ok(())
    }
}

/// A text of which somebody else decides the length, for a line of a log.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    const MOST: usize = 300;

    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}...", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
