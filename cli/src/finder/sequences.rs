//! How much comes out of a block of Zstandard (RFC 8878, section 3.1.1.3), before it is unpacked.
//!
//! What comes out of one block is in memory at once, so that this has to be at most what the format allows: 128 KiB
//! (section 3.1.1.2.4). How much it is, only the lengths of its sequences say.

use std::io;

use super::bytes::{array_at, little_endian};

/// The tables of a frame, which a block may have from the one before.
#[derive(Default)]
pub(crate) struct Sequences {
    literals: Option<Table>,
    offsets: Option<Table>,
    matches: Option<Table>,
}

/// The most that comes out of a block.
const LARGEST: u64 = 128 << 10;

fn damaged() -> io::Error {
    io::Error::other("a block of this Zstandard frame is damaged")
}

impl Sequences {
    /// Fails if more comes out of a compressed block than may.
    pub(crate) fn check(&mut self, block: &[u8]) -> io::Result<()> {
        let (literals, rest) = after_literals(block)?;
        let (count, rest) = count(rest)?;
        if count == 0 {
            return within(literals);
        }
        let (&modes, mut rest) = rest.split_first().ok_or_else(damaged)?;
        for (table, shift, kind) in [
            (&mut self.literals, 6, &LITERALS),
            (&mut self.offsets, 4, &OFFSETS),
            (&mut self.matches, 2, &MATCHES),
        ] {
            let mode = modes >> shift & 3;
            if mode == 3 && table.is_some() {
                continue;
            }
            let (read, after) = Table::read(mode, rest, kind)?;
            *table = Some(read);
            rest = after;
        }
        let (Some(of_literals), Some(of_offsets), Some(of_matches)) =
            (&self.literals, &self.offsets, &self.matches)
        else {
            return Err(damaged());
        };
        let mut bits = Backwards::new(rest)?;
        let mut literal = bits.take(of_literals.accuracy)?;
        let mut offset = bits.take(of_offsets.accuracy)?;
        let mut matched = bits.take(of_matches.accuracy)?;
        let mut total = literals;
        for number in 1..=count {
            let of_literal = of_literals.state(literal)?;
            let of_offset = of_offsets.state(offset)?;
            let of_match = of_matches.state(matched)?;
            bits.skip(of_offset.symbol.into())?;
            let (base, more) = match_length(of_match.symbol);
            total += base + bits.take(more)?;
            within(total)?;
            bits.skip(literal_bits(of_literal.symbol))?;
            if number < count {
                literal = u64::from(of_literal.base) + bits.take(of_literal.bits.into())?;
                matched = u64::from(of_match.base) + bits.take(of_match.bits.into())?;
                offset = u64::from(of_offset.base) + bits.take(of_offset.bits.into())?;
            }
        }
        Ok(())
    }
}

fn within(size: u64) -> io::Result<()> {
    if size <= LARGEST {
        return Ok(());
    }
    Err(io::Error::other(
        "a block of this Zstandard frame unpacks to more than it may",
    ))
}

/// How many literals there are, and what follows them (section 3.1.1.3.1).
fn after_literals(block: &[u8]) -> io::Result<(u64, &[u8])> {
    let first = *block.first().ok_or_else(damaged)?;
    let format = first >> 2 & 3;
    // Both sizes behind four bits, of which some tell how long they are.
    let header = bits_at(block, 0, 40);
    let (length, size, packed) = match (first & 3, format) {
        (kind @ (0 | 1), _) => {
            let (length, shift, bits) = match format {
                1 => (2, 4, 12),
                3 => (3, 4, 20),
                _ => (1, 3, 5),
            };
            let size = header >> shift & ((1 << bits) - 1);
            (length, size, if kind == 0 { size } else { 1 })
        }
        (_, format) => {
            let (length, bits) = match format {
                0 | 1 => (3, 10),
                2 => (4, 14),
                _ => (5, 18),
            };
            let mask = (1 << bits) - 1;
            (length, header >> 4 & mask, header >> (4 + bits) & mask)
        }
    };
    let packed = usize::try_from(packed).map_err(|_| damaged())?;
    let rest = block.get(length + packed..).ok_or_else(damaged)?;
    Ok((size, rest))
}

