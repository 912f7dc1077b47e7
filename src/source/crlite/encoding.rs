//! The encodings of a CRLite filter (a *clubcard*): version 4 (c2sp.org/upki-revocation), and version 3, which is
//! bincode 1.3 of the same fields.

use std::ops::Range;

use crate::source::crlite::octets::{big_endian, take, take_array};

/// A filter as it is encoded: nothing in it is larger than its bytes.
pub(super) struct EncodedFilter<'a> {
    /// Log, first and last millisecond since 1970 of what the filter covers.
    pub(super) coverage: Vec<([u8; 32], u64, u64)>,
    pub(super) blocks: Vec<EncodedBlock<'a>>,
    /// The columns of the matrix that all revoked certificates solve, and some others.
    pub(super) approximate: Vec<Vec<u64>>,
    /// The column that tells these others from the revoked ones.
    pub(super) exact: Vec<u64>,
}

/// What a filter has for one issuer.
pub(super) struct EncodedBlock<'a> {
    /// SHA-256 of the issuer's `SubjectPublicKeyInfo`.
    pub(super) issuer: [u8; 32],
    pub(super) approximate: Rows,
    /// The number of columns of the approximate matrix that are this block's.
    pub(super) rank: usize,
    pub(super) exact: Rows,
    pub(super) is_inverted: bool,
    /// Serial numbers for which the block's answer is no.
    pub(super) exceptions: Vec<&'a [u8]>,
}

/// The rows of a column that are a block's.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) offset: u32,
    pub(super) count: u32,
}

impl<'a> EncodedFilter<'a> {
    /// Fails with what is wrong, as the end of a sentence about the filter.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (version, rest) = match bytes {
            [3, 0, rest @ ..] => (Version::V3, rest),
            [4, 0, rest @ ..] => (Version::V4, rest),
            _ => return Err("it is not a CRLite filter of version 3 or 4"),
        };
        let mut reader = Reader { rest, version };
        let filter = reader.filter().ok_or("it is truncated or damaged")?;
        if !reader.rest.is_empty() {
            return Err("bytes follow the filter");
        }
        filter.check()?;
        Ok(filter)
    }

    /// A block may end after its columns, whose last zeros are left out, but it has no more columns than the filter.
    fn check(&self) -> Result<(), &'static str> {
        let most = self.approximate.len();
        if self.blocks.iter().any(|block| block.rank > most) {
            return Err("a block has more columns than the filter");
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Version {
    /// All numbers have 64 bits, little endian.
    V3,
    /// Numbers have the size that each needs, big endian.
    V4,
}

struct Reader<'a> {
    rest: &'a [u8],
    version: Version,
}

impl<'a> Reader<'a> {
    fn filter(&mut self) -> Option<EncodedFilter<'a>> {
        let mut coverage = Vec::new();
        for _ in self.up_to(2)? {
            coverage.push((self.array()?, self.word()?, self.word()?));
        }
        let mut blocks = Vec::new();
        for _ in self.up_to(4)? {
            blocks.push(self.block()?);
        }
        let mut approximate = Vec::new();
        for _ in self.up_to(1)? {
            approximate.push(self.words()?);
        }
        Some(EncodedFilter {
            coverage,
            blocks,
            approximate,
            exact: self.words()?,
        })
    }

    fn block(&mut self) -> Option<EncodedBlock<'a>> {
        // Version 3 has the length of the issuer's digest, too.
        if matches!(self.version, Version::V3) && self.word()? != 32 {
            return None;
        }
        let issuer = self.array()?;
        let approximate_count = self.number(4)?;
        let (exact_count, rank, approximate_offset);
        match self.version {
            Version::V3 => {
                exact_count = self.number(4)?;
                rank = self.number(1)?;
                approximate_offset = self.number(4)?;
            }
            Version::V4 => {
                rank = self.number(1)?;
                approximate_offset = self.number(4)?;
                exact_count = self.number(4)?;
            }
        }
        let exact_offset = self.number(4)?;
        let [is_inverted @ (0 | 1)] = self.array()? else {
            return None;
        };
        let mut exceptions = Vec::new();
        for _ in self.up_to(2)? {
            let length = self.number(1)?;
            exceptions.push(self.bytes(usize::try_from(length).ok()?)?);
        }
        let rows = |offset: u64, count: u64| {
            Some(Rows {
                offset: offset.try_into().ok()?,
                count: count.try_into().ok()?,
            })
        };
        Some(EncodedBlock {
            issuer,
            approximate: rows(approximate_offset, approximate_count)?,
            rank: rank.try_into().ok()?,
            exact: rows(exact_offset, exact_count)?,
            is_inverted: is_inverted == 1,
            exceptions,
        })
    }

    /// As many times as the number says that is read here, of this size in version 4.
    fn up_to(&mut self, size: usize) -> Option<Range<u64>> {
        Some(0..self.number(size)?)
    }

    /// A number, of this size in version 4.
    fn number(&mut self, size: usize) -> Option<u64> {
        match self.version {
            Version::V3 => self.word(),
            Version::V4 => big_endian(&mut self.rest, size),
        }
    }

    fn word(&mut self) -> Option<u64> {
        let octets = self.array()?;
        Some(self.version.word(octets))
    }

    fn words(&mut self) -> Option<Vec<u64>> {
        let count = usize::try_from(self.number(4)?).ok()?;
        let bytes = self.bytes(count.checked_mul(8)?)?;
        let words = bytes.chunks_exact(8).map(|octets| {
            let octets = octets.try_into().unwrap_or_default();
            self.version.word(octets)
        });
        Some(words.collect())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        take_array(&mut self.rest)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        take(&mut self.rest, count)
    }
}

impl Version {
    fn word(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::V3 => u64::from_le_bytes(octets),
            Self::V4 => u64::from_be_bytes(octets),
        }
    }
}
