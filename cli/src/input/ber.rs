//! BER (X.690) as DER, as far as PKCS#7 and PKCS#12 use what DER does not have: lengths that are not known in
//! advance, and strings in pieces. Browsers and libraries of Java write them.

use embedded_roots_bundle::der::{OCTET_STRING, elements, encode};

/// How deep elements may lie in one another.
const MOST_DEPTH: usize = 32;
const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING_IN_PIECES: u8 = OCTET_STRING | CONSTRUCTED;

/// The first element as DER. What is DER already, such as a certificate, is kept byte for byte.
pub(super) fn to_der(input: &[u8]) -> Option<Vec<u8>> {
    let mut der = Vec::with_capacity(input.len());
    convert(input, MOST_DEPTH, &mut der)?;
    Some(der)
}

/// Appends the first element as DER, and returns what follows it.
fn convert<'a>(input: &'a [u8], depth: usize, der: &mut Vec<u8>) -> Option<&'a [u8]> {
    let depth = depth.checked_sub(1)?;
    let (&tag, after_tag) = input.split_first()?;
    // Neither has tags of several bytes.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, after_first) = after_tag.split_first()?;
    if first == 0x80 {
        if tag & CONSTRUCTED == 0 {
            return None;
        }
        let mut content = Vec::new();
        let mut rest = after_first;
        loop {
            // End-of-contents (X.690, section 8.1.5)
            if let Some(after) = rest.strip_prefix(&[0, 0]) {
                rest = after;
                break;
            }
            rest = convert(rest, depth, &mut content)?;
        }
        push(tag, &content, der)?;
        return Some(rest);
    }
    let (length, after_length) = if first < 0x80 {
        (usize::from(first), after_first)
    } else {
        let (octets, after) = after_first.split_at_checked(usize::from(first & 0x7f))?;
        let bytes = octets.iter();
        let length = bytes.fold(0_usize, |sum, byte| {
            sum.saturating_mul(256) | usize::from(*byte)
        });
        (length, after)
    };
    let (content, rest) = after_length.split_at_checked(length)?;
    if tag & CONSTRUCTED == 0 {
        push(tag, content, der)?;
        return Some(rest);
    }
    // Without room in advance, which each level would take at the same time.
    let mut converted = Vec::new();
    let mut inner = content;
    while !inner.is_empty() {
        inner = convert(inner, depth, &mut converted)?;
    }
    push(tag, &converted, der)?;
    Some(rest)
}

/// Appends an element. A string in pieces, which are DER by now, becomes one.
fn push(tag: u8, content: &[u8], der: &mut Vec<u8>) -> Option<()> {
    let encoded = if tag == OCTET_STRING_IN_PIECES {
        encode(OCTET_STRING, &pieces(content)?)
    } else {
        encode(tag, content)
    };
    der.extend(encoded);
    Some(())
}

/// The pieces of a string, joined.
pub(super) fn pieces(content: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::with_capacity(content.len());
    for piece in elements(content) {
        let piece = piece.filter(|piece| piece.tag == OCTET_STRING)?;
        joined.extend(piece.value);
    }
    Some(joined)
}
