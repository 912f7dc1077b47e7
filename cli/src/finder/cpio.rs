//! The archives of `cpio` in the form *newc*, as an initial RAM disk and the payload of an RPM have it.

use std::io::{self, Read};

use super::bytes::read_up_to;
use super::header::MemberHeader;

/// How an entry begins, without and with a checksum.
pub(crate) const MAGIC: [&[u8]; 2] = [b"070701", b"070702"];

/// Reads the next header; none at the end of the archive, behind which another may begin.
pub(crate) fn next(reader: &mut dyn Read) -> io::Result<Option<MemberHeader>> {
    let damaged = || io::Error::other("a header of this cpio archive is damaged");
    let header = read_up_to(reader, LENGTH)?;
    if !MAGIC.iter().any(|magic| header.starts_with(magic)) {
        return Err(damaged());
    }
    let field = |number: usize| -> io::Result<u64> {
        let start = 6 + 8 * number;
        let digits = header.get(start..start + 8).unwrap_or_default();
        let digits = std::str::from_utf8(digits).map_err(|_| damaged())?;
        u64::from_str_radix(digits, 16).map_err(|_| damaged())
    };
    let (size, name_size) = (field(SIZE)?, field(NAME_SIZE)?);
    if name_size > LONGEST_NAME {
        return Err(damaged());
    }
    let mut name = read_up_to(reader, name_size)?;
    if name.pop() != Some(0) {
        return Err(damaged());
    }
    let zeros = to_four(LENGTH + name_size);
    io::copy(&mut reader.take(zeros), &mut io::sink())?;
    let is_last = name == TRAILER;
    let padding = to_four(size);
    Ok((!is_last).then_some(MemberHeader {
        name,
        size,
        padding,
    }))
}

const LENGTH: u64 = 110;
/// The numbers of fields.
const SIZE: usize = 6;
const NAME_SIZE: usize = 11;
/// Of Linux (`PATH_MAX`), and more.
const LONGEST_NAME: u64 = 64 * 1024;
/// The name of the last entry.
const TRAILER: &[u8] = b"TRAILER!!!";

/// How many zeros are added up to a multiple of four.
fn to_four(length: u64) -> u64 {
    length.next_multiple_of(4) - length
}
