//! A part of a file that several threads can read at once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::bytes::moved;

/// What can be read at any place, by anybody, without a position of its own.
pub(crate) trait ReadAt: Send + Sync {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

#[cfg(unix)]
impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }
}

#[cfg(windows)]
impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, offset)
    }
}

/// A clone has a position of its own.
#[derive(Clone)]
pub(crate) struct Range {
    file: Arc<dyn ReadAt>,
    start: u64,
    /// As it was when the file was opened.
    length: u64,
    /// Whether what is behind the length does not belong to it.
    is_cut: bool,
    position: u64,
}

impl Range {
    /// A file up to its end, which may be another one when it is read.
    pub(crate) fn whole(file: Arc<dyn ReadAt>, length: u64) -> Self {
        Self {
            file,
            start: 0,
            length,
            is_cut: false,
            position: 0,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// A part of it alone.
    pub(crate) fn cut(&self, start: u64, length: u64) -> Self {
        Self {
            file: Arc::clone(&self.file),
            start: self.start.saturating_add(start),
            length: length.min(self.length.saturating_sub(start)),
            is_cut: true,
            position: 0,
        }
    }

    /// What is between this place and the end.
    pub(crate) fn starting_at(&self, position: u64) -> Self {
        Self {
            position,
            ..self.clone()
        }
    }
}

impl Read for Range {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = if self.is_cut {
            self.length.saturating_sub(self.position)
        } else {
            u64::MAX
        };
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let count = buffer.len().min(most);
        let buffer = buffer.get_mut(..count).unwrap_or_default();
        let offset = self.start.checked_add(self.position);
        let offset = offset.ok_or(io::ErrorKind::InvalidInput)?;
        let read = self.file.read_at(buffer, offset)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Range {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = moved(to, self.position, self.length)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl ReadAt for Vec<u8> {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            self.get(start..).unwrap_or_default().read(buffer)
        }
    }
}
