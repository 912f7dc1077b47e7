//! ZIP archives behind something else: a program, a script, or a header of its own.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;
use zip::read::ArchiveOffset;

use super::limits::Counter;

const ENTRY: &[u8] = b"PK\x03\x04";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const LOCATOR_64_LENGTH: u64 = 20;
/// How far from the end of a file the end of its archive may be: a comment (APPNOTE, section 4.3.16), or the
/// signature of a program.
const LONGEST_AFTER: usize = 0xffff;

/// What the end of an archive says (APPNOTE, section 4.3.16).
pub(crate) struct End {
    /// How many entries it has, unless they are too many to be said there.
    pub(crate) entries: Option<u16>,
    /// From where the places in it are counted.
    pub(crate) offset: ArchiveOffset,
}

/// The end of the ZIP archive in a file, if it has one near its own end.
///
/// The directory that it names must be before it, so that other bytes are not taken for one.
pub(crate) fn end_of_zip(file: &mut (impl Read + Seek)) -> io::Result<Option<End>> {
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub((END_LENGTH + LONGEST_AFTER) as u64);
    let mut last = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length - start).read_to_end(&mut last)?;
    // Vectorised, which a search from the end is not.
    let ends: Vec<usize> = memmem::find_iter(&last, END).collect();
    for at in ends.into_iter().rev() {
        let Some(end) = last.get(at..at + END_LENGTH) else {
            continue;
        };
        let place = start + at as u64;
        let entries = u16_at(end, 10);
        if has_at(file, place.checked_sub(LOCATOR_64_LENGTH), LOCATOR_64)? {
            return Ok(Some(End {
                entries: None,
                offset: ArchiveOffset::Detect,
            }));
        }
        let directory = place.checked_sub(u64::from(u32_at(end, 12)));
        if entries > 0 && has_at(file, directory, DIRECTORY)? {
            // Detected, it would be that of the first directory, which may be a forged one.
            let said = u64::from(u32_at(end, 16));
            let offset = directory.and_then(|directory| directory.checked_sub(said));
            return Ok(Some(End {
                entries: Some(entries).filter(|&count| count < u16::MAX),
                offset: offset.map_or(ArchiveOffset::Detect, ArchiveOffset::Known),
            }));
        }
    }
    Ok(None)
}

fn has_at(file: &mut (impl Read + Seek), place: Option<u64>, magic: &[u8]) -> io::Result<bool> {
    let Some(place) = place else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(place))?;
    let mut found = Vec::new();
    file.take(magic.len() as u64).read_to_end(&mut found)?;
    Ok(found == magic)
}

/// Little-endian; 0 beyond the end.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let two = bytes.get(at..).and_then(<[u8]>::first_chunk);
    two.copied().map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
    four.copied().map_or(0, u32::from_le_bytes)
}

/// Keeps what follows the first header of an entry of a ZIP archive, while somebody else reads it.
pub(crate) struct TailReader<R> {
    inner: R,
    tail: Tail,
    /// The last bytes before what is kept, which the header may begin in.
    before: Vec<u8>,
    memory: Counter,
    is_over: bool,
}

impl<R> TailReader<R> {
    /// As long as it finds `memory`.
    pub(crate) fn new(inner: R, memory: Counter) -> Self {
        Self {
            inner,
            tail: Tail::default(),
            before: Vec::new(),
            memory,
            is_over: false,
        }
    }

    /// What was kept, or `None` if it was too much. Whoever takes it gives the memory back.
    pub(crate) fn into_tail(self) -> Option<Tail> {
        (!self.is_over).then_some(self.tail)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        if self.tail.bytes.is_empty() {
            self.before.extend_from_slice(bytes);
            let at = memmem::find(&self.before, ENTRY);
            let skipped = at.unwrap_or(self.before.len().saturating_sub(ENTRY.len() - 1));
            self.tail.start += skipped as u64;
            self.before.drain(..skipped);
            if at.is_some() && self.take(self.before.len()) {
                self.tail.bytes = std::mem::take(&mut self.before);
            }
        } else if self.take(bytes.len()) {
            self.tail.bytes.extend_from_slice(bytes);
        }
    }

    fn take(&mut self, count: usize) -> bool {
        // What is left stays for others if it is not enough.
        self.is_over = self.memory.value() < count as u64;
        if self.is_over {
            self.memory.give(self.tail.len() as u64);
            self.tail = Tail::default();
        } else {
            self.memory.take(count as u64);
        }
        !self.is_over
    }
}

impl<R: Read> Read for TailReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.keep(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// The last part of a file, at its place: the rest reads as zeros.
#[derive(Default)]
pub(crate) struct Tail {
    start: u64,
    bytes: Vec<u8>,
    position: u64,
}

impl Tail {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let zeros = self.start.saturating_sub(self.position);
        let read = if zeros > 0 {
            io::repeat(0).take(zeros).read(buffer)?
        } else {
            let at = usize::try_from(self.position - self.start).unwrap_or(usize::MAX);
            self.bytes.get(at..).unwrap_or_default().read(buffer)?
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Tail {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.start + self.bytes.len() as u64;
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
