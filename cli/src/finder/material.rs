//! Keys as bare numbers: the modulus of RSA, and the point of an elliptic curve.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use embedded_roots_bundle::der::{BIT_STRING, Element, INTEGER, SEQUENCE};

use crate::history::HistoryEntry;

/// Finds such numbers wherever they are in other data, big-endian or little-endian.
///
/// A number is longer than what is between two samples, so that one sample is in the first bytes of each number. All
/// windows of these bytes are known beforehand.
pub(super) struct KeyMaterial<'h> {
    numbers: Vec<Number<'h>>,
    /// Where a window is: the place of its number in `numbers`, times `STRIDE`, and its own place in it.
    windows: HashMap<u64, usize, BuildHasherDefault<WindowHasher>>,
    filter: Filter,
}

struct Number<'h> {
    /// What precedes it in DER, where the key is no bare number. Empty if it is little-endian.
    before: Vec<u8>,
    bytes: Vec<u8>,
    /// What follows it in DER: with another exponent, it is another key.
    exponent: Vec<u8>,
    known: &'h HistoryEntry,
}

impl<'h> KeyMaterial<'h> {
    /// `keys` are the contents of `SubjectPublicKeyInfo`, and what stands for each.
    pub(super) fn new<'k>(keys: impl Iterator<Item = (&'k [u8], &'h HistoryEntry)>) -> Self {
        let mut material = Self {
            numbers: Vec::new(),
            windows: HashMap::default(),
            filter: Filter(vec![0; WORDS]),
        };
        let numbers = keys.filter_map(|(content, known)| Some((content, number(content)?, known)));
        let numbers: Vec<_> = numbers.collect();
        material.windows.reserve(2 * STRIDE * numbers.len());
        for (content, (number, exponent), known) in numbers {
            let behind = number.len() + exponent.len();
            let before = content.get(..content.len().saturating_sub(behind));
            let reversed = number.iter().rev().copied().collect();
            material.add(before.unwrap_or_default(), number.to_vec(), exponent, known);
            material.add(&[], reversed, &[], known);
        }
        material
    }

    /// The places of numbers that have their sample within this part, unless they are keys in DER.
    pub(super) fn find(
        &self,
        data: &[u8],
        part: Range<usize>,
    ) -> Vec<(Range<usize>, &'h HistoryEntry)> {
        let mut found = Vec::new();
        let end = part.end.saturating_add(WINDOW - 1);
        let samples = data.get(part.start..end.min(data.len()));
        for (nth, several) in samples.unwrap_or_default().chunks(SEVERAL).enumerate() {
            let whole = several.first_chunk();
            // Nearly always it has none, so that there is one branch for all.
            if whole.is_some_and(|several| !self.has_any(several)) {
                continue;
            }
            let start = part.start + nth * SEVERAL;
            for (place, sample) in (start..).step_by(STRIDE).zip(several.chunks(STRIDE)) {
                let window = sample.first_chunk().copied().map(u64::from_le_bytes);
                let window = window.filter(|window| self.filter.has(*window) != 0);
                found.extend(window.and_then(|window| self.at(data, place, window)));
            }
        }
        found
    }

    fn add(&mut self, before: &[u8], bytes: Vec<u8>, exponent: &[u8], known: &'h HistoryEntry) {
        for (offset, window) in bytes.windows(WINDOW).take(STRIDE).enumerate() {
            let Some(window) = window.first_chunk().copied().map(u64::from_le_bytes) else {
                continue;
            };
            self.filter.add(window);
            let place = self.numbers.len() * STRIDE + offset;
            self.windows.insert(window, place);
        }
        self.numbers.push(Number {
            before: before.to_vec(),
            bytes,
            exponent: exponent.to_vec(),
            known,
        });
    }

    fn has_any(&self, several: &[u8; SEVERAL]) -> bool {
        let samples = several.chunks_exact(STRIDE).filter_map(<[u8]>::first_chunk);
        let windows = samples.copied().map(u64::from_le_bytes);
        windows.fold(0, |any, window| any | self.filter.has(window)) != 0
    }

    /// The number that has this window at this place, if it is there as a whole, and no key in DER.
    fn at(
        &self,
        data: &[u8],
        place: usize,
        window: u64,
    ) -> Option<(Range<usize>, &'h HistoryEntry)> {
        let known = *self.windows.get(&window)?;
        let (number, offset) = (known / STRIDE, known % STRIDE);
        let Number {
            before,
            bytes,
            exponent,
            known,
        } = self.numbers.get(number)?;
        let start = place.checked_sub(offset)?;
        if !before.is_empty() && data.get(..start)?.ends_with(before) {
            return None;
        }
        let after = data.get(start..)?.strip_prefix(bytes.as_slice())?;
        let has_exponent = !exponent.is_empty() && after.get(..2) == exponent.get(..2);
        let is_known = !has_exponent || after.starts_with(exponent);
        is_known.then_some((start..start + bytes.len(), *known))
    }
}

/// Two bits of one word for each window: few others have both.
struct Filter(Vec<u64>);

impl Filter {
    fn add(&mut self, window: u64) {
        let (word, [first, second]) = Self::bits(window);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << first | 1 << second;
        }
    }

    /// 1 if it may be one of the windows, and 0 if not.
    fn has(&self, window: u64) -> u64 {
        let (word, [first, second]) = Self::bits(window);
        let word = self.0.get(word).copied().unwrap_or_default();
        word >> first & word >> second & 1
    }

    fn bits(window: u64) -> (usize, [u64; 2]) {
        let hash = window.wrapping_mul(FACTOR);
        let word = usize::try_from(hash >> (64 - WORDS.trailing_zeros()));
        (word.unwrap_or_default(), [hash >> 40 & 63, hash >> 32 & 63])
    }
}

/// Windows are as good as random, and all that the map holds are those of known keys.
#[derive(Default)]
struct WindowHasher(u64);

impl Hasher for WindowHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, window: u64) {
        self.0 = (self.0 ^ window).wrapping_mul(FACTOR).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Eight bytes, which are as good as random.
const WINDOW: usize = 8;
/// A window that begins in so many first bytes of a number is within it: the shortest one is of 64 bytes.
const STRIDE: usize = 56;
/// Samples that are looked at together.
const SEVERAL: usize = 8 * STRIDE;
/// 128 KiB, in which one of sixteen bits is set.
const WORDS: usize = 1 << 14;
/// The constant of Fibonacci hashing.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The modulus without a leading zero and the exponent behind it, or both coordinates of the point (RFC 5480,
/// section 2.2).
pub(crate) fn number(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = Element::expect(content, SEQUENCE)?;
    let key = match Element::only(rest, BIT_STRING)? {
        [0, 4, point @ ..] => return Some((point, &[])),
        [0, key @ ..] => key,
        _ => return None,
    };
    let (modulus, exponent) = Element::expect(Element::only(key, SEQUENCE)?, INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    Some((modulus.get(zeros..)?, exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::root::InspectedRoot;

    fn content(known: &HistoryEntry) -> Vec<u8> {
        let root = InspectedRoot::from_der(known.der.clone()).unwrap().root;
        root.trust_anchor().subject_public_key_info.to_vec()
    }

    #[test]
    fn every_number_is_long_enough() {
        for known in History::load().unwrap().all() {
            let content = content(known);
            let (number, _) = number(&content).unwrap();
            assert!(number.len() >= STRIDE + WINDOW, "{}", known.certificate);
        }
    }
}
