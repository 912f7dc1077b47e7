//! CRC-32, as ZIP and 7z have it.

use std::io::{self, Read};

use flate2::Crc;

/// Compares what was read with its checksum, if there is one, at the end.
pub(crate) struct CheckingReader<R> {
    inner: R,
    crc: Crc,
    expected: Option<u32>,
}

impl<R> CheckingReader<R> {
    pub(crate) fn new(inner: R, expected: Option<u32>) -> Self {
        Self {
            inner,
            crc: Crc::new(),
            expected,
        }
    }
}

impl<R: Read> Read for CheckingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        let is_end = count == 0 && !buffer.is_empty();
        if is_end && self.expected.is_some_and(|crc| crc != self.crc.sum()) {
            return Err(io::Error::other("the checksum does not match"));
        }
        Ok(count)
    }
}
