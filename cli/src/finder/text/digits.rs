//! Base64, however a program or a configuration file quotes it.

use super::characters::{Marks, Step, step};
use super::decoded::DecodedText;

/// What is encoded, up to what belongs to no text in base64, or until `most` bytes are there. Mostly so many are.
///
/// The first digits may be `skipped`. Digits may be those of base64url. Behind padding, and behind a whole element of
/// DER at the end of a line or a string literal, a new text begins.
pub(super) fn decode(
    text: &[u8],
    marks: &Marks,
    skipped: usize,
    mark: usize,
    most: usize,
    capacity: usize,
) -> DecodedText {
    let mut decoder = Decoder::new(skipped, DecodedText::new(capacity, mark));
    let end = decoder.read(text, marks, most);
    decoder.flush();
    decoder.decoded.up_to(end)
}

/// How many digits there are in a text.
pub(super) fn count(text: &[u8], marks: &Marks) -> Option<usize> {
    let mut decoder = Decoder::new(0, DecodedText::new(0, usize::MAX));
    let end = decoder.read(text, marks, usize::MAX);
    (end == text.len()).then_some(decoder.digits)
}

/// The first place from which digits, white space and escapes lead to `at`, and the first without escapes.
pub(super) fn starts(data: &[u8], at: usize, floor: usize) -> [usize; 2] {
    let mut plain = None;
    let mut start = at;
    let mut digits = at;
    while let Some(place) = start.checked_sub(1).filter(|place| *place >= floor) {
        let byte = data.get(place).copied().unwrap_or_default();
        if value(byte) < OTHER {
            let is_mark = data.get(start).is_none_or(u8::is_ascii_whitespace)
                || data.get(place.saturating_sub(4)..start) == Some(HYPHENS);
            if byte == b'-' && is_mark {
                break;
            }
            digits = place;
        } else if b"%\\&#;".contains(&byte)
            && plain.is_none_or(|plain| plain - place < MOST_ESCAPED)
        {
            plain.get_or_insert(digits);
            digits = place;
        } else if !byte.is_ascii_whitespace() {
            break;
        }
        start = place;
    }
    [digits, plain.unwrap_or(digits)]
}

pub(super) fn is_digit(byte: u8) -> bool {
    value(byte) < OTHER
}

struct Decoder {
    decoded: DecodedText,
    group: u32,
    count: u32,
    digits: usize,
    /// How many digits more belong to something else.
    skipped: usize,
    /// Where what is encoded begins.
    start: usize,
}

impl Decoder {
    fn new(skipped: usize, decoded: DecodedText) -> Self {
        Self {
            start: 0,
            decoded,
            group: 0,
            count: 0,
            digits: 0,
            skipped,
        }
    }

    /// Returns where it ends.
    fn read(&mut self, text: &[u8], marks: &Marks, most: usize) -> usize {
        let mut at = 0;
        while self.decoded.bytes.len() <= most {
            if self.count == 0 && self.skipped == 0 {
                self.decoded.can_go_on(at);
                let whole = text.get(at..).unwrap_or_default();
                let left = self.decoded.up_to_mark(at, text.len());
                let whole = whole.get(..left.next_multiple_of(4)).unwrap_or(whole);
                at += self.groups(whole);
            }
            let Some(&byte) = text.get(at) else {
                break;
            };
            let value = value(byte);
            if value < OTHER {
                if byte == b'-' && text.get(at..).is_some_and(|rest| rest.starts_with(HYPHENS)) {
                    break;
                }
                self.digit(value);
                at += 1;
                continue;
            }
            if byte.is_ascii_whitespace() {
                at += 1;
                if matches!(byte, b'\n' | b'\r') {
                    self.end_of_line(text.get(at..).unwrap_or_default());
                    at = marks.skip(text, at);
                }
                continue;
            }
            match step(text, at, marks) {
                // A soft line break, or padding at the end of a line.
                Step::Gap(after) if byte == b'=' => {
                    if self.is_padding() {
                        self.flush();
                    }
                    at = marks.skip(text, after);
                }
                Step::Character(b'=', after) => {
                    self.flush();
                    at = after;
                }
                Step::Character(character, after) => {
                    at = after;
                    match self::value(character) {
                        value if value < OTHER => self.digit(value),
                        _ if matches!(character, b'\n' | b'\r') => {
                            self.end_of_line(text.get(at..).unwrap_or_default());
                            at = marks.skip(text, at);
                        }
                        _ if character.is_ascii_whitespace() => {}
                        _ => break,
                    }
                }
                Step::Gap(after) => {
                    let gap = text.get(at..after).unwrap_or_default();
                    if gap.contains(&b',') && self.is_padding() {
                        self.flush();
                    }
                    at = after;
                }
                Step::End if byte == b'=' => {
                    self.flush();
                    at += 1;
                }
                Step::End => break,
            }
        }
        at
    }

