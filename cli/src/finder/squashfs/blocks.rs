//! The blocks of an image: metadata, fragments and data.

use std::io::{self, BufReader, Cursor as Bytes, Read, Seek, SeekFrom};
use std::rc::Rc;

use flate2::read::ZlibDecoder;

use crate::finder::bytes::{array_at, u16_at, u64_at};
use crate::finder::limits::{Budget, too_little_memory};
use crate::finder::{xz, zstd};

/// How an image begins.
const MAGIC: &[u8] = b"hsqs";

/// What an image says of itself.
#[derive(Clone)]
pub(crate) struct Superblock {
    pub(crate) block_size: u32,
    fragments: u32,
    compression: Compression,
    pub(super) root: u64,
    /// The length of the image.
    pub(crate) length: u64,
    /// Where tables begin.
    pub(super) inodes: u64,
    pub(super) directories: u64,
    fragment_table: u64,
}

#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Xz,
    Lz4,
    Zstd,
}

impl Superblock {
    /// None of a version or with a compression that is not read.
    pub(crate) fn from_head(head: &[u8]) -> Option<Self> {
        let u16 = |at| array_at(head, at).map(u16::from_le_bytes);
        let u32 = |at| array_at(head, at).map(u32::from_le_bytes);
        let u64 = |at| array_at(head, at).map(u64::from_le_bytes);
        let (block_size, logarithm) = (u32(12)?, u16(22)?);
        let is_block = (12..=20).contains(&logarithm) && block_size == 1 << logarithm;
        let length = u64(40)?;
        let is_whole = length >= LENGTH && head.starts_with(MAGIC);
        if !is_whole || [u16(28)?, u16(30)?] != [4, 0] || !is_block {
            return None;
        }
        Some(Self {
            block_size,
            fragments: u32(16)?,
            compression: match u16(20)? {
                1 => Compression::Gzip,
                4 => Compression::Xz,
                5 => Compression::Lz4,
                6 => Compression::Zstd,
                _ => return None,
            },
            root: u64(32)?,
            length,
            inodes: u64(64)?,
            directories: u64(72)?,
            fragment_table: u64(80)?,
        })
    }
}

/// A place in metadata.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    /// Where the block is in the image.
    block: u64,
    /// Where it is in that, unpacked.
    offset: u64,
}

impl Cursor {
    pub(super) fn new(block: u64, offset: u64) -> Self {
        Self { block, offset }
    }
}

pub(super) struct Blocks<F> {
    file: F,
    /// Where the image begins in the file.
    start: u64,
    pub(super) superblock: Superblock,
    limits: Budget,
    /// The last ones that were used, the newest at the end.
    metadata: Vec<Rc<Metadata>>,
    /// The last one, with its number.
    fragment: Option<(u32, Rc<Vec<u8>>)>,
}

struct Metadata {
    place: u64,
    next: u64,
    content: Vec<u8>,
}

/// How long the superblock is.
const LENGTH: u64 = 96;
/// A block of metadata has so many bytes at most.
const LARGEST_METADATA: usize = 8 << 10;
/// How many of them are kept.
const KEPT: usize = 32;
/// The part of the size of a block that is the size; the bit behind it says that it is not compressed.
pub(super) const SIZE: u32 = (1 << 24) - 1;

pub(super) fn damaged() -> io::Error {
    io::Error::other("this squashfs is damaged")
}

impl<F: Read + Seek> Blocks<F> {
    pub(super) fn new(file: F, start: u64, superblock: Superblock, limits: Budget) -> Self {
        Self {
            file,
            start,
            superblock,
            limits,
            metadata: Vec::new(),
            fragment: None,
        }
    }

    /// The next bytes of metadata.
    pub(super) fn array<const N: usize>(&mut self, cursor: &mut Cursor) -> io::Result<[u8; N]> {
        let mut bytes = Vec::with_capacity(N);
        self.append(cursor, N as u64, &mut bytes)?;
        bytes.try_into().map_err(|_| damaged())
    }

