//! Annotations: limits that a PEM file sets for a certificate, and a certificate cannot carry.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use rustls_pki_types::UnixTime;

use crate::error::ParseError;
use crate::escape::escape;
use crate::limits::base::is_dns_subtree;
use crate::limits::name_constraints::{MOST_SUBTREES, NameConstraints};
use crate::limits::subtree::{DnsSubtree, Subtree};
use crate::x509::time::{parse_rfc3339, rfc3339};

/// Limits that a PEM file sets for a certificate and that the certificate cannot carry itself.
///
/// They are lines before the certificate, which every other reader ignores as text (RFC 7468,
/// section 5.2):
///
/// ```text
/// # embedded-roots: distrust-after=2026-04-15T23:59:59Z
/// # embedded-roots: permitted-dns=.corp.example,.corp.internal permitted-ip=10.0.0.0/8
/// ```
///
/// | key | value | meaning |
/// | --- | --- | --- |
/// | `distrust-after` | RFC 3339, UTC, whole seconds | chains whose end-entity certificate has a later notBefore are refused |
/// | `permitted-dns` | DNS names, with commas between them | dNSNames outside of all of these are refused |
/// | `excluded-dns` | the same | dNSNames inside of any of these are refused |
/// | `permitted-ip` | subnets in CIDR form, with commas between them | iPAddresses outside of all of these are refused |
/// | `excluded-ip` | the same | iPAddresses inside any of these are refused, and IPv4 ones also where IPv6 maps them |
///
/// The last four are name constraints (RFC 5280, section 4.2.1.10). `corp.example` is that name and
/// all names below it; `.corp.example` is only the names below it. A constraint on one kind of name
/// does not limit the other: a root with only `permitted-dns` may still issue for any IP address.
///
/// An annotation can only narrow. Each key may be given once for a certificate, on one line or on
/// several. `Display` and [`FromStr`] use the text after the colon, in a fixed order.
///
/// A list is written on one line. After an annotation with names, text that looks like the rest of a
/// list is an error: `# .b.example`, `# corp.example`, `# corp, internal`. A single bare word, `# corp`,
/// cannot be told from a heading and stays text. Comments can stand before the annotation, where they
/// are never taken for part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Annotation {
    distrust_after: Option<UnixTime>,
    name_constraints: NameConstraints,
}

impl Annotation {
    /// The last moment at which an end-entity certificate may start to be valid.
    #[must_use]
    pub fn distrust_after(&self) -> Option<UnixTime> {
        self.distrust_after
    }

    /// Whether it sets no limit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.distrust_after.is_none() && self.name_constraints.is_empty()
    }

    pub(crate) fn name_constraints(&self) -> &NameConstraints {
        &self.name_constraints
    }

    /// Adds the `key=value` pairs of one line.
    pub(crate) fn extend(&mut self, pairs: &str) -> Result<(), ParseError> {
        if pairs.trim().is_empty() {
            return Err(ParseError::new(
                "an annotation that says nothing: expected key=value",
            ));
        }
        pairs
            .split_ascii_whitespace()
            .try_for_each(|pair| self.insert(pair))
    }

    fn insert(&mut self, pair: &str) -> Result<(), ParseError> {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(ParseError::new(format!(
                "bad annotation \"{}\": expected key=value",
                show(pair)
            )));
        };
        let NameConstraints {
            permitted,
            excluded,
        } = &mut self.name_constraints;
        match key {
            DISTRUST_AFTER => {
                let time = parse_rfc3339(value).ok_or_else(|| {
                    bad_value(key, value, "expected a time such as 2026-04-15T23:59:59Z")
                })?;
                if self.distrust_after.replace(time).is_some() {
                    return Err(given_twice(key));
                }
                Ok(())
            }
            PERMITTED_DNS => insert_all(&mut permitted.dns, key, value),
            EXCLUDED_DNS => insert_all(&mut excluded.dns, key, value),
            PERMITTED_IP => insert_all(&mut permitted.ip, key, value),
            EXCLUDED_IP => insert_all(&mut excluded.ip, key, value),
            _ => Err(ParseError::new(format!(
                "unknown annotation \"{}\": the keys are {}",
                show(key),
                KEYS.join(", ")
            ))),
        }
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NameConstraints {
            permitted,
            excluded,
        } = &self.name_constraints;
        let pairs = [
            (
                DISTRUST_AFTER,
                self.distrust_after.map(rfc3339).unwrap_or_default(),
            ),
            (PERMITTED_DNS, join(&permitted.dns)),
            (EXCLUDED_DNS, join(&excluded.dns)),
            (PERMITTED_IP, join(&permitted.ip)),
            (EXCLUDED_IP, join(&excluded.ip)),
        ];
        let said = pairs.iter().filter(|(_, value)| !value.is_empty());
        let said: Vec<_> = said.map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&said.join(" "))
    }
}

