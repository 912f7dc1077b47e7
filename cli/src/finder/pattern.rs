//! Patterns of places, in the syntax of .gitignore.

use std::iter;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::location::Location;

/// One line of a file such as .gitignore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As it was written.
    pub(crate) text: String,
    glob: String,
    /// What an earlier pattern matches is not matched after all.
    pub(crate) is_negated: bool,
    /// It matches directories and archives alone, with all that is in them.
    is_for_directories: bool,
}

/// Several of them, of which the last one that matches decides.
#[derive(Default)]
pub(crate) struct Patterns {
    lines: Vec<Pattern>,
    globs: GlobSet,
    /// The folder to which the patterns are relative.
    base: PathBuf,
}

/// Patterns, with how many places each has excluded, in all threads.
#[derive(Default)]
pub(crate) struct Exclusions {
    patterns: Patterns,
    counts: Vec<AtomicU64>,
}

/// How many directories above a place are compared with patterns, since anybody may have made an archive. What lies
/// deeper is not excluded by its directory.
const MAX_PARENTS: usize = 64;

impl Pattern {
    /// None of a comment or an empty line.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let text = without_trailing_spaces(line);
        let (rest, is_negated) = match text.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (rest, is_for_directories) = match rest.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        if rest.is_empty() {
            return None;
        }
        // A pattern with a slash before its end is relative to the folder, and others hold everywhere below it.
        let glob = match rest.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None if rest.contains('/') => rest.to_owned(),
            None => format!("**/{rest}"),
        };
        Some(Self {
            text: text.to_owned(),
            glob: without_braces(&glob),
            is_negated,
            is_for_directories,
        })
    }
}

impl Patterns {
    /// They are relative to a folder.
    pub(crate) fn new(lines: Vec<Pattern>, base: PathBuf) -> Result<Self, String> {
        let mut globs = GlobSetBuilder::new();
        for Pattern { text, glob, .. } in &lines {
            let in_context = |why: &dyn std::fmt::Display| format!("the pattern {text:?}: {why}");
            if glob.contains("[[:") {
                return Err(in_context(&"classes such as [[:digit:]] are not known"));
            }
            let glob = GlobBuilder::new(glob)
                .literal_separator(true)
                .backslash_escape(true)
                .build();
            globs.add(glob.map_err(|why| in_context(why.kind()))?);
        }
        Ok(Self {
            globs: globs.build().map_err(|why| why.to_string())?,
            lines,
            base,
        })
    }

    /// Whether the place is matched, or a directory or an archive that it is in.
    pub(crate) fn is_match(&self, place: &Location) -> bool {
        self.matching(place, false).is_some()
    }

    /// Which pattern decides that the place is matched.
    fn matching(&self, place: &Location, is_directory: bool) -> Option<usize> {
        if self.lines.is_empty() {
            return None;
        }
        let path = path_of(place, &self.base);
        let parents = path.match_indices('/').take(MAX_PARENTS);
        let parents = parents.map(|(end, _)| (end, true));
        let mut matches = Vec::new();
        // What is in a directory that is matched cannot be taken back.
        for (end, is_directory) in parents.chain(iter::once((path.len(), is_directory))) {
            let path = path.get(..end).unwrap_or_default();
            self.globs.matches_into(path, &mut matches);
            let holds = |nth: &&usize| {
                let pattern = self.lines.get(**nth);
                pattern.is_some_and(|pattern| is_directory || !pattern.is_for_directories)
            };
            let Some(&last) = matches.iter().rev().find(holds) else {
                continue;
            };
            let pattern = self.lines.get(last);
            if pattern.is_some_and(|pattern| !pattern.is_negated) {
                return Some(last);
            }
        }
        None
    }
}

impl Exclusions {
    pub(crate) fn new(patterns: Patterns) -> Self {
        let counts = patterns.lines.iter().map(|_| AtomicU64::new(0)).collect();
        Self { patterns, counts }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Whether the place is excluded, which is counted.
    pub(crate) fn exclude(&self, place: &Location, is_directory: bool) -> bool {
        let nth = self.patterns.matching(place, is_directory);
        let count = nth.and_then(|nth| self.counts.get(nth));
        // It is read when the threads have ended.
        count.map(|count| count.fetch_add(1, Relaxed)).is_some()
    }

    /// The patterns that have excluded something, with how many places. A directory is one.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&Pattern, u64)> {
        let counts = self.counts.iter().map(|count| count.load(Relaxed));
        let counts = self.patterns.lines.iter().zip(counts);
        counts.filter(|(_, count)| *count > 0)
    }
}

