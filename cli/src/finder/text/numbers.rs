//! Bytes that are written as numbers: hexadecimal, arrays of source code, and escapes of string literals.

use memchr::memchr;

use super::characters::{Marks, Step, joint, octet, step};
use super::decoded::{DecodedText, Next};

/// Hexadecimal digits without anything between two bytes.
pub(super) fn digits(text: &[u8], marks: &Marks, mark: usize) -> DecodedText {
    let mut decoded = DecodedText::new(text.len() / 2, mark);
    let mut high = None;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if high.is_none() {
            decoded.can_go_on(at);
        }
        at = if byte.is_ascii_hexdigit() {
            match high.take() {
                Some(high) => decoded.bytes.extend(octet(high, byte)),
                None => high = Some(byte),
            }
            at + 1
        } else if byte.is_ascii_whitespace() {
            marks.after_space(text, at)
        } else {
            match step(text, at, marks) {
                Step::Gap(after) => after,
                Step::Character(character, after) if character.is_ascii_whitespace() => after,
                _ => break,
            }
        };
    }
    decoded.up_to(at)
}

/// The first place from which hexadecimal digits lead to `at`, an even number of them.
pub(super) fn start_of_digits(data: &[u8], at: usize, floor: usize) -> usize {
    let mut start = at;
    let mut digits = at;
    let mut before_that = at;
    let mut count = 0_usize;
    while let Some(place) = start.checked_sub(1).filter(|place| *place >= floor) {
        let byte = data.get(place).copied().unwrap_or_default();
        if byte.is_ascii_hexdigit() {
            count += 1;
            before_that = digits;
            digits = place;
        } else if !byte.is_ascii_whitespace() {
            break;
        }
        start = place;
    }
    if count % 2 == 0 { digits } else { before_that }
}

/// Hexadecimal numbers with something between each two of them, but nothing before each. Those behind `origin` are
/// wanted.
pub(super) fn pairs(text: &[u8], marks: &Marks, mark: usize, origin: usize) -> DecodedText {
    let mut decoded = DecodedText::new(text.len() / 3, mark);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte.is_ascii_hexdigit() {
            decoded.can_go_on(at);
            let number = token(text, at, u8::is_ascii_hexdigit);
            // Longer ones are the places of a dump.
            if number.len() <= 2 {
                words(number, &mut decoded.bytes);
            }
            at += number.len();
        } else if byte == b'|' {
            // The characters of a dump.
            let rest = text.get(at..).unwrap_or_default();
            at += memchr(b'\n', rest.get(..LONGEST_DUMPED).unwrap_or(rest)).unwrap_or(1);
        } else if byte.is_ascii_whitespace() || SEPARATORS.contains(&byte) {
            at = marks.after_space(text, at);
        } else if at < origin {
            decoded.bytes.clear();
            at += 1;
        } else {
            match step(text, at, marks) {
                Step::Gap(after) => at = after,
                Step::Character(character, after) if character.is_ascii_whitespace() => at = after,
                _ => break,
            }
        }
    }
    decoded.up_to(at)
}

/// The first hexadecimal number of a line.
pub(super) fn first_of_line(data: &[u8], at: usize) -> usize {
    let start = start_of_line(data, at);
    let line = data.get(start..at).unwrap_or_default();
    let first = line.iter().position(u8::is_ascii_hexdigit);
    start + first.unwrap_or(line.len())
}

/// Numbers that begin with `0x`, with little else between them.
pub(super) fn prefixed(text: &[u8], mark: usize, origin: usize) -> DecodedText {
    let mut decoded = DecodedText::new(text.len() / 5, mark);
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let near = rest.get(..LONGEST_GAP).unwrap_or(rest);
        let Some(gap) = near.windows(2).position(|begin| begin == b"0x") else {
            if at >= origin || near.is_empty() {
                break;
            }
            decoded.bytes.clear();
            at += near.len().saturating_sub(1).max(1);
            continue;
        };
        at += gap;
        decoded.can_go_on(at);
        let number = token(text, at + 2, u8::is_ascii_hexdigit);
        words(number, &mut decoded.bytes);
        at += 2 + number.len();
    }
    decoded.up_to(at)
}

/// Decimal numbers, also those of signed bytes, with little else between them.
pub(super) fn decimal(text: &[u8], mark: usize, origin: usize) -> DecodedText {
    let mut decoded = DecodedText::new(text.len() / 5, mark);
    let mut at = 0;
    let mut gap = 0;
    while let Some(&byte) = text.get(at) {
        if !byte.is_ascii_digit() {
            gap += 1;
            at += 1;
            if gap > LONGEST_GAP_OF_DECIMALS {
                if at >= origin {
                    break;
                }
                decoded.bytes.clear();
            }
            continue;
        }
        gap = 0;
        let is_negative = at > 0 && text.get(at - 1) == Some(&b'-');
        if at >= mark {
            let start = at - usize::from(is_negative);
            let bytes = decoded.bytes.len();
            decoded.next.get_or_insert(Next { at: start, bytes });
        }
        let number = token(text, at, u8::is_ascii_digit);
        let magnitude = number.iter().fold(0_i32, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(i32::from(*digit - b'0'))
        });
        let value = if is_negative { -magnitude } else { magnitude };
        if let Ok(value) = i8::try_from(value) {
            decoded.bytes.extend(value.to_ne_bytes());
        } else {
            decoded.bytes.extend(u8::try_from(value));
        }
        at += number.len();
    }
    decoded.up_to(at)
}

