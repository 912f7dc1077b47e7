//! Zstandard (RFC 8878): all frames of a stream.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::bytes::little_endian;
use super::limits::{Counter, too_little_memory};
use super::sequences::Sequences;

/// What a frame begins with.
pub(crate) const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
/// The most that a block has (section 3.1.1.2.4).
const BLOCK: u64 = 128 << 10;
/// The memory for a window that is larger is taken as output is there, since few frames need all that they say: those of
/// Nuitka say 128 MiB.
const LARGE_WINDOW: u64 = 8 << 20;
/// Kinds of blocks (section 3.1.1.2.2).
const RLE_BLOCK: u64 = 1;
const COMPRESSED_BLOCK: u64 = 2;
const RESERVED_BLOCK: u64 = 3;
/// How many blocks show whether a frame is one.
const TRIAL_BLOCKS: usize = 3;
/// What they are when they are decoded.
pub(crate) const TRIAL: u64 = TRIAL_BLOCKS as u64 * BLOCK;
/// `zstd --long=31`
const MOST_WINDOW: u64 = 2 << 30;

/// Whether these bytes, from the magic number on, may be a frame, by its header and those of its first blocks as far as
/// these are there: the number is also in programs that look for it. Nothing is decoded.
pub(crate) fn is_frame(bytes: &[u8]) -> bool {
    const RESERVED: u8 = 0x08;
    const DICTIONARY: u8 = 0x03;

    let mut frames = Frames::new(bytes, Counter::new(0));
    let mut header = Vec::new();
    let magic = frames.header_bytes(4, &mut header);
    let window = magic.and_then(|_| frames.header(&mut header));
    let (Ok(window), Some(&descriptor)) = (window, header.get(4)) else {
        return false;
    };
    if descriptor & (RESERVED | DICTIONARY) != 0 || window > MOST_WINDOW {
        return false;
    }
    let mut rest = frames.input;
    for _ in 0..TRIAL_BLOCKS {
        let Some((&header, content)) = rest.split_first_chunk() else {
            // More is needed to know.
            return true;
        };
        let block = BlockHeader::new(header);
        let is_empty = block.size == 0;
        if block.kind == RESERVED_BLOCK || block.size > BLOCK || is_empty && !block.is_last {
            return false;
        }
        if block.is_last {
            return true;
        }
        let length = usize::try_from(block.length()).unwrap_or(usize::MAX);
        rest = content.get(length..).unwrap_or_default();
    }
    true
}

/// The header of a block (section 3.1.1.2).
struct BlockHeader {
    is_last: bool,
    kind: u64,
    size: u64,
}

impl BlockHeader {
    fn new(octets: [u8; 3]) -> Self {
        let number = little_endian(&octets);
        Self {
            is_last: number & 1 == 1,
            kind: number >> 1 & 3,
            size: number >> 3,
        }
    }

    /// How many octets follow: one that is repeated, or as many as the size says.
    fn length(&self) -> u64 {
        if self.kind == RLE_BLOCK { 1 } else { self.size }
    }
}

pub(crate) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    is_in_frame: bool,
    /// What follows the first frame is something else.
    is_one: bool,
    /// How much of its output the frame may refer to, and the most that it has so far.
    window: u64,
    unpacked: u64,
    /// The bytes of memory that are left, and those of them that this frame has.
    memory: Counter,
    held: u64,
    /// The block at hand, with its header.
    block: Vec<u8>,
    sequences: Sequences,
}

/// What the decoder takes for a window: the next power of two, and twice that as soon as a block does not fit behind the
/// window.
fn buffer(window: u64) -> u64 {
    /// It stops behind the block with which there is enough to be read.
    const BLOCKS: u64 = 2 * BLOCK;

    let first = window.checked_next_power_of_two().unwrap_or(u64::MAX);
    if window.saturating_add(BLOCKS) < first {
        first
    } else {
        first.saturating_mul(2)
    }
}

impl<R: BufRead> Frames<R> {
    pub(crate) fn new(input: R, memory: Counter) -> Self {
        Self {
            input,
            decoder: FrameDecoder::new(),
            is_in_frame: false,
            is_one: false,
            window: 0,
            unpacked: 0,
            memory,
            held: 0,
            block: Vec::new(),
            sequences: Sequences::default(),
        }
    }

    /// One frame, with which the input begins; none if its first blocks cannot be decoded.
    ///
    /// # Errors
    ///
    /// If there is too little memory for it, or the input cannot be read.
    pub(crate) fn one(input: R, memory: Counter) -> io::Result<Option<Self>> {
        let mut frames = Self::new(input, memory);
        frames.is_one = true;
        frames.is_in_frame = frames.next_frame()?;
        // A block that is not compressed may be anything.
        for _ in 0..TRIAL_BLOCKS {
            if frames.decoder.is_finished() {
                break;
            }
            frames.reserve()?;
            if frames.next_block().is_err() {
                return Ok(None);
            }
        }
        Ok(frames.is_in_frame.then_some(frames))
    }