/// How many sequences there are, and what follows that number (section 3.1.1.3.2.1).
fn count(section: &[u8]) -> io::Result<(u64, &[u8])> {
    match section {
        [first @ 0..=127, rest @ ..] => Ok((u64::from(*first), rest)),
        [255, low, high, rest @ ..] => {
            let count = u16::from_le_bytes([*low, *high]);
            Ok((u64::from(count) + 0x7f00, rest))
        }
        [first @ 128..=254, second, rest @ ..] => {
            let count = u16::from_be_bytes([*first - 128, *second]);
            Ok((u64::from(count), rest))
        }
        _ => Err(damaged()),
    }
}

/// How long a match is at least, and how many bits are added to that.
fn match_length(code: u8) -> (u64, u32) {
    const BASES: [u64; 21] = [
        35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387,
        32771, 65539,
    ];
    const BITS: [u32; 21] = [
        1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ];
    let long = code.checked_sub(32).map(usize::from);
    let long = long.and_then(|long| BASES.get(long).copied().zip(BITS.get(long).copied()));
    long.unwrap_or((u64::from(code) + 3, 0))
}

/// How many bits are added to a length of literals.
fn literal_bits(code: u8) -> u32 {
    match code {
        0..=15 => 0,
        16..=19 => 1,
        20 | 21 => 2,
        22 | 23 => 3,
        24 => 4,
        _ => u32::from(code) - 19,
    }
}

/// What a table is like.
struct Kind {
    /// The largest accuracy, and the largest symbol.
    accuracy: u32,
    symbol: u8,
    /// The table that needs no description: its accuracy, and how often each symbol is in it.
    default: (u32, &'static [i32]),
}

const LITERALS: Kind = Kind {
    accuracy: 9,
    symbol: 35,
    default: (
        6,
        &[
            4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1,
            1, 1, 1, -1, -1, -1, -1,
        ],
    ),
};
const OFFSETS: Kind = Kind {
    accuracy: 8,
    symbol: 31,
    default: (
        5,
        &[
            1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1,
            -1,
        ],
    ),
};
const MATCHES: Kind = Kind {
    accuracy: 9,
    symbol: 52,
    default: (
        6,
        &[
            1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
        ],
    ),
};

/// A table of finite state entropy (section 4.1).
struct Table {
    accuracy: u32,
    states: Vec<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    symbol: u8,
    /// How many bits are read for the next state, and to what they are added.
    bits: u8,
    base: u16,
}

impl Table {
    /// By its mode, and what follows it.
    fn read<'b>(mode: u8, rest: &'b [u8], kind: &Kind) -> io::Result<(Self, &'b [u8])> {
        match mode {
            0 => Ok((Self::new(kind.default.0, kind.default.1)?, rest)),
            1 => {
                let (&symbol, rest) = rest.split_first().ok_or_else(damaged)?;
                if symbol > kind.symbol {
                    return Err(damaged());
                }
                let state = State {
                    symbol,
                    ..State::default()
                };
                let table = Self {
                    accuracy: 0,
                    states: vec![state],
                };
                Ok((table, rest))
            }
            2 => {
                let (accuracy, counts, length) = counts(rest, kind)?;
                let rest = rest.get(length..).ok_or_else(damaged)?;
                Ok((Self::new(accuracy, &counts)?, rest))
            }
            _ => Err(damaged()),
        }
    }

