//! The text form of p11-kit (`trust list`, `trust dump`, Fedora's `ca-bundle.trust.p11-kit`, make-ca): objects, each
//! a header, attributes, and often a certificate in PEM.
//!
//! The attributes say what a certificate cannot: as text that is ignored, they would be lost.

use rustls_pki_types::UnixTime;

use crate::error::ParseError;
use crate::escape::{MOST_SHOWN, escape, shorten};
use crate::pem::lines::Line;
use crate::x509::der::{self, Element};
use crate::x509::time::x509_time;

/// Whether an object begins with this line of text.
pub(crate) fn is_header(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(HEADER.as_bytes())
}

/// Whether there is more on the line of a header, which would be lost: an attribute, of text without line breaks.
pub(crate) fn has_more(header: &[u8]) -> bool {
    let header = header.trim_ascii();
    header.iter().position(|byte| *byte == b']') != header.len().checked_sub(1)
}

/// What the attributes of an object say of its certificate.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Object {
    /// It is not a root, and the attribute that says so, or cannot be read, is an error.
    pub(crate) is_refused: bool,
    pub(crate) distrust_after: Option<UnixTime>,
}

impl Object {
    /// Reads the lines after a header, up to the next one. An attribute may stand after the certificate.
    pub(crate) fn read<'a>(header: &[u8], lines: impl Iterator<Item = Line<'a>>) -> Self {
        let mut object = Self {
            is_refused: has_more(header),
            distrust_after: None,
        };
        for line in lines.take_while(|line| !is_header(line.bytes)) {
            match attribute(line.bytes) {
                Ok(Some(Attribute::DistrustAfter(date))) => {
                    let dates = object.distrust_after.into_iter().chain(date);
                    object.distrust_after = dates.min();
                }
                Ok(None) if is_attribute(line.bytes) => object.is_refused = true,
                Ok(Some(Attribute::Trust) | None) => {}
                Err(_) => object.is_refused = true,
            }
        }
        object
    }
}

/// What an attribute says.
pub(crate) enum Attribute {
    /// Nothing against the certificate.
    Trust,
    /// `CKA_NSS_SERVER_DISTRUST_AFTER`: a date, or that there is none.
    DistrustAfter(Option<UnixTime>),
}

/// The attribute on a line, if it is one that limits trust in TLS servers.
///
/// # Errors
///
/// If it says that the certificate is not trusted, or its value cannot be read.
pub(crate) fn attribute(line: &[u8]) -> Result<Option<Attribute>, ParseError> {
    let Some((name, value)) = name_and_value(line) else {
        return Ok(None);
    };
    match (name, value) {
        (DISTRUSTED, b"false") | (TRUSTED, b"true") => Ok(Some(Attribute::Trust)),
        (DISTRUSTED, b"true") | (TRUSTED, b"false") => Err(ParseError::new(format!(
            "{name}: {}: p11-kit does not trust this object, so its certificate is not a root; remove the object, or \
             write the certificate as PEM without attributes if you trust it",
            String::from_utf8_lossy(value),
        ))),
        (DISTRUST_AFTER, _) => {
            let bad = || bad_value(name, value, "a time such as \"260415235959Z\"");
            date(value).map(Some).ok_or_else(bad)
        }
        _ => Err(bad_value(name, value, "true or false")),
    }
}

/// Whether the line has a name of p11-kit that other text does not have.
pub(crate) fn is_attribute(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [DISTRUSTED, DISTRUST_AFTER].into_iter().any(|name| {
        let start = line.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// The error about an attribute that no object has, or that is written otherwise.
pub(crate) fn misplaced() -> ParseError {
    ParseError::new(format!(
        "this looks like an attribute of p11-kit but would be ignored: expected \"name: value\", and {HEADER}-v1] \
         above it"
    ))
}

/// The header, without its version.
const HEADER: &str = "[p11-kit-object";
const DISTRUSTED: &str = "x-distrusted";
const TRUSTED: &str = "trusted";
const DISTRUST_AFTER: &str = "nss-server-distrust-after";

fn name_and_value(line: &[u8]) -> Option<(&'static str, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = name.trim_ascii();
    let mut known = [DISTRUSTED, TRUSTED, DISTRUST_AFTER].into_iter();
    let name = known.find(|known| known.as_bytes().eq_ignore_ascii_case(name))?;
    Some((name, value.get(1..)?.trim_ascii()))
}

/// The time of a value such as `"%32%36..."`, of which any byte may be written in two digits, with the century or
/// without. A single NUL is the boolean false of PKCS#11: no date.
fn date(value: &[u8]) -> Option<Attribute> {
    let value = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut bytes = Vec::new();
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    if bytes == [0] {
        return Some(Attribute::DistrustAfter(None));
    }
    let tag = match bytes.len() {
        13 => der::UTC_TIME,
        _ => der::GENERALIZED_TIME,
    };
    let time = Element {
        tag,
        value: &bytes,
        encoded: &bytes,
    };
    Some(Attribute::DistrustAfter(Some(x509_time(time)?)))
}

fn bad_value(name: &str, value: &[u8], expected: &str) -> ParseError {
    let value = String::from_utf8_lossy(value);
    let value = escape(&shorten(&value, MOST_SHOWN));
    ParseError::new(format!("bad value {value} of {name}: expected {expected}"))
}
