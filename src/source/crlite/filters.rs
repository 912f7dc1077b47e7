//! Filters in memory, as one table: a base and its deltas are asked together.

use std::collections::HashMap;

use crate::source::crlite::encoding::{EncodedFilter, Rows};

/// Filters, of which each knows the certificates that it was made of.
#[derive(Default)]
pub(super) struct Filters {
    /// Sorted by log.
    coverage: Vec<Coverage>,
    /// By SHA-256 of the key, the number of an issuer.
    issuers: HashMap<[u8; 32], u32>,
    /// Sorted by issuer.
    blocks: Vec<Block>,
    columns: Vec<Columns>,
    /// The serial numbers of all blocks, each after its length.
    exceptions: Vec<u8>,
    /// The latest millisecond since 1970 that a filter covers.
    last: u64,
}

/// What a filter covers of a log, in milliseconds since 1970.
struct Coverage {
    log: [u8; 32],
    filter: u16,
    first: u64,
    last: u64,
}

/// What a filter has for one issuer.
struct Block {
    issuer: u32,
    filter: u16,
    rank: u8,
    is_inverted: bool,
    approximate: Rows,
    exact: Rows,
    /// A part of the exceptions of all blocks.
    exceptions: (u32, u32),
}

struct Columns {
    approximate: Vec<Vec<u64>>,
    exact: Vec<u64>,
}

/// What filters say of a certificate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Revoked,
    NotRevoked,
    NotCovered,
}

/// The most filters: a base and its deltas of some months.
pub(super) const MOST_FILTERS: usize = 1024;

impl Filters {
    /// Adds a filter, and copies what is kept of it. Fails with what is wrong, as the end of a sentence about it.
    pub(super) fn add(&mut self, encoded: EncodedFilter<'_>) -> Result<(), &'static str> {
        let filter = u16::try_from(self.columns.len()).map_err(|_| "there are too many filters")?;
        for (log, first, last) in encoded.coverage {
            self.last = self.last.max(last);
            self.coverage.push(Coverage {
                log,
                filter,
                first,
                last,
            });
        }
        self.blocks.reserve_exact(encoded.blocks.len());
        for block in encoded.blocks {
            let next = u32::try_from(self.issuers.len());
            let next = next.map_err(|_| "there are too many issuers")?;
            let start = self.exceptions.len();
            for serial_number in &block.exceptions {
                self.exceptions.extend(u8::try_from(serial_number.len()));
                self.exceptions.extend_from_slice(serial_number);
            }
            let end = u32::try_from(self.exceptions.len());
            let exceptions = end.and_then(|end| Ok((u32::try_from(start)?, end)));
            self.blocks.push(Block {
                issuer: *self.issuers.entry(block.issuer).or_insert(next),
                filter,
                rank: u8::try_from(block.rank).map_err(|_| "a block has too many columns")?,
                is_inverted: block.is_inverted,
                approximate: block.approximate,
                exact: block.exact,
                exceptions: exceptions.map_err(|_| "there are too many exceptions")?,
            });
        }
        self.columns.push(Columns {
            approximate: encoded.approximate,
            exact: encoded.exact,
        });
        Ok(())
    }

    /// Sorts what was added. Fails with the place of a filter, and what is wrong with it.
    pub(super) fn sort(&mut self) -> Result<(), (usize, &'static str)> {
        self.coverage.sort_unstable_by_key(|coverage| coverage.log);
        self.blocks
            .sort_unstable_by_key(|block| (block.issuer, block.filter));
        let mut pairs = self.blocks.iter().zip(self.blocks.iter().skip(1));
        let is_twice = |(one, other): &(&Block, &Block)| {
            one.issuer == other.issuer && one.filter == other.filter
        };
        if let Some((block, _)) = pairs.find(is_twice) {
            return Err((block.filter.into(), "it has two blocks of one issuer"));
        }
        self.coverage.shrink_to_fit();
        self.blocks.shrink_to_fit();
        self.exceptions.shrink_to_fit();
        Ok(())
    }

    /// The latest millisecond since 1970 that a filter covers.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn count(&self) -> usize {
        self.columns.len()
    }

    /// What the filters say of a certificate: of one that each of them covers by one of its timestamps, and whose
    /// issuer it knows. `issuer` is SHA-256 of the issuer's `SubjectPublicKeyInfo`, `certificate` is SHA-256 of
    /// that and the serial number.
    pub(super) fn ask(
        &self,
        issuer: [u8; 32],
        serial_number: &[u8],
        certificate: [u8; 32],
        timestamps: &[([u8; 32], u64)],
    ) -> Answer {
        let covering = self.covering(timestamps);
        let equation = Equation::new(certificate);
        let mut answer = Answer::NotCovered;
        let blocks = self.blocks_of(issuer);
        for block in blocks.filter(|block| covering.has(block.filter)) {
            if self.is_revoked(block, &equation, serial_number) {
                return Answer::Revoked;
            }
            answer = Answer::NotRevoked;
        }
        answer
    }