    fn new(accuracy: u32, counts: &[i32]) -> io::Result<Self> {
        let size = 1_usize << accuracy;
        let mut states = vec![State::default(); size];
        let symbols = || (0_u8..).zip(counts.iter().copied());
        // Those that are rarer than one are at the end.
        let mut end = size;
        for (symbol, _) in symbols().filter(|(_, count)| *count < 0) {
            end = end.checked_sub(1).ok_or_else(damaged)?;
            states.get_mut(end).ok_or_else(damaged)?.symbol = symbol;
        }
        let step = size / 2 + size / 8 + 3;
        let mut place = 0;
        for (symbol, count) in symbols() {
            for _ in 0..count {
                states.get_mut(place).ok_or_else(damaged)?.symbol = symbol;
                place = (place + step) % size;
                while place >= end && end > 0 {
                    place = (place + step) % size;
                }
            }
        }
        let mut next: Vec<u32> = counts
            .iter()
            .map(|count| count.unsigned_abs().max(1))
            .collect();
        for state in &mut states {
            let next = next
                .get_mut(usize::from(state.symbol))
                .ok_or_else(damaged)?;
            let bits = accuracy.checked_sub(next.ilog2()).ok_or_else(damaged)?;
            let base = (*next << bits).checked_sub(1 << accuracy);
            state.bits = u8::try_from(bits).map_err(|_| damaged())?;
            state.base = u16::try_from(base.ok_or_else(damaged)?).map_err(|_| damaged())?;
            *next += 1;
        }
        Ok(Self { accuracy, states })
    }

    fn state(&self, number: u64) -> io::Result<State> {
        let number = usize::try_from(number).map_err(|_| damaged())?;
        self.states.get(number).copied().ok_or_else(damaged)
    }
}

/// The accuracy of a table, how often each symbol is in it (-1 where that is less than once), and how many octets say it
/// (section 4.1.1).
fn counts(octets: &[u8], kind: &Kind) -> io::Result<(u32, Vec<i32>, usize)> {
    let mut place = 0;
    let accuracy = 5 + bits_at(octets, place, 4);
    place += 4;
    if accuracy > u64::from(kind.accuracy) {
        return Err(damaged());
    }
    let accuracy = u32::try_from(accuracy).map_err(|_| damaged())?;
    let mut left = 1_i32 << accuracy;
    let mut counts = Vec::new();
    while left > 0 {
        // As many bits as the largest number needs; the small ones do without the last one.
        let most = u64::from(left.unsigned_abs()) + 1;
        let bits = most.ilog2() + 1;
        let low = (1_u64 << (bits - 1)) - 1;
        let small = (1_u64 << bits) - 1 - most;
        let value = bits_at(octets, place, bits);
        let number = if value & low < small {
            place += bits as usize - 1;
            value & low
        } else {
            place += bits as usize;
            if value > low { value - small } else { value }
        };
        let count = i32::try_from(number).map_err(|_| damaged())? - 1;
        counts.push(count);
        left -= count.abs();
        if count == 0 {
            loop {
                let more = bits_at(octets, place, 2);
                place += 2;
                let more = usize::try_from(more).map_err(|_| damaged())?;
                counts.resize(counts.len() + more, 0);
                if more < 3 || counts.len() > usize::from(kind.symbol) {
                    break;
                }
            }
        }
        if left < 0 || counts.len() > usize::from(kind.symbol) + 1 {
            return Err(damaged());
        }
    }
    Ok((accuracy, counts, place.div_ceil(8)))
}

/// Up to 56 bits from this one on, the lowest first; zeros beyond the end.
fn bits_at(octets: &[u8], place: usize, count: u32) -> u64 {
    let rest = octets.get(place / 8..).unwrap_or_default();
    let word = array_at(rest, 0).map_or_else(|| little_endian(rest), u64::from_le_bytes);
    word >> (place % 8) & ((1 << count) - 1)
}

/// Bits from the last one to the first.
struct Backwards<'b> {
    octets: &'b [u8],
    left: usize,
}

