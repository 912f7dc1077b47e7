//! ASCII in UTF-16.

use super::decoded::{DecodedText, Next};

/// The text, up to what is not ASCII. Either order of bytes is the same here, seen from a character.
pub(super) fn decode(text: &[u8], mark: usize) -> DecodedText {
    let units = text.chunks(2).map_while(|unit| match unit {
        [byte @ 1..=0x7f, 0] | [byte @ 1..=0x7f] => Some(*byte),
        _ => None,
    });
    let mut decoded = DecodedText::new(0, mark);
    decoded.bytes.extend(units);
    let end = (2 * decoded.bytes.len()).min(text.len());
    let at = mark.next_multiple_of(2);
    let bytes = at / 2;
    decoded.next = (at < end).then_some(Next { at, bytes });
    decoded.up_to(end)
}

/// The first character from which ASCII leads to the one that is at `at`.
pub(super) fn start(data: &[u8], at: usize, floor: usize) -> usize {
    let mut start = at;
    while let Some(place) = start.checked_sub(2).filter(|place| *place >= floor) {
        match data.get(place..start) {
            Some([1..=0x7f, 0]) => start = place,
            _ => break,
        }
    }
    start
}
