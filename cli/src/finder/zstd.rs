//! Zstandard (RFC 8878): all frames of a stream.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::limits::Counter;
use super::sequences::Sequences;

pub(crate) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    is_in_frame: bool,
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
    const BLOCKS: u64 = 2 * (128 << 10);

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
            memory,
            held: 0,
            block: Vec::new(),
            sequences: Sequences::default(),
        }
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
            let window = self.header(&mut header)?;
            self.hold(buffer(window))?;
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
        let [low, middle, high] = header;
        let number = u32::from_le_bytes([low, middle, high, 0]);
        let (kind, size) = (number >> 1 & 3, u64::from(number >> 3));
        // One octet that is repeated.
        let length = if kind == 1 { 1 } else { size };
        if length > 128 << 10 {
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
        if kind == 2 {
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

    /// Takes this many bytes of memory in place of those that are held.
    fn hold(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.memory.value() + self.held;
        let Some(rest) = left.checked_sub(bytes) else {
            let message = format!("needs {bytes} bytes of memory, and {left} are left");
            return Err(io::Error::other(message));
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
                self.is_in_frame = self.next_frame()?;
                if !self.is_in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
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
