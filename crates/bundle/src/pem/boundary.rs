//! The lines that begin and end a block (RFC 7468, section 3).

use crate::error::ParseError;
use crate::pem::form::FileForm;
use crate::pem::lines::{BEGIN, CERTIFICATE_LABELS, END, Line};

/// The label of a BEGIN or END line.
pub(crate) fn boundary(line: Line<'_>, start: &str) -> Result<Option<String>, ParseError> {
    let Some(rest) = line.bytes.strip_prefix(start.as_bytes()) else {
        return Ok(None);
    };
    let label = rest.trim_ascii_end().strip_suffix(HYPHENS.as_bytes());
    let label = label.and_then(|label| std::str::from_utf8(label).ok());
    let label = label.filter(|label| !label.contains(HYPHENS));
    let Some(label) = label else {
        let expected = format!("expected {start}LABEL----- and nothing else on the line");
        return Err(misplaced(line.bytes, &expected));
    };
    Ok(Some(label.to_owned()))
}

/// Whether a line is plainly meant to begin or to end a certificate, and which of the two, but is not a boundary: it
/// has another number of hyphens, dashes, other blanks, or small letters. Of text, most of which no reader
/// understands, a certificate would be lost without a word.
pub(crate) fn damaged_boundary(line: &[u8]) -> Option<Boundary> {
    // Longer than any that is meant, with dashes of three bytes.
    const LONGEST: usize = 120;

    if line.len() > LONGEST || line.len() < SHORTEST.len() {
        return None;
    }
    let text = String::from_utf8_lossy(line);
    let words = text.trim_matches(|char| is_dash(char) || is_blank(char));
    let mut letters: String = words.chars().filter(|char| !is_blank(*char)).collect();
    letters.make_ascii_uppercase();
    let (boundary, start, label) = match letters.strip_prefix("BEGIN") {
        Some(label) => (Boundary::Begin, BEGIN, label),
        None => (Boundary::End, END, letters.strip_prefix("END")?),
    };
    let mut labels = CERTIFICATE_LABELS.into_iter();
    let label = labels.find(|meant| meant.replace(' ', "") == label)?;
    if text.trim_ascii_end() == format!("{start}{label}{HYPHENS}") {
        return None;
    }
    // A list may have an item of these words, and a title a line before it.
    let (before, after) = text.split_once(words)?;
    let dashes = |text: &str| text.chars().filter(|char| is_dash(*char)).count();
    let (before, after) = (dashes(before), dashes(after));
    (before.min(after) >= 2 || before.max(after) >= 4).then_some(boundary)
}

/// Which end of a block a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    Begin,
    End,
}

impl Boundary {
    /// The error where a line is a damaged one.
    pub(crate) fn damaged(self) -> ParseError {
        let start = match self {
            Self::Begin => BEGIN,
            Self::End => END,
        };
        ParseError::new(format!(
            "a damaged boundary: expected {start}CERTIFICATE----- at the start of its line, with five hyphens on each \
             side, capital letters and single blanks"
        ))
    }
}

/// Text must not name a boundary, even in a comment: `GnuTLS`, cryptography and Java 25 refuse such a file, and `mbedTLS`,
/// `wolfSSL`, Botan and p11-kit lose a root of it without a word.
pub(crate) fn check_text(line: &str) -> Result<(), ParseError> {
    if line.contains(BEGIN) || line.contains(END) {
        if line.trim_start().starts_with('#') {
            return Err(ParseError::new(
                "a comment with a boundary, for which other readers refuse the file or lose a root: write it without \
                 the hyphens, or remove it",
            ));
        }
        let expected = "-----BEGIN or -----END has to stand at the start of its line";
        return Err(misplaced(line.as_bytes(), expected));
    }
    Ok(())
}

pub(crate) fn is_certificate(label: &str) -> bool {
    CERTIFICATE_LABELS.contains(&label)
}

const HYPHENS: &str = "-----";
const SHORTEST: &str = "ENDCERTIFICATE----";

/// The error about a boundary that is not alone on its line.
fn misplaced(line: &[u8], expected: &str) -> ParseError {
    match FileForm::from_line(line) {
        Some(form) => ParseError::new(format!("{expected}{}", form.hint())),
        None => ParseError::new(expected),
    }
}

/// What an editor or a word processor makes of hyphens.
fn is_dash(char: char) -> bool {
    matches!(
        char,
        // What is not UTF-8 is a replacement character: a dash of Windows, as a rule.
        '-' | '\u{fffd}' | '\u{ad}' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// Blanks and marks without a width.
fn is_blank(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}