/// A string literal with escapes for what is no printable character.
pub(super) fn literal(
    text: &[u8],
    marks: &Marks,
    quote: Option<u8>,
    mark: usize,
    origin: usize,
) -> DecodedText {
    let mut decoded = DecodedText::new(text.len() / 3, mark);
    let mut at = 0;
    while let Some((&byte, after)) = text.get(at..).and_then(<[u8]>::split_first) {
        decoded.can_go_on(at);
        match byte {
            b'\\' => {
                let (octet, length) = unescaped(after);
                decoded.bytes.extend(octet);
                at += 1 + length;
            }
            // Latin-1 in UTF-8.
            0xc2 | 0xc3 if matches!(after.first(), Some(0x80..=0xbf)) => {
                let low = after.first().copied().unwrap_or_default();
                decoded
                    .bytes
                    .push(if byte == 0xc2 { low } else { low | 0x40 });
                at += 2;
            }
            b'\n' | b'\r' | 0 => {
                let line = marks.skip(text, at + 1);
                if line == at + 1 {
                    if at >= origin {
                        break;
                    }
                    decoded.bytes.clear();
                }
                at = line;
            }
            _ if quote == Some(byte) => {
                if let Some(joint) = joint(after, byte) {
                    at += 1 + joint;
                } else if let Some(end) = memchr(b'\n', after.get(..8).unwrap_or(after)) {
                    // The marks of the next line have the beginning of the literal.
                    at += 1 + end;
                } else if at < origin {
                    decoded.bytes.clear();
                    at += 1;
                } else {
                    break;
                }
            }
            _ => {
                decoded.bytes.push(byte);
                at += 1;
            }
        }
    }
    decoded.up_to(at)
}

/// The quotation mark before the first escape of the line, with all that is before it.
pub(super) fn opening(data: &[u8], at: usize) -> (Marks, Option<u8>) {
    let line = data.get(start_of_line(data, at)..at).unwrap_or_default();
    let escape = memchr(b'\\', line).unwrap_or(line.len());
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
    let Some(quote) = line
        .get(..escape)
        .and_then(|line| line.iter().rposition(is_quote))
    else {
        return (Marks::default(), None);
    };
    let after_quote = at - line.len() + quote + 1;
    (Marks::before(data, after_quote), line.get(quote).copied())
}

/// What follows a backslash: the byte that is meant, and the length.
fn unescaped(text: &[u8]) -> (Option<u8>, usize) {
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');
    match text {
        [b'x' | b'u', b'{', rest @ ..] => {
            let number = token(rest, 0, u8::is_ascii_hexdigit);
            (number_of(number), 3 + number.len())
        }
        [b'x', rest @ ..] => {
            let number = token(rest, 0, u8::is_ascii_hexdigit);
            let number = number.get(..2).unwrap_or(number);
            (number_of(number), 1 + number.len())
        }
        [b'u', b'0', b'0', high, low, ..] => (octet(*high, *low), 5),
        [b'0'..=b'7', ..] => {
            let length = text
                .iter()
                .take(3)
                .take_while(|byte| is_octal(byte))
                .count();
            let digits = text.get(..length).unwrap_or_default();
            let value = digits
                .iter()
                .fold(0_u32, |sum, digit| sum << 3 | u32::from(digit - b'0'));
            (u8::try_from(value & 0xff).ok(), length)
        }
        [byte, ..] => {
            let octet = match byte {
                b'n' => 10,
                b'r' => 13,
                b't' => 9,
                b'a' => 7,
                b'b' => 8,
                b'f' => 12,
                b'v' => 11,
                b'e' => 27,
                // The line goes on.
                b'\n' => return (None, 1),
                other => *other,
            };
            (Some(octet), 1)
        }
        [] => (None, 0),
    }
}

fn start_of_line(data: &[u8], at: usize) -> usize {
    let begin = at.saturating_sub(LONGEST_LINE);
    let before = data.get(begin..at).unwrap_or_default();
    // A text of a program begins behind a NUL.
    begin + memchr::memrchr2(b'\n', 0, before).map_or(0, |end| end + 1)
}

/// One byte in a few hexadecimal digits.
fn number_of(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

/// The bytes of a hexadecimal number; those of a longer one are big-endian.
fn words(number: &[u8], bytes: &mut Vec<u8>) {
    if let [digit] = number {
        bytes.extend(octet(b'0', *digit));
    } else if number.len() % 2 == 0 {
        for pair in number.chunks_exact(2) {
            if let [high, low] = pair {
                bytes.extend(octet(*high, *low));
            }
        }
    }
}

fn token(text: &[u8], at: usize, is_digit: fn(&u8) -> bool) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    let length = rest.iter().take_while(|byte| is_digit(byte)).count();
    rest.get(..length).unwrap_or_default()
}

const SEPARATORS: &[u8] = b":,-\\\"'+;.[](){}";
/// Behind one array, the next one begins with a declaration of this length at most.
const LONGEST_GAP: usize = 200;
const LONGEST_GAP_OF_DECIMALS: usize = 60;
const LONGEST_LINE: usize = 4 * 1024;
const LONGEST_DUMPED: usize = 40;
