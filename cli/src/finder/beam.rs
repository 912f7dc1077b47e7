//! Compiled modules of Erlang (BEAM), whose literals are compressed.

use std::io::{self, BufRead};

use super::bytes::{array_at, read_up_to};
use super::inflate::{Inflater, Section, Sections};

/// Whether a file that begins like this is a module: chunks in an IFF file.
pub(crate) fn is_module(head: &[u8]) -> bool {
    head.starts_with(b"FOR1") && head.get(8..12) == Some(b"BEAM")
}

const HEADER: u64 = 12;
/// The chunk of the literals: the size that they have, and if that is not zero, a zlib stream.
const LITERALS: &[u8] = b"LitT";

/// A module as it is, with its literals in place of the zlib stream that they are.
pub(crate) fn module<R: BufRead>(input: R) -> Sections<R> {
    Sections::new(input, next_chunk)
}

fn next_chunk<R: BufRead>(before: Section<R>) -> io::Result<Option<(Vec<u8>, Section<R>)>> {
    let mut input = match before {
        Section::Begin(input) => {
            return Ok(Some((Vec::new(), Section::Plain(input.take(HEADER)))));
        }
        // What is behind the stream is a part of the chunk.
        Section::Packed(content) => {
            return Ok(Some((Vec::new(), Section::Plain(content.into_inner()))));
        }
        Section::Plain(content) => content.into_inner(),
    };
    let mut header = read_up_to(&mut input, 8)?;
    if header.is_empty() {
        return Ok(None);
    }
    let mut length = array_at(&header, 4).map_or(0, u32::from_be_bytes);
    let mut is_compressed = false;
    if header.starts_with(LITERALS) && length >= 4 {
        let size = read_up_to(&mut input, 4)?;
        is_compressed = size.iter().any(|&byte| byte != 0);
        header.extend(size);
        length -= 4;
    }
    // Chunks begin at multiples of four.
    let content = input.take(u64::from(length).next_multiple_of(4));
    let section = if is_compressed {
        Section::Packed(Inflater::new(content))
    } else {
        Section::Plain(content)
    };
    Ok(Some((header, section)))
}
