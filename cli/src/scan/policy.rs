//! A policy: which roots must not be there, which may, and which must.

use std::env;
use std::path::Path;

use embedded_roots_bundle::digest::{hex, sha256_from_hex};
use embedded_roots_bundle::{escape, iso_day, read_file, shorten};
use memchr::memchr_iter;
use rustls_pki_types::UnixTime;
use serde::Deserialize;
use toml::Spanned;

use crate::day::parse_day;
use crate::finder::location::Location;
use crate::finder::pattern::{Pattern, Patterns};
use crate::history::History;
use crate::outcome::Result;
use crate::scan::report::PlaceCertificate;
use crate::source::Source;

pub(super) struct Policy {
    /// Its path, escaped.
    pub(super) file: String,
    /// In the order of the file.
    pub(super) entries: Vec<Entry>,
}

/// What the file says of some roots.
pub(super) struct Entry {
    pub(super) action: Action,
    pub(super) line: usize,
    selector: Selector,
    place: Option<PlacePattern>,
    pub(super) reason: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Forbid,
    /// An exception to `forbid`, and until a day, if there is one, to what Mozilla has removed and to what is
    /// compromised.
    Allow {
        until: Option<UnixTime>,
    },
    Require,
}

/// Which roots are meant.
enum Selector {
    All,
    /// The digest of the certificate or of the key.
    Digest([u8; 32]),
    /// A subject, where `*` stands for any characters.
    Name(String),
    List(Vec<ListedRoot>),
}

/// A root of a list, which its key identifies.
pub(super) struct ListedRoot {
    pub(super) subject: String,
    pub(super) sha256: String,
    spki_sha256: String,
}

struct PlacePattern {
    text: String,
    patterns: Patterns,
}

/// A root that has to be there.
pub(super) struct RequiredRoot<'p> {
    /// Its subject, or a pattern of it; none if only the digest is known.
    pub(super) subject: Option<&'p str>,
    /// Of its certificate, or of its key.
    pub(super) sha256: Option<String>,
    key: RequiredKey<'p>,
}