impl FromStr for Annotation {
    type Err = ParseError;

    fn from_str(pairs: &str) -> Result<Self, ParseError> {
        let mut annotation = Self::default();
        annotation.extend(pairs)?;
        Ok(annotation)
    }
}

/// The start of an annotation line.
pub(crate) const PREFIX: &str = "# embedded-roots:";

/// The start of the line that names the next certificate.
pub(crate) const SUBJECT: &str = "# Subject: ";

/// The pairs of a line of text, if it is an annotation.
///
/// A line that almost is one is an error: if it were ignored as text, trust would be wider than the
/// author meant.
pub(crate) fn pairs_of(line: &str) -> Result<Option<&str>, ParseError> {
    if let Some(pairs) = line.strip_prefix(PREFIX) {
        return Ok(Some(pairs));
    }
    // `ParsedBundle::to_pem` writes this line, and a subject may contain any text.
    if line.starts_with(SUBJECT) {
        return Ok(None);
    }
    // Millions of short lines must not take seconds.
    if line.len() < "exclu".len() {
        return Ok(None);
    }
    let letters = letters_of(line);
    let has = |words| places_of(words, &letters).next().is_some();
    let names_us = has(&["embeddedroot", "embededroot"]);
    let limits = has(&["permit", "exclu", "distrust"]);
    let names_us = names_us
        && (limits
            || is_assigned(line, "embedded-roots")
            || letters.starts_with("embeddedroots") && line.contains('='));
    if names_us || limits && sets_a_limit(line, &letters) {
        return Err(ParseError::new(format!(
            "this looks like an annotation but would be ignored: begin the line with \"{PREFIX} \""
        )));
    }
    Ok(None)
}

/// Whether `=` or `:` follows the word.
fn is_assigned(line: &str, word: &str) -> bool {
    let line = line.to_ascii_lowercase().replace('_', "-");
    let mut after = line.split(word).skip(1);
    after.any(|rest| rest.trim_start().starts_with(['=', ':']))
}

/// Whether a line of text looks as if a list of names had been wrapped onto it. These do:
///
/// - a line that starts with a comma or with an item that is no word of prose (`.corp`, `10.0.0.0/8`)
/// - a comment with such an item anywhere (`# and .corp`)
/// - a comment of names with dots alone (`# corp.example`)
/// - a comment of single words between commas (`# corp, internal`)
///
/// A bare word is text, and so is a name with dots that is no comment: it is the title of a root in
/// some bundles (`Izenpe.com`).
pub(crate) fn continues_a_list(line: &str) -> bool {
    // See `pairs_of`.
    if line.starts_with(SUBJECT) {
        return false;
    }
    let text = line.trim_start_matches(|char: char| char == '#' || char.is_whitespace());
    if text.starts_with(',') {
        return true;
    }
    let mut words = text
        .split(|char: char| SEPARATORS.contains(&char) || char.is_whitespace())
        .filter(|word| !word.is_empty());
    let Some(first) = words.clone().next() else {
        return false;
    };
    let is_comment = line.trim_start().starts_with('#');
    is_no_prose(value_of(first))
        || is_comment
            && (words.clone().any(is_no_prose)
                || words.all(|word| is_name_with_dots(value_of(word)))
                || is_list_of_words(text))
}

