//! Revoked certificates, read from a checked text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::{hex, sha256_from_hex};
use crate::error::ParseError;
use crate::escape::escape;
use crate::x509::der::{self, Element};
use crate::x509::name::DistinguishedName;

/// Revoked certificates: some by issuer and serial number, others by subject and key.
///
/// The text has one entry a line. `issuer` and `subject` are names (the DER of the SEQUENCE in base64),
/// and apply to the lines below them. `serial` is the content of a serial number, in hexadecimal
/// digits, exactly as a certificate encodes it. `key` is the SHA-256 of a `SubjectPublicKeyInfo`:
///
/// ```text
/// # CN=Example CA
/// issuer MBUxEzARBgNVBAMMCkV4YW1wbGUgQ0E=
/// serial 00cbdcfa0d64
///
/// # CN=Example CA
/// subject MBUxEzARBgNVBAMMCkV4YW1wbGUgQ0E=
/// key 0f3a7c5d...
/// ```
///
/// Empty lines and lines that start with `#` are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocations {
    /// By issuer.
    serials: BTreeMap<Name, BTreeSet<Vec<u8>>>,
    /// By subject.
    keys: BTreeMap<Name, BTreeSet<[u8; 32]>>,
}

impl Revocations {
    /// Reads the text. `source_name` is for errors.
    ///
    /// # Errors
    ///
    /// Any other line, a name without an entry and a duplicate entry are errors: a list with a mistake
    /// revokes less than its reader believes.
    pub fn parse(source_name: &str, text: &str) -> Result<Self, ParseError> {
        Self::parse_lines(text).map_err(|error| error.in_source(source_name))
    }

    /// Adds a certificate by its issuer (DER, the whole SEQUENCE) and serial number (the content
    /// of the INTEGER). Returns whether it is new.
    pub fn add_serial(&mut self, issuer: &[u8], serial_number: &[u8]) -> Result<bool, ParseError> {
        self.insert_serial(Name::from_der(issuer)?, serial_number)
    }

    /// Adds certificates by their subject (DER, the whole SEQUENCE) and the SHA-256 of their
    /// `SubjectPublicKeyInfo` (of the whole SEQUENCE, too). Returns whether they are new.
    pub fn add_key(&mut self, subject: &[u8], sha256: [u8; 32]) -> Result<bool, ParseError> {
        Ok(self.insert_key(Name::from_der(subject)?, sha256))
    }

    /// Issuers and serial numbers, in the order of the text.
    pub fn serials(&self) -> impl Iterator<Item = (DistinguishedName<'_>, &[u8])> {
        self.serials.iter().flat_map(|(issuer, serials)| {
            let serials = serials.iter();
            serials.map(|serial| (issuer.shown(), serial.as_slice()))
        })
    }

    /// Subjects and the SHA-256 of keys, in the order of the text.
    pub fn keys(&self) -> impl Iterator<Item = (DistinguishedName<'_>, &[u8; 32])> {
        self.keys
            .iter()
            .flat_map(|(subject, keys)| keys.iter().map(|key| (subject.shown(), key)))
    }

    /// The text that [`parse`](Self::parse) reads back: names in the order of their readable form,
    /// each below that form as a comment.
    #[must_use]
    pub fn to_text(&self) -> String {
        let serials = self.serials.iter().map(|(issuer, serials)| {
            let serials = serials.iter().map(|serial| hex(serial)).collect();
            (issuer, ISSUER, SERIAL, serials)
        });
        let keys = self.keys.iter().map(|(subject, keys)| {
            let keys = keys.iter().map(|key| hex(key)).collect();
            (subject, SUBJECT, KEY, keys)
        });
        let groups: Vec<String> = serials
            .chain(keys)
            .map(
                |(name, word, entry_word, entries): (_, _, _, Vec<String>)| {
                    let base64 = STANDARD.encode(der::encode(der::SEQUENCE, &name.content));
                    let mut group = format!("# {}\n{word} {base64}\n", name.shown());
                    for entry in entries {
                        // Writing to a `String` never fails, here and below.
                        let _ = writeln!(group, "{entry_word} {entry}");
                    }
                    group
                },
            )
            .collect();
        groups.join("\n")
    }

    /// Issuers, each with its serial numbers.
    pub(crate) fn issuers(
        &self,
    ) -> impl Iterator<Item = (DistinguishedName<'_>, &BTreeSet<Vec<u8>>)> {
        let issuers = self.serials.iter();
        issuers.map(|(issuer, serials)| (issuer.shown(), serials))
    }

    fn insert_serial(&mut self, issuer: Name, serial_number: &[u8]) -> Result<bool, ParseError> {
        if !is_integer(serial_number) {
            return Err(ParseError::new(format!(
                "serial number {}: no certificate in DER can have it",
                hex(serial_number)
            )));
        }
        let serials = self.serials.entry(issuer).or_default();
        Ok(serials.insert(serial_number.to_vec()))
    }