enum RequiredKey<'p> {
    Digest([u8; 32]),
    Name(&'p str),
    Key(&'p str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    #[serde(default)]
    forbid: Vec<Spanned<FileEntry>>,
    #[serde(default)]
    allow: Vec<Spanned<FileEntry>>,
    #[serde(default)]
    require: Vec<Spanned<FileEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    sha256: Option<Spanned<String>>,
    name: Option<Spanned<String>>,
    list: Option<Spanned<String>>,
    place: Option<Spanned<String>>,
    reason: Option<String>,
    until: Option<Spanned<String>>,
}

impl Policy {
    pub(super) fn read(path: &Path, history: &History) -> Result<Self> {
        let file = escape(&path.display().to_string());
        let content = read_file(path).map_err(|why| format!("{file}: {why}"))?;
        let text = std::str::from_utf8(&content).map_err(|why| format!("{file}: {why}"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let parser = Parser {
            file: &file,
            text,
            folder,
            history,
        };
        let entries = parser.entries()?;
        Ok(Self { file, entries })
    }
}

impl Entry {
    /// Whether the entry is about a certificate in a place. An exception by name is only about roots that Mozilla's list
    /// has held, since anybody can give any name to a root of their own.
    pub(super) fn is_about(&self, place: &Location, certificate: &PlaceCertificate<'_>) -> bool {
        let is_forbidding = self.action == Action::Forbid;
        let is_selected = match &self.selector {
            Selector::Name(name) => {
                (is_forbidding || certificate.is_known()) && is_like(name, certificate.subject)
            }
            other => other.has(certificate.sha256, certificate.spki_sha256),
        };
        is_selected && self.is_of_place(place)
    }

    pub(super) fn is_of_place(&self, place: &Location) -> bool {
        let own = self.place.as_ref();
        own.is_none_or(|own| own.patterns.is_match(place))
    }

    /// The pattern of the place, if it has one.
    pub(super) fn place(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.text.as_str())
    }

    pub(super) fn required(&self) -> Vec<RequiredRoot<'_>> {
        let one = |subject, sha256, key| {
            vec![RequiredRoot {
                subject,
                sha256,
                key,
            }]
        };
        match &self.selector {
            Selector::All => Vec::new(),
            Selector::Digest(digest) => one(None, Some(hex(digest)), RequiredKey::Digest(*digest)),
            Selector::Name(name) => one(Some(name), None, RequiredKey::Name(name)),
            Selector::List(roots) => {
                let roots = roots.iter().map(|root| RequiredRoot {
                    subject: Some(&root.subject),
                    sha256: Some(root.sha256.clone()),
                    key: RequiredKey::Key(&root.spki_sha256),
                });
                roots.collect()
            }
        }
    }

    /// Whether a root is meant that Mozilla's list has held: a fingerprint or a name of none can be a mistake.
    pub(super) fn is_known(&self, history: &History) -> bool {
        let mut known = history.all().iter().map(|known| &known.certificate);
        known.any(|certificate| match &self.selector {
            Selector::Name(name) => is_like(name, certificate.subject()),
            other => other.has(
                &hex(&certificate.sha256()),
                &hex(&certificate.spki_sha256()),
            ),
        })
    }
}

impl Action {
    /// Whether this is an exception that has ended. It holds on its last day.
    pub(super) fn has_ended(self, now: UnixTime) -> bool {
        const DAY: u64 = 24 * 60 * 60;

        match self {
            Self::Allow { until: Some(until) } => now.as_secs() >= until.as_secs() + DAY,
            _ => false,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Forbid => "forbid",
            Self::Allow { .. } => "allow",
            Self::Require => "require",
        }
    }

    /// The last day of an exception.
    pub(super) fn last_day(self) -> Option<String> {
        match self {
            Self::Allow { until } => until.map(iso_day),
            _ => None,
        }
    }
}

impl RequiredRoot<'_> {
    pub(super) fn is(&self, certificate: &PlaceCertificate<'_>) -> bool {
        match &self.key {
            RequiredKey::Digest(digest) => {
                Selector::Digest(*digest).has(certificate.sha256, certificate.spki_sha256)
            }
            RequiredKey::Name(name) => certificate.is_known() && is_like(name, certificate.subject),
            RequiredKey::Key(spki_sha256) => certificate.spki_sha256 == *spki_sha256,
        }
    }
}

impl Selector {
    /// Not by name.
    fn has(&self, sha256: &str, spki_sha256: &str) -> bool {
        match self {
            Self::All => true,
            Self::Digest(digest) => {
                let digest = hex(digest);
                digest == sha256 || digest == spki_sha256
            }
            Self::Name(_) => false,
            Self::List(roots) => roots.iter().any(|root| root.spki_sha256 == spki_sha256),
        }
    }
}

/// Whether a text is like a pattern, where `*` stands for any characters.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}

struct Parser<'a> {
    file: &'a str,
    text: &'a str,
    folder: &'a Path,
    history: &'a History,
}

