//! Bytes of files, and numbers in them.

use std::io::{self, Read, Seek, SeekFrom, Take};

/// How much is allocated before it is read.
const AT_ONCE: u64 = 128 << 10;

/// Up to so many bytes.
pub(crate) fn read_at(
    file: &mut (impl Read + Seek),
    place: u64,
    length: u64,
) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(place))?;
    read_up_to(file, length)
}

/// Up to so many bytes from where a reader is, with few calls of the system.
pub(crate) fn read_up_to(reader: &mut (impl Read + ?Sized), length: u64) -> io::Result<Vec<u8>> {
    let expected = usize::try_from(length.min(AT_ONCE)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected);
    reader.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where a reader of this length is after it has moved from a position.
pub(crate) fn moved(to: SeekFrom, position: u64, length: u64) -> io::Result<u64> {
    let position = match to {
        SeekFrom::Start(position) => Some(position),
        SeekFrom::End(offset) => length.checked_add_signed(offset),
        SeekFrom::Current(offset) => position.checked_add_signed(offset),
    };
    Ok(position.ok_or(io::ErrorKind::InvalidInput)?)
}

/// Reads what is left of something that has a length.
///
/// # Errors
///
/// If it ends before.
pub(crate) fn skip(rest: &mut Take<impl Read>) -> io::Result<()> {
    io::copy(rest, &mut io::sink())?;
    if rest.limit() > 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// So many octets; none beyond the end.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Little-endian, as those below; 0 beyond the end.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    array_at(bytes, at).map_or(0, u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    array_at(bytes, at).map_or(0, u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    array_at(bytes, at).map_or(0, u64::from_le_bytes)
}

/// The number that up to eight octets are.
pub(crate) fn little_endian(octets: &[u8]) -> u64 {
    big_endian(octets.iter().rev())
}

pub(crate) fn big_endian<'o>(octets: impl IntoIterator<Item = &'o u8>) -> u64 {
    let octets = octets.into_iter();
    octets.fold(0, |number, octet| number << 8 | u64::from(*octet))
}