    /// How many bytes of the input the frame takes, as far as it is read.
    pub(crate) fn packed(&self) -> u64 {
        self.decoder.bytes_read_from_source()
    }

    /// Begins the next frame, and says whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            let mut header = Vec::new();
            self.header_bytes(4, &mut header)?;
            // Skippable frames.
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = header[..] {
                let mut length = [0; 4];
                self.input.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                io::copy(&mut (&mut self.input).take(length), &mut io::sink())?;
                continue;
            }
            let before = self.window;
            self.window = self.header(&mut header)?;
            self.unpacked = 0;
            if self.window.max(before) > LARGE_WINDOW {
                // One that is new takes no memory before it needs it.
                self.decoder = FrameDecoder::new();
            }
            let is_large = self.window > LARGE_WINDOW;
            self.hold(if is_large { 0 } else { buffer(self.window) })?;
            self.decoder
                .reset(header.as_slice())
                .map_err(io::Error::other)?;
            self.sequences = Sequences::default();
            return Ok(true);
        }
        Ok(false)
    }

    /// Decodes the next block (section 3.1.1.2), from which no more may come out than a block has.
    fn next_block(&mut self) -> io::Result<()> {
        let mut header = [0; 3];
        self.input.read_exact(&mut header)?;
        let block = BlockHeader::new(header);
        let length = block.length();
        if length > BLOCK {
            return Err(io::Error::other(
                "a block of this Zstandard frame is too large",
            ));
        }
        self.block.clear();
        self.block.extend(header);
        let read = (&mut self.input)
            .take(length)
            .read_to_end(&mut self.block)?;
        if (read as u64) < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if block.kind == COMPRESSED_BLOCK {
            let content = self.block.get(header.len()..).unwrap_or_default();
            self.sequences.check(content)?;
        }
        // A checksum may follow.
        let source = self.block.as_slice().chain(&mut self.input);
        self.decoder
            .decode_blocks(source, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?;
        Ok(())
    }

    /// Reads the rest of a frame's header (section 3.1.1.1), and returns how much of its output is kept.
    ///
    /// The decoder would keep whatever the first frame says.
    fn header(&mut self, header: &mut Vec<u8>) -> io::Result<u64> {
        let descriptor = self.header_bytes(1, header)?;
        let is_single_segment = descriptor & 0x20 != 0;
        let window = if is_single_segment {
            0
        } else {
            self.header_bytes(1, header)?
        };
        let dictionary = match descriptor & 3 {
            3 => 4,
            2 => 2,
            flag => usize::from(flag == 1),
        };
        self.header_bytes(dictionary, header)?;
        let size = match descriptor >> 6 {
            0 => self.header_bytes(usize::from(is_single_segment), header)?,
            1 => self.header_bytes(2, header)? + 256,
            2 => self.header_bytes(4, header)?,
            _ => self.header_bytes(8, header)?,
        };
        let base = 1 << (10 + (window >> 3));
        Ok(if is_single_segment {
            size
        } else {
            base + base / 8 * (window & 7)
        })
    }

    /// Appends this many bytes, up to eight, to the header, and returns the number that they are.
    fn header_bytes(&mut self, count: usize, header: &mut Vec<u8>) -> io::Result<u64> {
        let mut number = [0; 8];
        let bytes = number.get_mut(..count).unwrap_or_default();
        self.input.read_exact(bytes)?;
        header.extend_from_slice(bytes);
        Ok(u64::from_le_bytes(number))
    }

    /// Takes memory for the output of one block more.
    fn reserve(&mut self) -> io::Result<()> {
        if self.window <= LARGE_WINDOW {
            return Ok(());
        }
        self.unpacked += BLOCK;
        let kept = self.unpacked.min(self.window.saturating_add(BLOCK));
        self.hold(kept.checked_next_power_of_two().unwrap_or(kept))
    }

    /// Takes this many bytes of memory in place of those that are held.
    fn hold(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.memory.value() + self.held;
        let Some(rest) = left.checked_sub(bytes) else {
            self.memory.note_short();
            return Err(too_little_memory(bytes, left));
        };
        self.memory.set(rest);
        self.held = bytes;
        Ok(())
    }
}

impl<R> Drop for Frames<R> {
    fn drop(&mut self) {
        self.memory.give(self.held);
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_in_frame {
                self.is_in_frame = !self.is_one && self.next_frame()?;
                if !self.is_in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.reserve()?;
                self.next_block()?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.is_in_frame = false;
        }
    }
}