impl Parser<'_> {
    fn entries(&self) -> Result<Vec<Entry>> {
        let parsed: PolicyFile = toml::from_str(self.text).map_err(|why| {
            let start = why.span().unwrap_or_default().start;
            let at = self.text.lines().nth(self.line(start) - 1);
            let at = shorten(at.unwrap_or_default().trim(), 80);
            self.error(start, &format!("{} (`{at}`)", why.message()))
        })?;
        let mut entries = Vec::new();
        for entry in parsed.forbid {
            entries.push(self.entry(&entry, Action::Forbid)?);
        }
        for entry in parsed.allow {
            let until = entry.get_ref().until.as_ref().map(|until| {
                let day = parse_day(until.get_ref());
                day.map_err(|why| self.value_error("until", until, &why))
            });
            let until = until.transpose()?;
            entries.push(self.entry(&entry, Action::Allow { until })?);
        }
        for entry in parsed.require {
            entries.push(self.entry(&entry, Action::Require)?);
        }
        entries.sort_by_key(|entry| entry.line);
        Ok(entries)
    }

    fn entry(&self, entry: &Spanned<FileEntry>, action: Action) -> Result<Entry> {
        let FileEntry {
            sha256,
            name,
            list,
            place,
            reason,
            until,
        } = entry.get_ref();
        let start = entry.span().start;
        let named = action.name();
        let fail = |why: &str| Err(self.error(start, &format!("`{named}`: {why}")).into());
        let selector = match (sha256, name, list) {
            (None, None, None) => Selector::All,
            (Some(digits), None, None) => {
                let digest = sha256_from_hex(digits.get_ref());
                let why = "not a SHA-256 fingerprint";
                Selector::Digest(digest.ok_or_else(|| self.value_error("sha256", digits, why))?)
            }
            (None, Some(name), None) if name.get_ref().is_empty() => {
                return Err(self.value_error("name", name, "matches nothing").into());
            }
            (None, Some(name), None) => Selector::Name(name.get_ref().clone()),
            (None, None, Some(list)) => Selector::List(self.list(list)?),
            _ => {
                return fail("use only one of `sha256`, `name` and `list`");
            }
        };
        let is_everything = matches!(selector, Selector::All);
        match action {
            Action::Allow { until: Some(_) } if reason.is_none() => {
                return fail("an entry with `until` needs a `reason`");
            }
            Action::Allow { .. } if is_everything && place.is_none() => {
                return fail("`sha256`, `name`, `list` or `place` is missing");
            }
            Action::Require if is_everything => {
                return fail("`sha256`, `name` or `list` is missing");
            }
            Action::Forbid | Action::Require if until.is_some() => {
                return fail("only `allow` can have `until`");
            }
            _ => {}
        }
        let place = place.as_ref().map(|place| self.place(place));
        Ok(Entry {
            action,
            line: self.line(start),
            selector,
            place: place.transpose()?,
            reason: reason.clone(),
        })
    }

    fn place(&self, place: &Spanned<String>) -> Result<PlacePattern> {
        let text = place.get_ref();
        let pattern = Pattern::from_line(text).filter(|pattern| !pattern.is_negated);
        let pattern = pattern.ok_or_else(|| self.value_error("place", place, "matches nothing"))?;
        let patterns = Patterns::new(vec![pattern], env::current_dir()?);
        Ok(PlacePattern {
            text: text.clone(),
            patterns: patterns.map_err(|why| self.value_error("place", place, &why))?,
        })
    }

    fn list(&self, list: &Spanned<String>) -> Result<Vec<ListedRoot>> {
        let source = match Source::from(list.get_ref().as_str()) {
            Source::File(path) => Source::File(self.folder.join(path)),
            // What it has is not the same on each machine.
            Source::System => {
                let why =
                    "`mozilla`, `mozilla@DAY`, `chrome`, `microsoft`, or a PEM file is expected";
                return Err(self.value_error("list", list, why).into());
            }
            source => source,
        };
        let roots = source.compilable(self.history, None);
        let roots = roots.map_err(|why| self.value_error("list", list, &why.to_string()))?;
        let roots = roots.iter().map(|root| ListedRoot {
            subject: root.certificate.subject().to_owned(),
            sha256: hex(&root.certificate.sha256()),
            spki_sha256: hex(&root.certificate.spki_sha256()),
        });
        Ok(roots.collect())
    }

    fn value_error(&self, key: &str, value: &Spanned<String>, why: &str) -> String {
        let shown = escape(&shorten(value.get_ref(), 80));
        self.error(value.span().start, &format!("`{key} = \"{shown}\"`: {why}"))
    }

    fn error(&self, start: usize, why: &str) -> String {
        format!("{}, line {}: {}", self.file, self.line(start), escape(why))
    }

    /// Counted from 1.
    fn line(&self, start: usize) -> usize {
        let before = self.text.as_bytes().get(..start).unwrap_or_default();
        memchr_iter(b'\n', before).count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_roots_testing::folder::Folder;

    fn read(text: &str) -> Result<Policy> {
        let folder = Folder::new("policy");
        let path = folder.file("policy.toml", text);
        let policy = Policy::read(&path, &History::load().unwrap());
        policy.map_err(|why| {
            let why = why.to_string();
            let folder = format!("{}/", folder.path().display());
            why.replace(&folder, "").into()
        })
    }

    #[test]
    fn errors_name_file_key_and_line() {
        let sha256 = "ab".repeat(32);
        for (text, expected) in [
            ("[[alow]]\n", "policy.toml, line 1: unknown field `alow`"),
            (
                "[[allow]]\n\nuntill = \"2027-01-01\"\n",
                "policy.toml, line 3: unknown field `untill`",
            ),
            (
                "[[forbid]]\nname = 3\n",
                "policy.toml, line 2: invalid type",
            ),
            ("[[forbid]]\nname = 3\n", "(`name = 3`)"),
            ("[[forbid]]\nname = \n", "policy.toml, line 2: "),
            (
                "[[forbid]]\nsha256 = \"ab\"\n",
                "policy.toml, line 2: `sha256 = \"ab\"`: not a SHA-256 fingerprint",
            ),
            (
                "[[allow]]\nname = \"a\"\nreason = \"b\"\nuntil = \"2027-13-01\"\n",
                "policy.toml, line 4: `until = \"2027-13-01\"`: expected YYYY-MM-DD",
            ),
            (
                "\n[[allow]]\nname = \"a\"\nuntil = \"2027-12-01\"\n",
                "policy.toml, line 2: `allow`: an entry with `until` needs a `reason`",
            ),
            (
                "[[allow]]\nreason = \"a\"\n",
                "line 1: `allow`: `sha256`, `name`, `list` or `place` is missing",
            ),
            (
                "[[require]]\nplace = \"a\"\n",
                "line 1: `require`: `sha256`, `name` or `list` is missing",
            ),
            (
                "[[forbid]]\nname = \"a\"\nuntil = \"2027-12-01\"\n",
                "line 1: `forbid`: only `allow` can have `until`",
            ),
            (
                "[[forbid]]\nname = \"a\"\nlist = \"mozilla\"\n",
                "line 1: `forbid`: use only one of `sha256`, `name` and `list`",
            ),
            (
                "[[forbid]]\nplace = \"!a\"\n",
                "line 2: `place = \"!a\"`: matches nothing",
            ),
            (
                "[[forbid]]\nplace = \"a[\"\n",
                "line 2: `place = \"a[\"`: the pattern",
            ),
            (
                "[[forbid]]\nname = \"\"\n",
                "line 2: `name = \"\"`: matches nothing",
            ),
            (
                "[[forbid]]\nlist = \"none.pem\"\n",
                "line 2: `list = \"none.pem\"`: ",
            ),
            (
                "[[forbid]]\nlist = \"system\"\n",
                "line 2: `list = \"system\"`: `mozilla`",
            ),
            ("[[forbid]]\nname = \"a\u{202e}\" x\n", "\\u{202e}"),
        ] {
            let why = read(text).err().unwrap().to_string();
            assert!(why.contains(expected), "{text:?}: {why}");
            assert!(!why.contains('\n'), "{why}");
        }
        let text =
            format!("[[require]]\nsha256 = \"{sha256}\"\n\n[[forbid]]\nlist = \"mozilla\"\n");
        let lines = read(&text).unwrap().entries;
        let lines: Vec<_> = lines
            .iter()
            .map(|entry| (entry.action.name(), entry.line))
            .collect();
        assert_eq!(lines, [("require", 1), ("forbid", 4)]);
    }

    #[test]
    fn stars_in_names_stand_for_any_characters() {
        for (pattern, texts, others) in [
            ("CN=A", &["CN=A"][..], &["CN=AB", "CN=", "xCN=A"][..]),
            (
                "*Entrust*",
                &["CN=Entrust Root", "O=Entrust"],
                &["CN=entrust"],
            ),
            (
                "CN=*,O=*B",
                &["CN=a,O=B", "CN=,O=B,O=B"],
                &["CN=a,O=BC", "CN=a"],
            ),
            ("*", &["", "a"], &[]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("a**b", &["ab", "axb"], &["a"]),
        ] {
            for text in texts {
                assert!(is_like(pattern, text), "{pattern} {text}");
            }
            for text in others {
                assert!(!is_like(pattern, text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn an_exception_holds_on_its_last_day() {
        let until = parse_day("2027-01-31").unwrap();
        let action = Action::Allow { until: Some(until) };
        assert!(!action.has_ended(parse_day("2027-01-31").unwrap()));
        assert!(action.has_ended(parse_day("2027-02-01").unwrap()));
        assert!(!Action::Allow { until: None }.has_ended(until));
    }
}