    fn insert_key(&mut self, subject: Name, sha256: [u8; 32]) -> bool {
        self.keys.entry(subject).or_default().insert(sha256)
    }

    fn parse_lines(text: &str) -> Result<Self, ParseError> {
        let mut revocations = Self::default();
        // The lines of all entries, to name the first of two.
        let mut lines = BTreeMap::new();
        let mut group: Option<Group> = None;
        for (line, text) in (1..).zip(text.lines()) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let at_line = |error: ParseError| error.at_line(line);
            let (word, value) = text.split_once(' ').unwrap_or((text, ""));
            match (word, &mut group) {
                (ISSUER | SUBJECT, _) => {
                    if let Some(group) = &group {
                        group.check_not_empty()?;
                    }
                    let name = Name::from_base64(value).map_err(at_line)?;
                    group = Some(Group::new(word == ISSUER, name, line));
                    continue;
                }
                (SERIAL, Some(group)) if group.is_issuer => {
                    let serial = bytes_from_hex(value).ok_or_else(|| {
                        at_line(ParseError::new(format!(
                            "serial number \"{}\" is not in lower-case hexadecimal digits",
                            escape(value)
                        )))
                    })?;
                    revocations
                        .insert_serial(group.name.clone(), &serial)
                        .map_err(at_line)?;
                    group.has_entries = true;
                }
                (KEY, Some(group)) if !group.is_issuer => {
                    let key = sha256_from_hex(value).filter(|key| hex(key) == value);
                    let key = key.ok_or_else(|| {
                        at_line(ParseError::new(format!(
                            "\"{}\" is not a SHA-256 digest: expected 64 lower-case hexadecimal \
                             digits",
                            escape(value)
                        )))
                    })?;
                    revocations.insert_key(group.name.clone(), key);
                    group.has_entries = true;
                }
                (SERIAL, _) => {
                    let why = "a serial number without an issuer above it";
                    return Err(at_line(ParseError::new(why)));
                }
                (KEY, _) => {
                    let why = "a key without a subject above it";
                    return Err(at_line(ParseError::new(why)));
                }
                _ => {
                    return Err(at_line(ParseError::new(format!(
                        "\"{}\" is neither `{ISSUER}`, `{SERIAL}`, `{SUBJECT}`, `{KEY}` nor a comment",
                        escape(text)
                    ))));
                }
            }
            let name = group.as_ref().map(|group| group.name.clone());
            if let Some(first) = lines.insert((name, text), line) {
                let why = format!("the same entry as in line {first}");
                return Err(at_line(ParseError::new(why)));
            }
        }
        if let Some(group) = &group {
            group.check_not_empty()?;
        }
        Ok(revocations)
    }
}

const ISSUER: &str = "issuer";
const SERIAL: &str = "serial";
const SUBJECT: &str = "subject";
const KEY: &str = "key";

/// The lines below a name.
struct Group {
    is_issuer: bool,
    name: Name,
    line: usize,
    has_entries: bool,
}

impl Group {
    fn new(is_issuer: bool, name: Name, line: usize) -> Self {
        Self {
            is_issuer,
            name,
            line,
            has_entries: false,
        }
    }

    fn check_not_empty(&self) -> Result<(), ParseError> {
        if self.has_entries {
            return Ok(());
        }
        let missing = if self.is_issuer { SERIAL } else { KEY };
        Err(ParseError::new(format!("no `{missing}` below this name")).at_line(self.line))
    }
}

/// A name, ordered by its readable form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    readable: String,
    /// The content of the SEQUENCE, DER.
    content: Vec<u8>,
}

impl Name {
    fn from_base64(base64: &str) -> Result<Self, ParseError> {
        let der = STANDARD.decode(base64);
        Self::from_der(&der.map_err(|why| ParseError::new(format!("bad base64: {why}")))?)
    }

    /// Reads the whole SEQUENCE.
    fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        let content = Element::only(der, der::SEQUENCE).filter(|content| {
            let mut sets = der::elements(content);
            sets.all(|set| set.is_some_and(|set| set.tag == der::SET))
        });
        let content = content.ok_or_else(|| ParseError::new("not a name in DER"))?;
        Ok(Self {
            readable: DistinguishedName::new(content).to_string(),
            content: content.to_vec(),
        })
    }

    fn shown(&self) -> DistinguishedName<'_> {
        DistinguishedName::new(&self.content)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.readable)
    }
}

/// Whether these are the content octets of an INTEGER (X.690, section 8.3.2): at least one, and the
/// first nine bits are not all the same. At most 255, which is ten times what RFC 5280 allows.
fn is_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [0, second, ..] if *second < 0x80 => false,
        [0xff, second, ..] if *second >= 0x80 => false,
        _ => u8::try_from(content.len()).is_ok(),
    }
}

/// The bytes that these lower-case hexadecimal digits stand for.
fn bytes_from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    // `from_str_radix` also takes capitals, a sign and a single digit.
    let bytes = bytes.collect::<Option<Vec<u8>>>()?;
    (hex(&bytes) == digits).then_some(bytes)
}