    /// The next numbers of metadata.
    pub(super) fn numbers<const N: usize>(&mut self, cursor: &mut Cursor) -> io::Result<[u32; N]> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = u32::from_le_bytes(self.array(cursor)?);
        }
        Ok(numbers)
    }

    /// Appends so many bytes of metadata.
    pub(super) fn append(
        &mut self,
        cursor: &mut Cursor,
        length: u64,
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut left = usize::try_from(length).map_err(|_| damaged())?;
        while left > 0 {
            let block = self.metadata(cursor.block)?;
            let offset = usize::try_from(cursor.offset).map_err(|_| damaged())?;
            let rest = block.content.get(offset..).ok_or_else(damaged)?;
            if rest.is_empty() {
                *cursor = Cursor::new(block.next, 0);
                if block.content.is_empty() {
                    return Err(damaged());
                }
                continue;
            }
            let part = rest.get(..left).unwrap_or(rest);
            bytes.extend_from_slice(part);
            left -= part.len();
            cursor.offset += part.len() as u64;
        }
        Ok(())
    }

    /// The block at this place.
    fn metadata(&mut self, place: u64) -> io::Result<Rc<Metadata>> {
        if let Some(at) = self.metadata.iter().rposition(|kept| kept.place == place) {
            let kept = self.metadata.remove(at);
            self.metadata.push(kept.clone());
            return Ok(kept);
        }
        let header = self.read_at(place, 2)?;
        let header = u16_at(&header, 0);
        let size = usize::from(header & 0x7fff);
        if size > LARGEST_METADATA {
            return Err(damaged());
        }
        let packed = self.read_at(place.saturating_add(2), size)?;
        let is_packed = header & 0x8000 == 0;
        let content = self.counted(packed, is_packed, LARGEST_METADATA)?;
        let block = Rc::new(Metadata {
            place,
            next: place.saturating_add(2 + size as u64),
            content,
        });
        if self.metadata.len() == KEPT {
            self.metadata.remove(0);
        }
        self.metadata.push(block.clone());
        Ok(block)
    }

    /// The fragment of this number: the last parts of files.
    pub(super) fn fragment(&mut self, number: u32) -> io::Result<Rc<Vec<u8>>> {
        /// How many entries of the table are in a block.
        const IN_BLOCK: u32 = 512;
        const ENTRY: u32 = 16;

        if let Some((_, kept)) = self.fragment.as_ref().filter(|kept| kept.0 == number) {
            return Ok(kept.clone());
        }
        if number >= self.superblock.fragments {
            return Err(damaged());
        }
        let pointer = u64::from(number / IN_BLOCK * 8);
        let pointer = self.superblock.fragment_table.saturating_add(pointer);
        let block = u64_at(&self.read_at(pointer, 8)?, 0);
        let mut cursor = Cursor::new(block, u64::from(number % IN_BLOCK * ENTRY));
        let place = u64::from_le_bytes(self.array(&mut cursor)?);
        let size = u32::from_le_bytes(self.array(&mut cursor)?);
        // Not both at once.
        self.fragment = None;
        let packed = self.packed(place, size)?;
        let most = usize::try_from(self.superblock.block_size).map_err(|_| damaged())?;
        let content = Rc::new(self.counted(packed, size <= SIZE, most)?);
        self.fragment = Some((number, content.clone()));
        Ok(content)
    }

    /// The block of a file at this place, of this length: a hole if it has no size.
    pub(super) fn data(&mut self, place: u64, size: u32, length: usize) -> io::Result<Vec<u8>> {
        if size == 0 {
            return Ok(vec![0; length]);
        }
        let packed = self.packed(place, size)?;
        self.unpack(packed, size <= SIZE, length)
    }

    fn packed(&mut self, place: u64, size: u32) -> io::Result<Vec<u8>> {
        let length = size & SIZE;
        if length > self.superblock.block_size || size > SIZE * 2 + 1 {
            return Err(damaged());
        }
        let length = usize::try_from(length).map_err(|_| damaged())?;
        self.read_at(place, length)
    }

    /// As others that unpack, since it is for many files, or for none.
    fn counted(&mut self, packed: Vec<u8>, is_packed: bool, most: usize) -> io::Result<Vec<u8>> {
        let content = self.unpack(packed, is_packed, most)?;
        if self.limits.unpacked.take(content.len() as u64) {
            return Ok(content);
        }
        Err(io::Error::other("unpacks to more than a file may"))
    }

    fn unpack(&mut self, packed: Vec<u8>, is_packed: bool, most: usize) -> io::Result<Vec<u8>> {
        if !is_packed {
            return Ok(packed);
        }
        if let Compression::Lz4 = self.superblock.compression {
            let mut content = vec![0; most];
            let length = lz4_flex::block::decompress_into(&packed, &mut content);
            content.truncate(length.map_err(|_| damaged())?);
            return Ok(content);
        }
        let memory = xz::memory(&packed).unwrap_or_default();
        let left = self.limits.in_memory.value();
        let packed = Bytes::new(packed);
        let mut decoder: Box<dyn Read> = match self.superblock.compression {
            Compression::Gzip => Box::new(ZlibDecoder::new(packed)),
            Compression::Zstd => {
                let memory = self.limits.in_memory.clone();
                Box::new(zstd::Frames::new(BufReader::new(packed), memory))
            }
            Compression::Xz if memory > left => {
                return Err(too_little_memory(memory, left));
            }
            Compression::Xz | Compression::Lz4 => Box::new(xz::decoder(packed, false, memory)),
        };
        let mut content = Vec::with_capacity(most + 1);
        let limit = most as u64 + 1;
        decoder.by_ref().take(limit).read_to_end(&mut content)?;
        if content.len() > most {
            return Err(damaged());
        }
        Ok(content)
    }

    /// Exactly so many bytes.
    fn read_at(&mut self, place: u64, length: usize) -> io::Result<Vec<u8>> {
        let place = self.start.checked_add(place).ok_or_else(damaged)?;
        self.file.seek(SeekFrom::Start(place))?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
