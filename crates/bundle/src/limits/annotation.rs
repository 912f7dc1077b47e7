//! Annotations: limits that a PEM file sets for a certificate, and a certificate cannot carry.

use std::fmt;
use std::str::FromStr;

use rustls_pki_types::UnixTime;

use crate::error::ParseError;
use crate::escape::{MOST_SHOWN, escape, shorten};
use crate::limits::base::DISTRUST_AFTER;
use crate::limits::name_constraints::{MOST_SUBTREES, NameConstraints};
use crate::limits::subtree::Subtree;
use crate::sort::sort;
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
/// all names below it; `.corp.example` is only the names below it. A name constraint on one kind of name
/// does not limit the other: a root with only `permitted-dns` may still issue for any IP address.
///
/// An annotation can only narrow trust. Each key may be given once for a certificate, on one line or on
/// several. `Display` and [`FromStr`] use the text after the colon, in a fixed order.
///
/// A character of a DNS name can be written by its number, as in zone files (RFC 1035, section 5.1): `xn--\045\045a` is
/// `xn----a`. Hyphens after the second in a row are written so, because Java 25 takes five of them for a boundary, and
/// refuses the file.
///
/// All values of a key are on one line. A line that looks like an annotation and is not a valid one is an
/// error: it contains the name `embedded-roots`, in any case and with any separator, or a key before `=`. All
/// other text is ignored.
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

    /// Adds a distrust date, of which the earlier is kept.
    pub(crate) fn tighten(&mut self, distrust_after: Option<UnixTime>) {
        let dates = self.distrust_after.into_iter().chain(distrust_after);
        self.distrust_after = dates.min();
    }

    /// Adds the `key=value` pairs of one line.
    pub(crate) fn extend(&mut self, pairs: &str) -> Result<(), ParseError> {
        if pairs.trim().is_empty() {
            return Err(ParseError::new("an empty annotation: expected key=value"));
        }
        pairs
            .split_ascii_whitespace()
            .try_for_each(|pair| self.insert(pair))
    }

    fn insert(&mut self, pair: &str) -> Result<(), ParseError> {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(ParseError::new(format!(
                "bad annotation \"{}\": expected key=value",
                escape(&shorten(pair, MOST_SHOWN))
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
                escape(&shorten(key, MOST_SHOWN)),
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
/// A line that only looks like one is an error: ignored as text, it would leave trust wider than its author
/// meant. It looks like one if it has the name of this project, in any case and with any separator, or a key
/// before `=`. So one wrong byte never makes text of an annotation.
pub(crate) fn pairs_of(line: &str) -> Result<Option<&str>, ParseError> {
    if let Some(pairs) = line.strip_prefix(PREFIX) {
        return Ok(Some(pairs));
    }
    // `ParsedBundle::to_pem` writes this line, and a subject may contain any text. Files have millions of
    // short lines.
    if line.starts_with(SUBJECT) || line.len() < NAME.len() {
        return Ok(None);
    }
    let letters: String = line.chars().filter(char::is_ascii_alphabetic).collect();
    let has_name = letters.to_ascii_lowercase().contains(NAME);
    let mut before_equals = line
        .split_inclusive('=')
        .filter_map(|part| part.strip_suffix('='));
    // p11-kit has attributes whose names end like a key.
    let is_key = |text: &str, key: &str| {
        let before = text.strip_suffix(key);
        before.is_some_and(|before| {
            !["nss-server-", "nss-email-"]
                .iter()
                .any(|of| before.ends_with(of))
        })
    };
    if has_name || before_equals.any(|text| KEYS.iter().any(|key| is_key(text, key))) {
        return Err(ParseError::new(format!(
            "this looks like an annotation but would be ignored: begin the line with \"{PREFIX} \""
        )));
    }
    Ok(None)
}

/// The letters of the name in [`PREFIX`].
const NAME: &str = "embeddedroots";

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
    // Checked first, so that millions of items that cannot be used are not sorted.
    if value.split(',').nth(MOST_SUBTREES).is_some() {
        return Err(ParseError::new(format!(
            "more than {MOST_SUBTREES} items in {key}: name constraints of more than 65,535 bytes \
             cannot be verified"
        )));
    }
    for item in value.split(',') {
        into.push(T::parse(item).map_err(|why| bad_value(key, item, &why))?);
    }
    sort(into, &Ord::cmp);
    into.dedup();
    Ok(())
}

fn join<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

fn bad_value(key: &str, value: &str, why: &str) -> ParseError {
    ParseError::new(format!(
        "bad value \"{}\" of {key}: {why}",
        escape(&shorten(value, MOST_SHOWN))
    ))
}

fn given_twice(key: &str) -> ParseError {
    ParseError::new(format!("{key} is given twice for one certificate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_written_in_a_fixed_order() {
        let given = "permitted-ip=fd00::/8,10.0.0.0/8 excluded-dns=B.example,.a.example \
                     distrust-after=2026-04-15T23:59:59Z";
        let annotation: Annotation = given.parse().unwrap();
        let written = "distrust-after=2026-04-15T23:59:59Z excluded-dns=.a.example,b.example \
                       permitted-ip=10.0.0.0/8,fd00::/8";
        assert_eq!(annotation.to_string(), written);
        assert_eq!(written.parse(), Ok(annotation));
    }

    /// A comment with five hyphens in a row is a boundary for Java 25.
    #[test]
    fn hyphens_in_a_row_are_written_by_their_number() {
        let escaped = r"permitted-dns=xn--\045\045\045a.example";
        for given in [escaped, "permitted-dns=xn-----a.example"] {
            let annotation: Annotation = given.parse().unwrap();
            assert_eq!(annotation.to_string(), escaped);
        }
        let same: Annotation = r"excluded-dns=\097.ex\065mple".parse().unwrap();
        assert_eq!(same, "excluded-dns=a.example".parse().unwrap());
    }

    #[test]
    fn annotation_errors_name_the_mistake() {
        for (pairs, expected) in [
            ("", "an empty annotation"),
            (" ", "an empty annotation"),
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
            (r"permitted-dns=a\04", r"three digits after \"),
            (r"permitted-dns=a\+45", r"three digits after \"),
            (r"permitted-dns=a\256", r"three digits after \"),
            (r"permitted-dns=a\032b", "expected a DNS name"),
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

    /// Lines of text, and whether they are errors.
    #[test]
    fn near_annotations_are_errors() {
        assert_eq!(pairs_of("# embedded-roots: a=b"), Ok(Some(" a=b")));
        for line in [
            "#embedded-roots: a=b",
            " # embedded-roots: a=b",
            "# Embedded-Roots: a=b",
            "# embedded_roots: a=b",
            "# embedded-roots a=b",
            "## embedded-roots: a=b",
            "embedded-roots: a=b",
            "# Embedded roots",
            "# embedded-roots bundle of 2026",
            "# embeded-roots: distrust-after=2026-04-15T23:59:59Z",
            "# embedded-roots permitted-dns .a permitted-ip 10.0.0.0/8",
            "<!-- embedded-roots: permitted=.a -->",
            "# embedded\u{2010}roots: permited-dns=.a",
            "\u{feff}# embedded-roots: permited-dns=.a",
            "# a list of permitted-dns=.corp",
        ] {
            assert!(pairs_of(line).is_err(), "{line:?}");
        }
        for line in [
            "",
            "permitted-dns",
            "# embeded-roots: permited-dns=.a",
            "permitted-dns = .corp.example",
            "# PERMITTED-IP=10.0.0.0/8",
            "# permitted-dns: .corp.example",
            "# permitted-dns .corp",
            "# permitted DNS names: .a permitted dns = .a",
            "# Distrust After: 2026-01-01",
            "# the permitted DNS names are in the certificates themselves",
            "# No root is distrusted after all.",
            // The headings of bundles in use: certifi, curl, Mozilla's, Fedora's, OpenSSL's.
            "# Issuer: CN=Example Root CA O=Example Ltd. OU=www.example.com",
            "# Subject: CN=Distrust After O=permitted-dns=.corp embedded-roots:",
            "# Label: \"Example Root CA - G2\"",
            "# SHA256 Fingerprint: c1:b4:82:99:ab:a5:20:8f:e9:63:0a:ce:55:ca:68:a0:3e:da:5a:51",
            "## Certificate data from Mozilla as of: Tue Sep  9 03:12:01 2025 GMT",
            "Example Root CA",
            "===============",
            "subject=/C=US/O=Example/CN=Example Root CA",
            "        Not After : Dec 31 23:59:59 2030 GMT",
            "                      DNS:.example",
        ] {
            assert_eq!(pairs_of(line), Ok(None), "{line:?}");
        }
    }
}