/// Between the items of a list, in the text of people.
const SEPARATORS: [char; 2] = [',', ';'];

/// The value of `key=value`, or the word.
fn value_of(word: &str) -> &str {
    word.split_once('=').map_or(word, |(_, value)| value)
}

/// Whether the word is a subtree with a dot before it, an address or a subnet. A line of eight bytes in
/// the output of `openssl x509 -text` is none of IPv6.
fn is_no_prose(word: &str) -> bool {
    let word = word.trim_matches(|char: char| "\"'`()[]<>".contains(char));
    let after_dot = word.trim_start_matches('*').strip_prefix('.');
    let is_below = after_dot.is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
    let address = word.split('/').next().unwrap_or_default();
    let is_dump = || word.split(':').all(|byte| byte.len() == 2);
    is_below || address.parse::<IpAddr>().is_ok() && !is_dump()
}

fn is_name_with_dots(word: &str) -> bool {
    word.contains('.') && DnsSubtree::parse(word).is_ok()
}

/// Whether each comma, and each "and", stands between single words that could be names.
fn is_list_of_words(text: &str) -> bool {
    const AND: [&str; 5] = ["and", "or", "also", "plus", "&"];

    let is_item = |part: &str| {
        let mut words = 0;
        part.split_whitespace().all(|word| {
            words += 1;
            if AND.iter().any(|and| word.eq_ignore_ascii_case(and)) {
                words = 0;
                return true;
            }
            words == 1 && is_dns_subtree(word.as_bytes())
        })
    };
    text.contains(SEPARATORS) && text.split(SEPARATORS).all(is_item)
}

/// Letters only, so that no dash, dot, case or invisible character hides the intent.
fn letters_of(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphabetic);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether the line has a key, however it is written, and a value for it: `=` or `:` after it, or a word
/// that is no plain word (`.corp`, `10.0.0.0/8`, `2026-01-01`), or any word at all after a key that is
/// written as one word. So prose may speak of permitted DNS names.
fn sets_a_limit(line: &str, letters: &str) -> bool {
    // Where each letter is in the line.
    let mut places = Vec::new();
    places_of(&KEY_LETTERS, letters).any(|(start, end)| {
        if places.is_empty() {
            let all = line.char_indices();
            places.extend(all.filter_map(|(at, char)| char.is_ascii_alphabetic().then_some(at)));
        }
        let at = |nth: usize| places.get(nth).copied().unwrap_or_default();
        let key = line.get(at(start)..=at(end - 1)).unwrap_or_default();
        let rest = line.get(at(end - 1) + 1..).unwrap_or_default();
        let value = rest.trim_start_matches(|char: char| !char.is_ascii_alphanumeric());
        let (between, _) = rest.split_at(rest.len() - value.len());
        let word = value.split_ascii_whitespace().next().unwrap_or_default();
        let word = word.trim_end_matches(['.', ',', ';', ')', '!', '?']);
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_one_word =
            !key.contains(char::is_whitespace) && rest.starts_with(char::is_whitespace);
        between.contains(['=', ':'])
            || between.ends_with(['.', '/'])
            || !is_plain
            || is_one_word && !word.is_empty()
    })
}

/// Where any of the words starts and ends. Files have millions of short lines, for which this is faster
/// than a search for each word.
fn places_of<'a>(words: &'a [&str], text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let text = text.as_bytes();
    text.iter().enumerate().flat_map(move |(start, first)| {
        let found = words
            .iter()
            .map(|word| word.as_bytes())
            .filter(move |word| {
                // A comparison of one byte rules most of them out.
                let rest = text.get(start..).unwrap_or_default();
                word.first() == Some(first) && rest.starts_with(word)
            });
        found.map(move |word| (start, start + word.len()))
    })
}

