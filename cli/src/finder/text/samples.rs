//! Where numbers and string literals may be that stand for a certificate: only there, their needles are searched for.

use std::ops::Range;

/// The parts of a range around samples that look like numbers or escapes, in order.
///
/// The shortest certificate has more than 800 characters, so that there are three samples in it at least.
pub(crate) fn parts(data: &[u8], range: &Range<usize>) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let first = range.start.saturating_sub(AROUND);
    let end = data.len().min(range.end.saturating_add(AROUND));
    let samples = data.get(first..end).unwrap_or_default().chunks(STRIDE);
    for (nth, sample) in samples.enumerate() {
        let Some(sample) = sample.first_chunk() else {
            continue;
        };
        if !may_be_text(sample) || !is_dense(sample) {
            continue;
        }
        let place = first + nth * STRIDE;
        let start = place.saturating_sub(AROUND).max(range.start);
        let end = (place + AROUND + STRIDE).min(range.end);
        match parts.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ if start < end => parts.push(start..end),
            _ => {}
        }
    }
    parts
}

const SAMPLE: usize = 32;
const STRIDE: usize = 256;
/// How far from a sample the needle may be, if other samples between them look like something else.
const AROUND: usize = 1024;
/// How many of the bytes of a sample are of numbers or stand around them, at least.
const LEAST_OF_NUMBERS: u32 = 26;
const LEAST_DIGITS: u32 = 6;
const LEAST_ESCAPES: u32 = 3;

/// A quick look at eight of the bytes, all of them whatever the first ones are: a branch for each takes longer.
fn may_be_text(sample: &[u8; SAMPLE]) -> bool {
    let bytes = sample.iter().step_by(SAMPLE / 8);
    bytes.fold(TEXT, |all, byte| all & kind(*byte)) != 0
}

fn is_dense(sample: &[u8; SAMPLE]) -> bool {
    let counts = sample
        .iter()
        .fold(0_u32, |sum, byte| sum + (kind(*byte) & !TEXT));
    let [_, escapes, digits, of_numbers] = counts.to_be_bytes().map(u32::from);
    let is_numbers = of_numbers >= LEAST_OF_NUMBERS && digits >= LEAST_DIGITS;
    is_numbers || escapes >= LEAST_ESCAPES
}

/// Counters for what is in a sample, one in each octet.
const OF_NUMBERS: u32 = 1;
const DIGIT: u32 = 1 << 8;
const ESCAPE: u32 = 1 << 16;
/// Not counted.
const TEXT: u32 = 1 << 31;

fn kind(byte: u8) -> u32 {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

static KINDS: [u32; 256] = kinds();

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "at compile time"
)]
const fn kinds() -> [u32; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' => TEXT | OF_NUMBERS | DIGIT,
            b'a'..=b'f'
            | b'A'..=b'F'
            | b'x'
            | b'X'
            | b' '
            | b'\t'
            | b'\n'
            | b'\r'
            | b','
            | b':'
            | b';'
            | b'-' => TEXT | OF_NUMBERS,
            b'\\' => TEXT | OF_NUMBERS | ESCAPE,
            // The first byte of a character of Latin-1 in UTF-8.
            0xc2 | 0xc3 => TEXT | ESCAPE,
            b' '..=b'~' | 0x80..=0xbf => TEXT,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_around_numbers_and_escapes() {
        let text = "It is a truth universally acknowledged, that a single man. ".repeat(200);
        assert!(parts(text.as_bytes(), &(0..text.len())).is_empty());
        let zeros = [0; 10_000];
        assert!(parts(&zeros, &(0..zeros.len())).is_empty());
        for numbers in [
            "0x30, 0x82, ",
            "48 130 ",
            "3082A0",
            "\\x82H",
            "\\202H",
            "\u{82}H\u{a0}",
        ] {
            let numbers = numbers.repeat(900 / numbers.len());
            let data = format!("{text}{numbers}{text}");
            let within = text.len()..text.len() + numbers.len();
            let parts = parts(data.as_bytes(), &(0..data.len()));
            let [part] = &*parts else {
                panic!("{numbers}: {parts:?}");
            };
            assert!(
                part.start <= within.start && part.end >= within.end,
                "{numbers}"
            );
            assert!(part.start + 3_000 >= within.start && part.end <= within.end + 3_000);
        }
    }
}