/// The names that lead to a place as one path: an archive is like a directory. It begins at the base if the file is below
/// it, and else at the root of the file system.
pub(crate) fn path_of(place: &Location, base: &Path) -> String {
    let mut names = place.path.iter();
    let file = names.next().map(String::as_str).unwrap_or_default();
    let file = Path::new(file);
    let file = file.strip_prefix(base).unwrap_or(file);
    let mut parts: Vec<_> = file
        .components()
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    for entry in names {
        let entry = entry.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.extend(entry.map(Into::into));
    }
    parts.join("/")
}

/// Trailing spaces count if a backslash is before them.
fn without_trailing_spaces(line: &str) -> &str {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let text = line.trim_end_matches(' ');
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    if text.len() < line.len() && backslashes % 2 == 1 {
        return line.get(..=text.len()).unwrap_or(line);
    }
    text
}

/// Braces are for alternatives in `globset`, and characters like others in .gitignore.
fn without_braces(glob: &str) -> String {
    let mut escaped = String::new();
    let mut is_escaped = false;
    let mut is_class = false;
    for char in glob.chars() {
        if !is_escaped && !is_class && matches!(char, '{' | '}') {
            escaped.push('\\');
        }
        is_class = !is_escaped && (char == '[' || is_class && char != ']');
        is_escaped = !is_escaped && char == '\\';
        escaped.push(char);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(lines: &[&str], base: &str) -> Patterns {
        let lines = lines.iter().filter_map(|line| Pattern::from_line(line));
        Patterns::new(lines.collect(), base.into()).unwrap()
    }

    fn place(path: &[&str]) -> Location {
        let (file, entries) = path.split_first().unwrap();
        let file = Location::file((*file).to_owned());
        entries
            .iter()
            .fold(file, |place, name| place.entry(name.as_bytes()))
    }

    #[test]
    fn patterns_match_as_in_gitignore() {
        for (lines, matched, others) in [
            (
                &["node_modules/"][..],
                &["node_modules/a", "x/node_modules/a/b"][..],
                &["node_modules", "node_modules2/a"][..],
            ),
            (&["/etc"], &["etc", "etc/ssl"], &["x/etc"]),
            (&["etc/ssl"], &["etc/ssl/a"], &["x/etc/ssl"]),
            (
                &["**/etc/ssl"],
                &["etc/ssl", "x/y/etc/ssl/a"],
                &["etc/sslx"],
            ),
            (&["*.pem"], &["a.pem", "x/b.pem", ".pem"], &["a.pem2"]),
            (&["a/*.pem"], &["a/b.pem"], &["a/b/c.pem"]),
            (&["a/**"], &["a/b/c"], &["a"]),
            (&["a/**/b"], &["a/b", "a/x/y/b"], &["ab"]),
            (&["*.pem", "!b.pem"], &["a.pem"], &["b.pem", "x/b.pem"]),
            // Git does not look into a directory that is excluded.
            (&["a/", "!a/b"], &["a/b"], &["b"]),
            (&["# a", "", "  ", "/", "!"], &[], &["# a", "a", " "]),
            (&["\\#a", "\\!b"], &["#a", "!b"], &["a", "b"]),
            (
                &["a  ", "b\\  ", "c\r"],
                &["a", "b ", "c"],
                &["a ", "b", "b  "],
            ),
            (&["a[0-9]", "b?"], &["a1", "bc"], &["ab", "b"]),
            (&["{a,b}"], &["{a,b}"], &["a", "b"]),
        ] {
            let patterns = patterns(lines, "");
            for path in matched {
                assert!(patterns.is_match(&place(&[path])), "{lines:?} {path}");
            }
            for path in others {
                assert!(!patterns.is_match(&place(&[path])), "{lines:?} {path}");
            }
        }
    }

    #[test]
    fn an_archive_is_like_a_directory() {
        let patterns = patterns(&["usr/", "/image.tar/etc/*.pem"], "");
        assert!(patterns.is_match(&place(&["image.tar", "./usr/a.jar", "b.pem"])));
        assert!(patterns.is_match(&place(&["image.tar", "/etc/a.pem"])));
        assert!(!patterns.is_match(&place(&["image.tar", "etc"])));
        assert!(!patterns.is_match(&place(&["image.tar", "layer.tar", "etc/a.pem"])));
        assert!(!patterns.is_match(&place(&["usr"])));
    }

    #[cfg(unix)]
    #[test]
    fn patterns_are_relative_to_their_folder_and_elsewhere_to_the_root() {
        let patterns = patterns(&["/a/b", "/usr"], "/srv/project");
        for matched in ["a/b", "./a/b", "/srv/project/a/b", "/a/b", "/usr/lib"] {
            assert!(patterns.is_match(&place(&[matched])), "{matched}");
        }
        for other in ["/srv/a/b", "../a/b", "/srv/project", "/srv/project/c"] {
            assert!(!patterns.is_match(&place(&[other])), "{other}");
        }
    }

    #[test]
    fn bad_patterns_are_errors_that_name_them() {
        for line in ["a[", "b[z-a]", "c[[:digit:]]"] {
            let pattern = Pattern::from_line(line).unwrap();
            let why = Patterns::new(vec![pattern], PathBuf::new()).err().unwrap();
            assert!(why.starts_with(&format!("the pattern {line:?}: ")), "{why}");
        }
    }

    #[test]
    fn places_are_counted_by_the_pattern_that_decides() {
        let exclusions = Exclusions::new(patterns(&["*.pem", "b.*", "c"], ""));
        for (path, is_excluded) in [
            ("a.pem", true),
            ("b.pem", true),
            ("x/a.pem", true),
            ("d", false),
        ] {
            assert_eq!(exclusions.exclude(&place(&[path]), false), is_excluded);
        }
        let counts = exclusions.counts();
        let counts: Vec<_> = counts
            .map(|(pattern, count)| (&*pattern.text, count))
            .collect();
        assert_eq!(counts, [("*.pem", 2), ("b.*", 1)]);
    }

    /// An archive could have names of thousands of directories.
    #[test]
    fn deep_names_are_compared_in_part() {
        let deep = "a/".repeat(MAX_PARENTS);
        let patterns = patterns(&["b/", "c"], "");
        let below = |name: &str| patterns.is_match(&place(&[&format!("{deep}{name}")]));
        assert!(below("c"));
        assert!(!below("b/x"));
        assert!(patterns.is_match(&place(&[&format!("{}b/x", "a/".repeat(MAX_PARENTS - 1))])));
    }

    /// What Git says of patterns and paths of a few characters.
    #[test]
    #[ignore = "needs Git"]
    fn patterns_agree_with_git() {
        use embedded_roots_testing::folder::Folder;
        use std::process::Command;

        let folder = Folder::new("patterns-git");
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            let output = command.current_dir(folder.path()).args(arguments).output();
            output.unwrap()
        };
        assert!(git(&["init", "--quiet"]).status.success());
        let parts = [
            "a", "b", "*", "**", "?", "ab", "a*", "[ab]", "[!a]", "\\a", "{a}",
        ];
        let mut lines: Vec<String> = Vec::new();
        for first in parts {
            for ending in ["", "/"] {
                for beginning in ["", "/"] {
                    lines.push(format!("{beginning}{first}{ending}"));
                    let second = parts.iter();
                    lines.extend(
                        second.map(|second| format!("{beginning}{first}/{second}{ending}")),
                    );
                }
            }
        }
        let names = ["a", "b", "ab", "c", "{a}"];
        let mut paths: Vec<String> = names.map(str::to_owned).to_vec();
        for first in names {
            paths.extend(names.map(|second| format!("{first}/{second}")));
            paths.extend(names.map(|second| format!("{first}/c/{second}")));
        }
        let mut matched = 0;
        for line in &lines {
            for lines in [vec![line.as_str()], vec![line, "!b"], vec!["*", "!c", line]] {
                folder.file(".gitignore", lines.join("\n"));
                let mut arguments = vec!["check-ignore", "--no-index", "--"];
                arguments.extend(paths.iter().map(String::as_str));
                let said = String::from_utf8(git(&arguments).stdout).unwrap();
                let said: Vec<&str> = said.lines().collect();
                let patterns = patterns(&lines, "");
                let own = paths
                    .iter()
                    .filter(|path| patterns.is_match(&place(&[path])));
                let own: Vec<&str> = own.map(String::as_str).collect();
                assert_eq!(own, said, "{lines:?}");
                matched += own.len();
            }
        }
        assert!(matched > 10_000, "{matched}");
    }
}