/// What the keys are without their hyphens, and near misses of them.
const KEY_LETTERS: [&str; 11] = [
    "distrustafter",
    "distrustedafter",
    "permitteddns",
    "permitdns",
    "permiteddns",
    "excludeddns",
    "excludedns",
    "permittedip",
    "permitip",
    "excludedip",
    "excludeip",
];

const DISTRUST_AFTER: &str = "distrust-after";
const PERMITTED_DNS: &str = "permitted-dns";
const EXCLUDED_DNS: &str = "excluded-dns";
const PERMITTED_IP: &str = "permitted-ip";
const EXCLUDED_IP: &str = "excluded-ip";
const KEYS: [&str; 5] = [
    DISTRUST_AFTER,
    PERMITTED_DNS,
    EXCLUDED_DNS,
    PERMITTED_IP,
    EXCLUDED_IP,
];

fn insert_all<T: Subtree>(into: &mut Vec<T>, key: &str, value: &str) -> Result<(), ParseError> {
    if !into.is_empty() {
        return Err(given_twice(key));
    }
    // Before a list of millions is sorted that cannot be used.
    if value.split(',').nth(MOST_SUBTREES).is_some() {
        return Err(ParseError::new(format!(
            "more than {MOST_SUBTREES} items in {key}: name constraints of more than 65,535 bytes \
             cannot be verified"
        )));
    }
    for item in value.split(',') {
        into.push(T::parse(item).map_err(|why| bad_value(key, item, &why))?);
    }
    into.sort_unstable();
    into.dedup();
    Ok(())
}

fn join<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

fn bad_value(key: &str, value: &str, why: &str) -> ParseError {
    ParseError::new(format!("bad value \"{}\" of {key}: {why}", show(value)))
}

fn given_twice(key: &str) -> ParseError {
    ParseError::new(format!("{key} is given twice for one certificate"))
}