    /// Reads whole groups, and returns their length.
    fn groups(&mut self, text: &[u8]) -> usize {
        let mut length = 0;
        for group in text.chunks_exact(4) {
            let &[first, second, third, fourth] = group else {
                break;
            };
            let [first, second, third, fourth] =
                [first, second, third, fourth].map(|byte| u32::from(standard_value(byte)));
            if (first | second | third | fourth) >= 64 {
                break;
            }
            let group = first << 18 | second << 12 | third << 6 | fourth;
            let [_, octets @ ..] = group.to_be_bytes();
            self.decoded.bytes.extend_from_slice(&octets);
            length += 4;
        }
        self.digits += length;
        length
    }

    fn digit(&mut self, value: u8) {
        self.digits += 1;
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        self.group = self.group << 6 | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            let [_, octets @ ..] = self.group.to_be_bytes();
            self.decoded.bytes.extend_from_slice(&octets);
            (self.group, self.count) = (0, 0);
        }
    }

    /// The octets of a group that is not whole. What follows is another text.
    fn flush(&mut self) {
        let [_, first, second, _] = (self.group << (6 * (4 - self.count))).to_be_bytes();
        match self.count {
            2 => self.decoded.bytes.push(first),
            3 => self.decoded.bytes.extend_from_slice(&[first, second]),
            _ => {}
        }
        (self.group, self.count) = (0, 0);
        self.start = self.decoded.bytes.len();
    }

    /// Without padding, a line may be the end of a text.
    fn end_of_line(&mut self, after: &[u8]) {
        let is_end = if let Some(length) = self.length() {
            length <= self.whole()
        } else {
            // It began before what is decoded here.
            let after = after.get(..LONGEST_INDENT).unwrap_or(after);
            self.count > 0 && after.trim_ascii_start().starts_with(BEGIN)
        };
        if is_end {
            self.flush();
        }
    }

    /// Whether `=` at the end of a line ends a text, rather than the line alone.
    fn is_padding(&self) -> bool {
        self.length().is_none_or(|length| length <= self.whole())
    }

    /// How many octets of the text are there.
    fn whole(&self) -> usize {
        self.decoded.bytes.len() - self.start + self.count.saturating_sub(1) as usize
    }

    /// How long the text is, if it is a SEQUENCE.
    fn length(&self) -> Option<usize> {
        let octets = |octets: &[u8]| {
            octets
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet))
        };
        match self.decoded.bytes.get(self.start..)? {
            [0x30, 0x81, length, ..] => Some(3 + usize::from(*length)),
            [0x30, 0x82, high, low, ..] => Some(4 + octets(&[*high, *low])),
            [0x30, 0x83, high, middle, low, ..] => Some(5 + octets(&[*high, *middle, *low])),
            [0x30, length @ ..=0x7f, ..] => Some(2 + usize::from(*length)),
            _ => None,
        }
    }
}

/// The value of a digit, 64 or more of another byte.
fn value(byte: u8) -> u8 {
    match byte {
        b'-' => 62,
        b'_' => 63,
        byte => standard_value(byte),
    }
}

fn standard_value(byte: u8) -> u8 {
    VALUES.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

const OTHER: u8 = 64;
/// The beginning of a certificate.
const BEGIN: &[u8] = b"MII";
/// The most white space before it.
const LONGEST_INDENT: usize = 64;
/// The end of a block.
const HYPHENS: &[u8] = b"-----";
/// How far back escapes are looked for.
const MOST_ESCAPED: usize = 120;
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The values of the digits of base64.
static VALUES: [u8; 256] = values();

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "at compile time"
)]
const fn values() -> [u8; 256] {
    let mut values = [OTHER; 256];
    let mut value = 0;
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
}
