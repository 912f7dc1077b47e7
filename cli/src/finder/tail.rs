//! ZIP archives behind something else (a program, a script, or a header of its own), and what is packed in programs.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::bytes::moved;
use super::limits::Counter;
use super::spool::Spool;
use super::{zip, zstd};

/// Keeps what follows the first header of an entry of a ZIP archive, or the first sign of a payload, while somebody else
/// reads it.
pub(crate) struct TailReader<R> {
    inner: R,
    memory: Counter,
    disk: Counter,
    kept: TailBuffer,
    /// How many bytes were read.
    length: u64,
    /// The last ones, from which nothing is gone that the end of an archive may be in.
    last: Vec<u8>,
}

enum TailBuffer {
    /// No header so far, but one may begin in these bytes.
    Nothing(Vec<u8>),
    Spool(u64, Spool),
    /// There was too much, or a temporary file could not be written.
    Lost(io::Error),
}

impl<R> TailReader<R> {
    pub(crate) fn new(inner: R, memory: Counter, disk: Counter) -> Self {
        Self {
            inner,
            memory,
            disk,
            kept: TailBuffer::Nothing(Vec::new()),
            length: 0,
            last: Vec::new(),
        }
    }

    /// What was kept.
    ///
    /// # Errors
    ///
    /// If that could not be kept, or is not where it should be, and the end of an archive is there, or a payload.
    pub(crate) fn into_tail(self, has_payload: bool) -> io::Result<Option<Tail>> {
        let last = self.last.len().saturating_sub(zip::LONGEST_END);
        let last = self.last.get(last..).unwrap_or_default();
        let has_end = || zip::may_have_end(last, self.length);
        match self.kept {
            TailBuffer::Spool(start, spool) => Ok(Some(Tail::new(start, self.length, spool))),
            TailBuffer::Nothing(_) if has_end() => {
                Err(io::Error::other("the end of a ZIP archive without entries"))
            }
            // The last bytes, which are too few to be a sign.
            TailBuffer::Nothing(last) if has_payload => {
                let mut spool = Spool::new(self.memory, self.disk);
                spool.append(&last)?;
                let start = self.length - last.len() as u64;
                Ok(Some(Tail::new(start, self.length, spool)))
            }
            TailBuffer::Lost(why) if has_end() || has_payload => {
                let message = format!("an archive behind something else: {why}");
                Err(io::Error::new(why.kind(), message))
            }
            TailBuffer::Nothing(_) | TailBuffer::Lost(_) => Ok(None),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        match &mut self.kept {
            TailBuffer::Nothing(before) => {
                before.extend_from_slice(bytes);
                let entry = first_sign(before);
                let rest = before.len().saturating_sub(LONGEST_SIGN - 1);
                before.drain(..entry.unwrap_or(rest));
                if entry.is_some() {
                    let begin = std::mem::take(before);
                    let start = self.length + bytes.len() as u64 - begin.len() as u64;
                    let spool = Spool::new(self.memory.clone(), self.disk.clone());
                    self.kept = TailBuffer::Spool(start, spool);
                    self.append(&begin);
                }
            }
            TailBuffer::Spool(..) => self.append(bytes),
            TailBuffer::Lost(_) => {}
        }
        self.length += bytes.len() as u64;
        let new = bytes.len().saturating_sub(zip::LONGEST_END);
        // Not for each piece.
        if self.last.len() > 3 * zip::LONGEST_END || new > 0 {
            let old = self.last.len().saturating_sub(zip::LONGEST_END);
            self.last.drain(..old);
        }
        self.last
            .extend_from_slice(bytes.get(new..).unwrap_or_default());
    }

    fn append(&mut self, bytes: &[u8]) {
        if let TailBuffer::Spool(_, spool) = &mut self.kept {
            if let Err(why) = spool.append(bytes) {
                self.kept = TailBuffer::Lost(why);
            }
        }
    }
}

/// What must be there of an entry or a frame.
const LONGEST_SIGN: usize = 32;
/// What the starter of `PyInstaller` has before the archive, in every version.
const STARTER: &[u8] = b"_MEIPASS";

/// Only where it is whole.
fn first_sign(bytes: &[u8]) -> Option<usize> {
    let whole = |at: &usize| bytes.len() - at >= LONGEST_SIGN;
    let rest = |at: usize| bytes.get(at..).unwrap_or_default();
    let entry = memmem::find_iter(bytes, zip::ENTRY)
        .filter(whole)
        .find(|&at| zip::is_entry(rest(at)));
    let frame = memmem::find_iter(bytes, zstd::MAGIC)
        .filter(whole)
        .find(|&at| zstd::is_frame(rest(at)));
    let starter = memmem::find(bytes, STARTER).filter(whole);
    [entry, frame, starter].into_iter().flatten().min()
}

impl<R: Read> Read for TailReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.keep(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// The last part of a file, at its place: the rest reads as zeros.
pub(crate) struct Tail {
    start: u64,
    length: u64,
    spool: Spool,
    position: u64,
}

impl Tail {
    fn new(start: u64, length: u64, spool: Spool) -> Self {
        Self {
            start,
            length,
            spool,
            position: 0,
        }
    }

    /// From where on it is not zeros.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let zeros = self.start.saturating_sub(self.position);
        let read = if zeros > 0 {
            io::repeat(0).take(zeros).read(buffer)?
        } else {
            self.spool
                .seek(SeekFrom::Start(self.position - self.start))?;
            self.spool.read(buffer)?
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Tail {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = moved(to, self.position, self.length)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_is_kept_whatever_the_read_sizes() {
        let mut data =
            b"a script PK\x03\x04, which is no entry, PK\x03\x04\x14\0\0\0\x08\0".to_vec();
        let start = data.len() - 10;
        data.extend([0; 16]);
        data.extend(b"\x01\0\0\0nSome content");
        for piece in 1..data.len() {
            let (memory, disk) = (Counter::new(1 << 10), Counter::new(1 << 10));
            let mut reader = TailReader::new(data.as_slice(), memory, disk);
            let mut buffer = vec![0; piece];
            while reader.read(&mut buffer).unwrap() > 0 {}
            let mut tail = reader.into_tail(false).unwrap().unwrap();
            let mut read = Vec::new();
            tail.read_to_end(&mut read).unwrap();
            assert_eq!(read[start..], data[start..], "{piece}");
            assert_eq!(read[..start], vec![0; start]);
        }
    }
}