impl<'b> Backwards<'b> {
    fn new(octets: &'b [u8]) -> io::Result<Self> {
        // The highest one is where they end.
        let last = octets
            .last()
            .filter(|last| **last > 0)
            .ok_or_else(damaged)?;
        let left = 8 * octets.len() - last.leading_zeros() as usize - 1;
        Ok(Self { octets, left })
    }

    fn skip(&mut self, count: u32) -> io::Result<()> {
        let left = self.left.checked_sub(count as usize);
        self.left = left.ok_or_else(damaged)?;
        Ok(())
    }

    fn take(&mut self, count: u32) -> io::Result<u64> {
        self.skip(count)?;
        Ok(bits_at(self.octets, self.left, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without literals, and with sequences that each repeat the same number of octets.
    fn block(sequences: u8, code: u8, more: u64) -> Vec<u8> {
        let (_, bits) = match_length(code);
        let mut block = vec![0, sequences, 0b0101_0100, 0, 0, code];
        let mut stream = Vec::new();
        for _ in 0..sequences {
            stream.extend((0..bits).map(|bit| more >> bit & 1 == 1));
        }
        stream.push(true);
        let octets = stream.chunks(8).map(|bits| {
            let bits = bits.iter().rev();
            bits.fold(0, |octet, bit| octet << 1 | u8::from(*bit))
        });
        block.extend(octets);
        block
    }

    #[test]
    fn zstd_block_output_is_bounded() {
        for (sequences, code, more, is_within) in [
            (1, 52, (1 << 16) - 4, true),
            (1, 52, (1 << 16) - 3, true),
            (1, 52, (1 << 16) - 2, false),
            (2, 51, (1 << 15) - 3, true),
            (2, 51, (1 << 15) - 2, false),
            (2, 52, 0, false),
            (100, 0, 0, true),
        ] {
            let size = u64::from(sequences) * (match_length(code).0 + more);
            assert_eq!(size <= LARGEST, is_within, "{size}");
            let result = Sequences::default().check(&block(sequences, code, more));
            assert_eq!(result.is_ok(), is_within, "{size}: {result:?}");
        }
        // The table of the block before, which there is not.
        let mut block = block(1, 52, 0);
        block[2] |= 0b1100;
        assert!(Sequences::default().check(&block).is_err());
    }

    /// Each symbol has the states that section 4.1.1 says it has.
    #[test]
    fn tables_have_each_symbol_as_often_as_is_said() {
        for kind in [&LITERALS, &OFFSETS, &MATCHES] {
            let (accuracy, counts) = kind.default;
            let table = Table::new(accuracy, counts).unwrap();
            assert_eq!(table.states.len(), 1 << accuracy);
            for (symbol, count) in (0..).zip(counts) {
                let states = table.states.iter().filter(|state| state.symbol == symbol);
                // From all of them together, each state is reached once.
                let mut reached: Vec<u16> = states
                    .clone()
                    .flat_map(|state| state.base..state.base + (1 << state.bits))
                    .collect();
                reached.sort_unstable();
                assert_eq!(states.count(), count.unsigned_abs() as usize);
                assert_eq!(reached, (0..1 << accuracy).collect::<Vec<_>>());
            }
        }
        // What section 3.1.1.3.2.2.1 begins and ends its table of literals with, in full in appendix A.
        let table = Table::new(LITERALS.default.0, LITERALS.default.1).unwrap();
        let states = [0, 1, 63].map(|state| {
            let state = table.states[state];
            (state.symbol, state.bits, state.base)
        });
        assert_eq!(states, [(0, 4, 0), (0, 4, 16), (32, 6, 0)]);
    }

    #[test]
    fn any_block_is_an_error_or_none() {
        let mut state = 1_u64;
        for length in 0..20_000 {
            let block: Vec<u8> = (0..length % 64)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    u8::try_from(state >> 56).unwrap()
                })
                .collect();
            let _ = Sequences::default().check(&block);
        }
    }
}