    fn blocks_of(&self, issuer: [u8; 32]) -> impl Iterator<Item = &Block> {
        // An issuer that no filter knows has a number that no block has.
        let issuer = self.issuers.get(&issuer).copied().unwrap_or(u32::MAX);
        let start = self.blocks.partition_point(|block| block.issuer < issuer);
        let blocks = self.blocks.iter().skip(start);
        blocks.take_while(move |block| block.issuer == issuer)
    }

    /// The filters that cover one of the timestamps.
    fn covering(&self, timestamps: &[([u8; 32], u64)]) -> FilterSet {
        let mut covering = FilterSet::default();
        for (log, time) in timestamps {
            let start = self
                .coverage
                .partition_point(|coverage| coverage.log < *log);
            let of_log = self.coverage.iter().skip(start);
            for coverage in of_log.take_while(|coverage| coverage.log == *log) {
                if coverage.first <= *time && *time <= coverage.last {
                    covering.add(coverage.filter);
                }
            }
        }
        covering
    }

    fn is_revoked(&self, block: &Block, equation: &Equation, serial_number: &[u8]) -> bool {
        self.is_member(block, equation, serial_number)
            .unwrap_or_default()
            != block.is_inverted
    }

    /// `None` is not a member, either.
    fn is_member(&self, block: &Block, equation: &Equation, serial_number: &[u8]) -> Option<bool> {
        if block.approximate.count == 0 {
            return None;
        }
        let columns = self.columns.get(usize::from(block.filter))?;
        let approximate = columns.approximate.get(..usize::from(block.rank))?;
        let is_solved = approximate
            .iter()
            .all(|column| equation.is_solved_by(column, block.approximate))
            && equation.is_solved_by(&columns.exact, block.exact);
        Some(is_solved && !self.is_exception(block, serial_number))
    }

    fn is_exception(&self, block: &Block, serial_number: &[u8]) -> bool {
        let (start, end) = block.exceptions;
        let exceptions = self.exceptions.get(start as usize..end as usize);
        let mut rest = exceptions.unwrap_or_default();
        while let Some((&length, after)) = rest.split_first() {
            let Some((exception, after)) = after.split_at_checked(length.into()) else {
                return false;
            };
            if exception == serial_number {
                return true;
            }
            rest = after;
        }
        false
    }
}

/// A set of filters.
#[derive(Default)]
struct FilterSet([u64; MOST_FILTERS / 64]);

impl FilterSet {
    fn add(&mut self, filter: u16) {
        if let Some(word) = self.0.get_mut(usize::from(filter / 64)) {
            *word |= 1 << (filter % 64);
        }
    }

    fn has(&self, filter: u16) -> bool {
        let word = self.0.get(usize::from(filter / 64));
        word.is_some_and(|word| word >> (filter % 64) & 1 == 1)
    }
}

/// A certificate as a linear equation over GF(2): 256 coefficients, which begin at a row that they choose themselves
/// (Ribbon filters, arXiv:2103.02515).
struct Equation([u64; 4]);

impl Equation {
    fn new(digest: [u8; 32]) -> Self {
        let mut coefficients = [0; 4];
        for (coefficient, octets) in coefficients.iter_mut().zip(digest.chunks_exact(8)) {
            *coefficient = u64::from_le_bytes(octets.try_into().unwrap_or_default());
        }
        Self(coefficients)
    }

    /// Whether the sum of the rows that the equation selects is 0. Rows beyond the end are 0.
    fn is_solved_by(&self, column: &[u64], rows: Rows) -> bool {
        let [first, second, third, fourth] = self.0;
        let row = u64::from(rows.offset) + fourth % u64::from(rows.count.max(1));
        // The first coefficient is always 1.
        let coefficients = [first | 1, second, third, fourth];
        let shift = row % 64;
        let start = usize::try_from(row / 64).unwrap_or(usize::MAX);
        let mut words = column.get(start..).unwrap_or_default().iter();
        let mut low = words.next().copied().unwrap_or_default();
        let mut sum = 0;
        for coefficient in coefficients {
            let high = words.next().copied().unwrap_or_default();
            // Two shifts, because a shift by 64 overflows.
            sum ^= coefficient & (low >> shift | high << 1 << (63 - shift));
            low = high;
        }
        sum.count_ones() % 2 == 0
    }
}
