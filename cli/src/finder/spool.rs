//! What comes as a stream, and can only be read by seeking.

use std::io::{self, Read, Seek, SeekFrom, Write as _};

use tempfile::SpooledTempFile;

use super::limits::Counter;

/// Bytes in memory as long as they are few, and in an unnamed temporary file beyond that.
pub(crate) struct Spool {
    storage: SpooledTempFile,
    length: u64,
    /// What is left of memory and of temporary files, for all, and what this one holds of either.
    memory: Counter,
    held: u64,
    disk: Counter,
    written: u64,
}

/// The most bytes that are kept in memory: most archives in archives are smaller.
const MOST_IN_MEMORY: u64 = 8 << 20;
/// The part of the memory that one of them takes, so that there is some for what is unpacked from it.
const PART: u64 = 8;

impl Spool {
    pub(crate) fn new(memory: Counter, disk: Counter) -> Self {
        let held = (memory.value() / PART).min(MOST_IN_MEMORY);
        memory.take(held);
        Self {
            // When it becomes a file is said below.
            storage: SpooledTempFile::new(usize::MAX),
            length: 0,
            memory,
            held,
            disk,
            written: 0,
        }
    }

    /// All of a reader.
    pub(crate) fn filled(
        reader: &mut dyn Read,
        memory: Counter,
        disk: Counter,
    ) -> io::Result<Self> {
        let mut spool = Self::new(memory, disk);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let mut filled = 0;
            let result = super::reader::fill(reader, &mut buffer, &mut filled);
            spool.append(buffer.get(..filled).unwrap_or_default())?;
            result?;
            if filled < buffer.len() {
                break;
            }
        }
        spool.rewind()?;
        Ok(spool)
    }

    /// Writes these bytes behind the others; nothing may have been read before.
    ///
    /// # Errors
    ///
    /// If the temporary file cannot be written, or is larger than all of them may be.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let count = bytes.len() as u64;
        if self.storage.is_rolled() {
            self.take_disk(count)?;
        } else if self.length + count > self.held {
            self.take_disk(self.length + count)?;
            let rolled = self.storage.roll();
            rolled.map_err(|why| self.not_written(&why))?;
            self.memory.give(self.held);
            self.held = 0;
        }
        self.length += count;
        let written = self.storage.write_all(bytes);
        written.map_err(|why| self.not_written(&why))
    }

    fn take_disk(&mut self, count: u64) -> io::Result<()> {
        // What is left stays for others if it is not enough.
        if self.disk.value() < count {
            self.disk.note_short();
            let left = self.disk.value() + self.written;
            let message =
                format!("needs more than the {left} bytes of temporary files that are left");
            return Err(io::Error::other(message));
        }
        self.disk.take(count);
        self.written += count;
        Ok(())
    }

    fn not_written(&self, why: &io::Error) -> io::Error {
        self.disk.note_short();
        let message = format!("a temporary file cannot be written: {why}");
        io::Error::new(why.kind(), message)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.memory.give(self.held);
        self.disk.give(self.written);
    }
}

impl Read for Spool {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.storage.read(buffer)
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.storage.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spool_round_trip() {
        let data: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        for memory in [8 * 400_000, 8 * 399_999, 8 * 1_000, 0] {
            let (memory, disk) = (Counter::new(memory), Counter::new(400_000));
            let before = memory.value();
            let mut spool =
                Spool::filled(&mut data.as_slice(), memory.clone(), disk.clone()).unwrap();
            let is_in_memory = !spool.storage.is_rolled();
            assert_eq!(is_in_memory, before == 8 * 400_000);
            let left = (memory.value(), disk.value());
            let expected = if is_in_memory {
                (7 * 400_000, 400_000)
            } else {
                (before, 0)
            };
            assert_eq!(left, expected);
            let mut read = Vec::new();
            spool.read_to_end(&mut read).unwrap();
            assert!(read == data);
            read.clear();
            spool.seek(SeekFrom::End(-3)).unwrap();
            spool.read_to_end(&mut read).unwrap();
            assert_eq!(read, data[data.len() - 3..]);
            drop(spool);
            assert_eq!((memory.value(), disk.value()), (before, 400_000));
        }
    }

    #[test]
    fn temporary_file_limit_is_enforced() {
        let (memory, disk) = (Counter::new(80), Counter::new(1_000));
        let mut data = io::repeat(1).take(1_001);
        let result = Spool::filled(&mut data, memory.clone(), disk.clone());
        let why = result.err().unwrap().to_string();
        assert!(why.contains("the 1000 bytes of temporary files"), "{why}");
        assert_eq!((memory.value(), disk.value()), (80, 1_000));
    }
}