/// Makes text from a file fit for a message: on one line, and of limited length.
pub(crate) fn show(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => escape(text.get(..end).unwrap_or_default()) + "...",
        None => escape(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_in_a_fixed_order() {
        let given = "permitted-ip=fd00::/8,10.0.0.0/8 excluded-dns=B.example,.a.example \
                     distrust-after=2026-04-15T23:59:59Z";
        let annotation: Annotation = given.parse().unwrap();
        let written = "distrust-after=2026-04-15T23:59:59Z excluded-dns=.a.example,b.example \
                       permitted-ip=10.0.0.0/8,fd00::/8";
        assert_eq!(annotation.to_string(), written);
        assert_eq!(written.parse(), Ok(annotation));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (pairs, expected) in [
            ("", "says nothing"),
            (" ", "says nothing"),
            ("distrust-after", "expected key=value"),
            ("distrust-after=", "2026-04-15T23:59:59Z"),
            ("distrust-after=tomorrow", "\"tomorrow\" of distrust-after"),
            (
                "Distrust-After=2026-04-15T23:59:59Z",
                "unknown annotation \"Distrust-After\"",
            ),
            ("permited-dns=.a", "permitted-dns"),
            ("permitted-dns=", "an empty name"),
            ("permitted-dns=a,,b", "an empty name"),
            ("permitted-dns=*.a", "\"*.a\" of permitted-dns"),
            ("permitted-dns=a.", "\"a.\""),
            ("permitted-dns=..a", "\"..a\""),
            ("permitted-dns=.", "\".\""),
            ("permitted-dns=-a", "\"-a\""),
            ("permitted-dns=a-.b", "\"a-.b\""),
            ("permitted-dns=10.0.0.1", "permitted-ip"),
            ("permitted-dns=bücher.example", "xn--"),
            ("permitted-ip=10.0.0.0", "prefix length"),
            ("permitted-ip=10.0.0.0/33", "10.0.0.0/33"),
            ("permitted-ip=10.0.0.1/8", "10.0.0.0/8"),
            ("permitted-ip=::1/64", "::/64"),
            ("permitted-ip=10.0.0.0/+8", "10.0.0.0/+8"),
            ("permitted-ip=corp/8", "corp/8"),
            (
                "permitted-dns=a permitted-dns=b",
                "permitted-dns is given twice",
            ),
            (
                "distrust-after=2026-04-15T23:59:59Z distrust-after=2026-04-15T23:59:59Z",
                "distrust-after is given twice",
            ),
        ] {
            let error = pairs.parse::<Annotation>().unwrap_err().to_string();
            assert!(error.contains(expected), "{pairs:?}: {error}");
        }
        let long = format!("permitted-dns={}", "a".repeat(64));
        assert!(long.parse::<Annotation>().is_err());
        let long = format!("permitted-dns={}", "a.".repeat(127) + "b");
        assert!(long.parse::<Annotation>().is_err());
    }

    #[test]
    fn a_line_that_is_nearly_an_annotation_is_an_error() {
        assert_eq!(pairs_of("# embedded-roots: a=b"), Ok(Some(" a=b")));
        for line in [
            "#embedded-roots: a=b",
            " # embedded-roots: a=b",
            "# Embedded-Roots: a=b",
            "# embedded_roots: a=b",
            "# embedded-roots a=b",
            "## embedded-roots: a=b",
            "embedded-roots: a=b",
            "# embeded-roots: distrust-after=2026-04-15T23:59:59Z",
            "permitted-dns = .corp.example",
            "# PERMITTED-IP=10.0.0.0/8",
            "# permitted-dns: .corp.example",
            "# embedded-roots permitted-dns .a permitted-ip 10.0.0.0/8",
            "# embedded-root: permit-dns=.a",
            "# embedded roots: permited-dns=.a",
            "# embeded-roots: distrustafter=2026",
            "* embedded-roots: permitted=.a",
            "<!-- embedded-roots: permitted=.a -->",
            "# embedded\u{2010}roots: permited-dns=.a",
            "\u{feff}# embedded-roots: permited-dns=.a",
            "# permitted-dns .corp",
            "# permitted-dns corp",
            "# permitted dns=.a",
            "# permitted DNS names: .a permitted dns = .a",
            "# distrust after = 2026-01-01",
            "# (permitted-ip) = 10.0.0.0/8",
            "# \"permitted dns\": \".a\"",
            "# Distrust After: 2026-01-01",
            "# distrusted after 2026-01-01",
            "# permitted\u{2010}dns=.a",
            "# permitted\u{2010}dns .a",
            "permit ip 10.0.0.0/8",
            "# excluded-ip\u{a0}10.0.0.0/8",
        ] {
            assert!(pairs_of(line).is_err(), "{line:?}");
        }
        for line in [
            "",
            "# Embedded roots",
            "# embedded-roots bundle of 2026",
            "permitted-dns",
            "# the permitted DNS names are in the certificates themselves",
            "# No root is distrusted after all.",
            "# No excluded IP. The constraints are in the certificates.",
            // The headings of bundles in use: certifi, curl, Mozilla's, Fedora's, OpenSSL's.
            "# Issuer: CN=Example Root CA O=Example Ltd. OU=www.example.com",
            "# Subject: CN=Distrust After O=permitted-dns .corp",
            "# Label: \"Example Root CA - G2\"",
            "# SHA256 Fingerprint: c1:b4:82:99:ab:a5:20:8f:e9:63:0a:ce:55:ca:68:a0:3e:da:5a:51",
            "## Certificate data from Mozilla as of: Tue Sep  9 03:12:01 2025 GMT",
            "## SHA256: 2a3f8b0b7d5c8c0a8c3d",
            "Example Root CA",
            "===============",
            "subject=/C=US/O=Example/CN=Example Root CA",
            "        Not After : Dec 31 23:59:59 2030 GMT",
            "                X509v3 Name Constraints: critical",
            "                    Permitted:",
            "                      DNS:.example",
        ] {
            assert_eq!(pairs_of(line), Ok(None), "{line:?}");
        }
    }
}
