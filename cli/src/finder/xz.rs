//! xz: how much memory a stream needs, before any is taken.

use std::io::Read;

use lzma_rust2::XzReader;

use super::limits::LZMA_MEMORY;

/// The bytes of memory for the first block of a stream that begins like this (the .xz file format 1.2.1, sections 2 and
/// 3.1); none if that cannot be read. A later block that needs more is an error of the decoder.
pub(crate) fn memory(head: &[u8]) -> Option<u64> {
    let block = head.get(STREAM_HEADER..)?;
    let (_size, block) = block.split_first()?;
    let (flags, mut fields) = block.split_first()?;
    for present in [0x40, 0x80] {
        if flags & present != 0 {
            number(&mut fields)?;
        }
    }
    for _ in 0..=(flags & 3) {
        let (id, size) = (number(&mut fields)?, number(&mut fields)?);
        let (properties, rest) = fields.split_at_checked(usize::try_from(size).ok()?)?;
        if id == LZMA2 {
            return dictionary(*properties.first()?).map(|size| size + LZMA_MEMORY);
        }
        fields = rest;
    }
    None
}

/// Unpacks the first stream, or all of them, with as much memory as there is for a block.
pub(crate) fn decoder<R: Read>(input: R, are_all: bool, memory: u64) -> XzReader<R> {
    let kib = u32::try_from(memory >> 10).unwrap_or(u32::MAX);
    XzReader::new_mem_limit(input, are_all, kib)
}

/// Also of an empty stream, which has no block.
const STREAM_HEADER: usize = 12;
const LZMA2: u64 = 0x21;

/// A number of up to nine octets (section 1.2).
fn number(fields: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..9 {
        let (octet, rest) = fields.split_first()?;
        *fields = rest;
        value |= u64::from(octet & 0x7f) << (7 * place);
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The size of a dictionary (section 5.3.1).
pub(crate) fn dictionary(property: u8) -> Option<u64> {
    match property {
        40 => Some(u64::from(u32::MAX)),
        0..40 => Some((2 | u64::from(property & 1)) << (property / 2 + 11)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `xz -6` and `xz -9` begin.
    #[test]
    fn memory_is_that_of_the_dictionary() {
        let head = |property| {
            let mut head = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46".to_vec();
            head.extend([2, 0, 0x21, 1, property, 0, 0, 0]);
            head
        };
        for (property, mib) in [(22, 8), (28, 64)] {
            assert_eq!(memory(&head(property)), Some((mib << 20) + LZMA_MEMORY));
        }
        assert_eq!(memory(&head(41)), None);
        assert_eq!(memory(&head(22)[..14]), None);
        // With both sizes, and another filter before.
        let mut head = head(22)[..12].to_vec();
        head.extend([3, 0xc1, 0x80, 1, 5, 4, 0, 0x21, 1, 22]);
        assert_eq!(memory(&head), Some((8 << 20) + LZMA_MEMORY));
    }
}
