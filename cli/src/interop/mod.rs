//! What other programs make of roots, and of files with roots: by measurement, not by a run.

pub(crate) mod certificate;
pub(crate) mod file;
pub mod table;

use std::collections::BTreeSet;
use std::fmt;

use embedded_roots_bundle::escape;
use serde::Serialize;

use crate::interop::table::{File, Program, Shape, Subject, Table, Verdict};
use crate::outcome::Result;

/// What the versions of one program make of a shape.
#[derive(Serialize)]
pub(crate) struct Opinion<'a> {
    pub(crate) program: &'a str,
    /// Those that do so.
    versions: Vec<&'a str>,
    /// Whether these are all of several that are known.
    #[serde(skip)]
    are_all: bool,
    effect: Effect,
    /// The id of the shape.
    pub(crate) shape: &'a str,
    /// What the shape is.
    what: &'a str,
    /// What the first of the versions says.
    words: Option<&'a str>,
}

/// What a program does.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Effect {
    /// It does not trust servers below the root.
    RefusesRoot,
    /// It does not trust a server whose own certificate this is.
    RefusesServer,
    /// It does not trust some servers below the root.
    RefusesSomeServers,
    /// It takes nothing from the file, and reports an error.
    RefusesFile,
    /// It takes fewer certificates than there are, without an error.
    LosesRoots,
    /// It takes fewer certificates than there are, and reports an error.
    LosesRootsWithError,
    /// It takes all certificates, and reports an error.
    ReportsError,
    /// It takes one certificate, as it does from every file.
    TakesFirst,
}

/// The ids of programs. A verifier and a reader may have one id.
#[derive(Default)]
pub(crate) struct Choice<'a> {
    pub(crate) verifiers: BTreeSet<&'a str>,
    readers: BTreeSet<&'a str>,
}

impl Table {
    /// The programs with these names: `all`, the name of a program, or the id of a version, with which the readers come
    /// that the program has by default, or its verifiers.
    ///
    /// A reader that takes one certificate of every file is meant by its id, or if its program has no other.
    pub(crate) fn chosen<'a>(&'a self, names: &[String]) -> Result<Choice<'a>> {
        let mut chosen = Choice::default();
        let names = names.iter().map(|name| name.trim());
        for name in names.filter(|name| !name.is_empty()) {
            let lower = name.to_lowercase();
            let is_named =
                |program: &&Program| lower == "all" || program.name.to_lowercase() == lower;
            let ids = |programs: &'a [Program]| {
                let mut meant: Vec<&Program> = programs.iter().filter(is_named).collect();
                if meant.iter().any(|program| program.takes.is_none()) {
                    meant.retain(|program| program.takes.is_none());
                }
                meant.extend(self.of_id(&lower, programs));
                meant.into_iter().map(|program| program.id.as_str())
            };
            let mut verifiers = ids(&self.verifiers).peekable();
            let mut readers = ids(&self.readers).peekable();
            if verifiers.peek().is_none() && readers.peek().is_none() {
                return Err(self.unknown(name).into());
            }
            chosen.verifiers.extend(verifiers);
            chosen.readers.extend(readers);
        }
        Ok(chosen)
    }

    /// The verifier or reader of this id, or if only the other is there, those that its program has by default.
    fn of_id<'a>(&'a self, id: &str, programs: &'a [Program]) -> Vec<&'a Program> {
        let Some(known) = self.programs().find(|program| program.id == id) else {
            return Vec::new();
        };
        if let Some(program) = programs.iter().find(|program| program.id == id) {
            return vec![program];
        }
        // Of rustls, no provider is the default.
        let of_name = programs.iter().filter(|program| program.name == known.name);
        of_name
            .filter(|program| program.default || program.name == "rustls")
            .collect()
    }

    fn unknown(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        let mut known: BTreeSet<&str> = self.programs().map(|program| &*program.name).collect();
        // The versions of one program, if that is meant.
        let named = |program: &&str| lower.starts_with(&program.to_lowercase());
        if let Some(program) = known.iter().copied().find(named) {
            let versions = self.programs().filter(|version| version.name == program);
            known = versions.map(|version| version.id.as_str()).collect();
        }
        let known: Vec<&str> = known.into_iter().collect();
        let name = escape(name);
        format!(
            "unknown program \"{name}\": expected all, {}",
            known.join(", ")
        )
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        self.verifiers.iter().chain(&self.readers)
    }

    /// What the chosen programs make of a root of this shape, if they refuse it.
    pub(crate) fn of_root(&self, shape: &str, chosen: &Choice<'_>) -> Vec<Opinion<'_>> {
        let Some(shape) = self.shapes.iter().find(|known| known.id == shape) else {
            return Vec::new();
        };
        let told = |program: &Program| shape.effect(program);
        opinions(
            &self.verifiers,
            &chosen.verifiers,
            &shape.id,
            &shape.what,
            told,
        )
    }

    /// What the chosen programs make of a file of this shape, if they do not read all of it.
    pub(crate) fn of_file(&self, file: &str, chosen: &Choice<'_>) -> Vec<Opinion<'_>> {
        let Some(file) = self.files.iter().find(|known| known.id == file) else {
            return Vec::new();
        };
        let told = |program: &Program| file.effect(program);
        opinions(&self.readers, &chosen.readers, &file.id, &file.what, told)
    }

    /// What the common programs do unless they are told otherwise.
    pub(crate) fn common(&self) -> Choice<'_> {
        Choice {
            verifiers: default(&self.verifiers),
            readers: default(&self.readers),
        }
    }
}

