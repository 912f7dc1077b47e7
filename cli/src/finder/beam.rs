//! Compiled modules of Erlang (BEAM), whose literals are compressed.

use std::io::{self, BufRead, Cursor, Read, Take};
use std::mem;

use super::bytes::{array_at, read_up_to};
use super::inflate::Inflater;
use super::reader::read_in_turn;

/// Whether a file that begins like this is a module: chunks in an IFF file.
pub(crate) fn is_module(head: &[u8]) -> bool {
    head.starts_with(b"FOR1") && head.get(8..HEADER) == Some(b"BEAM")
}

const HEADER: usize = 12;
/// The chunk of the literals: the size that they have, and if that is not zero, a zlib stream.
const LITERALS: &[u8] = b"LitT";

/// A module as it is, with its literals in place of the zlib stream that they are.
pub(crate) struct Module<R> {
    /// The header of a chunk, as far as it is not read.
    header: Cursor<Vec<u8>>,
    content: Content<R>,
}

enum Content<R> {
    /// Of a chunk or a header, to its end.
    Plain(Take<R>),
    Literals(Inflater<Take<R>>),
    /// While the input is in neither of them, and after an error.
    None,
}

impl<R: BufRead> Module<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            header: Cursor::default(),
            content: Content::Plain(input.take(HEADER as u64)),
        }
    }

    /// Begins the next chunk, and says whether there is one.
    fn next_chunk(&mut self) -> io::Result<bool> {
        let mut input = match mem::replace(&mut self.content, Content::None) {
            Content::Plain(content) => content.into_inner(),
            Content::Literals(content) => {
                // What is behind the stream is a part of the chunk.
                self.content = Content::Plain(content.into_inner());
                return Ok(true);
            }
            Content::None => return Ok(false),
        };
        let mut header = read_up_to(&mut input, 8)?;
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
        let is_end = header.is_empty();
        self.header = Cursor::new(header);
        self.content = if is_compressed {
            Content::Literals(Inflater::new(content))
        } else {
            Content::Plain(content)
        };
        Ok(!is_end)
    }
}

impl<R: BufRead> Read for Module<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = |parts: &mut Self, buffer: &mut [u8]| {
            let header = parts.header.read(buffer)?;
            if header > 0 {
                return Ok(header);
            }
            Ok(match &mut parts.content {
                Content::Plain(content) => content.read(buffer)?,
                Content::Literals(content) => content.read(buffer)?,
                Content::None => 0,
            })
        };
        read_in_turn(self, buffer, read, Self::next_chunk)
    }
}
