//! The fields of a header.

use std::io;

use crate::finder::bytes::{little_endian, u16_at, u32_at, u64_at};

/// The rest of a header.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields<'h>(pub(super) &'h [u8]);

pub(super) fn damaged() -> io::Error {
    io::Error::other("the header of this 7z archive is damaged")
}

impl<'h> Fields<'h> {
    pub(super) fn byte(&mut self) -> io::Result<u8> {
        let (byte, rest) = self.0.split_first().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(super) fn expect(&mut self, byte: u8) -> io::Result<()> {
        if self.byte()? == byte {
            return Ok(());
        }
        Err(damaged())
    }

    pub(super) fn take(&mut self, length: usize) -> io::Result<&'h [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u32(&mut self) -> io::Result<u32> {
        Ok(u32_at(self.take(4)?, 0))
    }

    pub(super) fn u64(&mut self) -> io::Result<u64> {
        Ok(u64_at(self.take(8)?, 0))
    }

    /// The ones with which the first octet begins are how many follow; what it has behind them is the highest part.
    pub(super) fn number(&mut self) -> io::Result<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let count = usize::try_from(more).unwrap_or(8);
        let low = little_endian(self.take(count)?);
        if more >= 7 {
            return Ok(low);
        }
        let high = u64::from(first & (0x7f >> more));
        Ok(low | high << (8 * more))
    }

    /// Skips so many.
    pub(super) fn numbers(&mut self, count: u64) -> io::Result<()> {
        for _ in 0..count {
            self.number()?;
        }
        Ok(())
    }

    /// A kind with a length and a content; none at the end of them.
    pub(super) fn property(&mut self) -> io::Result<Option<(u8, &'h [u8])>> {
        let kind = self.byte()?;
        if kind == 0 {
            return Ok(None);
        }
        let length = usize::try_from(self.number()?).map_err(|_| damaged())?;
        Ok(Some((kind, self.take(length)?)))
    }

    /// UTF-16, up to a zero.
    pub(super) fn name(&mut self) -> io::Result<Vec<u8>> {
        let mut units = Vec::new();
        loop {
            match u16_at(self.take(2)?, 0) {
                0 => return Ok(String::from_utf16_lossy(&units).into_bytes()),
                unit => units.push(unit),
            }
        }
    }
}

/// A list of yes and no.
#[derive(Clone, Copy)]
pub(super) struct Bits<'h> {
    /// Without it, all are.
    octets: Option<&'h [u8]>,
    next: u64,
    count: u64,
}

impl<'h> Bits<'h> {
    pub(super) fn new(octets: &'h [u8]) -> Self {
        Self {
            octets: Some(octets),
            next: 0,
            count: 8 * octets.len() as u64,
        }
    }

    pub(super) fn all(count: u64) -> Self {
        Self {
            octets: None,
            next: 0,
            count,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<bool> {
        if self.next >= self.count {
            return Err(damaged());
        }
        let at = usize::try_from(self.next / 8).map_err(|_| damaged())?;
        let bit = 0x80 >> (self.next % 8);
        self.next += 1;
        let Some(octets) = self.octets else {
            return Ok(true);
        };
        Ok(octets.get(at).ok_or_else(damaged)? & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_octets_as_the_first_one_says() {
        for (octets, number) in [
            (&[0x7f][..], 0x7f),
            (&[0x80, 0xff], 0xff),
            (&[0xbf, 0xfe], 0x3ffe),
            (&[0xc1, 2, 3], 0x1_0302),
            (&[0xfe, 1, 2, 3, 4, 5, 6, 7], 0x07_0605_0403_0201),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], 0x0807_0605_0403_0201),
        ] {
            let mut fields = Fields(octets);
            assert_eq!(fields.number().unwrap(), number);
            assert!(fields.0.is_empty());
            assert!(Fields(&octets[..octets.len() - 1]).number().is_err());
        }
    }
}