impl Shape {
    fn effect(&self, verifier: &Program) -> Option<(Effect, Option<&str>)> {
        let Verdict::Refused(words) = self.verdict(verifier)? else {
            return None;
        };
        let effect = match self.of {
            Subject::Certificate | Subject::Chain => Effect::RefusesRoot,
            Subject::Server => Effect::RefusesServer,
            Subject::Bundle => Effect::RefusesSomeServers,
        };
        Some((effect, Some(words)))
    }
}

impl File {
    fn effect(&self, reader: &Program) -> Option<(Effect, Option<&str>)> {
        let reading = self.reading(reader)?;
        let effect = match (reading.roots, reading.words) {
            (0, Some(_)) => Effect::RefusesFile,
            (1, None) if reader.takes.is_some() && self.roots > 1 => {
                // Of a file with nothing special about it.
                return (self.id == PLAIN).then_some((Effect::TakesFirst, None));
            }
            (taken, None) if taken < self.roots => Effect::LosesRoots,
            (taken, Some(_)) if taken < self.expected(reader) => Effect::LosesRootsWithError,
            (_, Some(_)) => Effect::ReportsError,
            (_, None) => return None,
        };
        Some((effect, reading.words))
    }
}

fn default(programs: &[Program]) -> BTreeSet<&str> {
    let default = programs.iter().filter(|program| program.default);
    default.map(|program| program.id.as_str()).collect()
}

/// The file with several certificates and nothing else.
const PLAIN: &str = "plain";

/// The opinions of programs, the versions of each that do the same in one.
fn opinions<'a>(
    programs: &'a [Program],
    ids: &BTreeSet<&str>,
    shape: &'a str,
    what: &'a str,
    told: impl Fn(&Program) -> Option<(Effect, Option<&'a str>)>,
) -> Vec<Opinion<'a>> {
    let mut opinions: Vec<Opinion<'a>> = Vec::new();
    for program in programs {
        if !ids.contains(program.id.as_str()) {
            continue;
        }
        let Some((effect, words)) = told(program) else {
            continue;
        };
        let mut known = opinions.iter_mut();
        let same =
            known.find(|opinion| opinion.program == program.name && opinion.effect == effect);
        if let Some(same) = same {
            same.versions.push(&program.versions);
        } else {
            opinions.push(Opinion {
                program: &program.name,
                versions: vec![&program.versions],
                are_all: false,
                effect,
                shape,
                what,
                words,
            });
        }
    }
    for opinion in &mut opinions {
        let of_name = programs.iter();
        let of_name = of_name.filter(|program| program.name == opinion.program);
        opinion.are_all = opinion.versions.len() > 1 && of_name.count() == opinion.versions.len();
    }
    opinions
}

impl Effect {
    /// The verb after one program, and after several.
    fn verb(self) -> (&'static str, &'static str) {
        match self {
            Self::RefusesRoot => ("refuses it", "refuse it"),
            Self::RefusesServer => ("refuses it for a server", "refuse it for a server"),
            Self::RefusesSomeServers => (
                "refuses some servers below it",
                "refuse some servers below it",
            ),
            Self::RefusesFile => ("refuses the file", "refuse the file"),
            Self::LosesRoots => ("loses roots silently", "lose roots without a word"),
            Self::LosesRootsWithError => (
                "loses roots and reports an error",
                "lose roots and report an error",
            ),
            Self::ReportsError => (
                "takes all roots and reports an error",
                "take all roots and report an error",
            ),
            Self::TakesFirst => ("takes the first root alone", "take the first root alone"),
        }
    }
}

impl fmt::Display for Opinion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        let are_several = !self.are_all
            && (self.versions.len() > 1 || self.versions.iter().any(|one| one.contains(" and ")));
        if !self.are_all {
            write!(f, " {}", joined(&self.versions))?;
        }
        let (one, several) = self.effect.verb();
        let verb = if are_several { several } else { one };
        write!(f, " {verb}: {}", self.what)?;
        match self.words {
            Some(words) if !words.is_empty() => write!(f, " (\"{words}\")"),
            _ => Ok(()),
        }
    }
}

/// A sentence about a shape that at least so many programs refuse or lose.
pub(crate) fn common<'a>(
    opinions: impl Iterator<Item = &'a Opinion<'a>>,
    fewest: usize,
) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut told = None;
    for opinion in opinions.filter(|opinion| opinion.effect != Effect::ReportsError) {
        if !names.contains(&opinion.program) {
            names.push(opinion.program);
        }
        told = Some((opinion.effect, opinion.what));
    }
    let (effect, what) = told.filter(|_| names.len() >= fewest)?;
    let (one, several) = match effect {
        Effect::RefusesRoot | Effect::RefusesServer | Effect::RefusesSomeServers => effect.verb(),
        _ => (
            "refuses the file or loses roots of it",
            "refuse the file or lose roots of it",
        ),
    };
    let verb = if names.len() > 1 { several } else { one };
    Some(format!("{} {verb}: {what}", joined(&names)))
}

/// Names as a list in a sentence.
pub(crate) fn joined(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
