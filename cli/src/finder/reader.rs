//! Reads that do not depend on the pieces in which the bytes come.

use std::io::{self, Read};

/// Fills each buffer, up to the end or an error.
///
/// What a decoder returns before an error depends on how much it is given at once.
pub(crate) struct FullReader<R> {
    inner: R,
    failed: Option<io::Error>,
}

impl<R> FullReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            failed: None,
        }
    }
}

impl<R: Read> Read for FullReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = self.failed.take() {
            return Err(why);
        }
        let mut filled = 0;
        match fill(&mut self.inner, buffer, &mut filled) {
            Err(why) if filled == 0 => Err(why),
            result => {
                self.failed = result.err();
                Ok(filled)
            }
        }
    }
}

/// Reads until the buffer is full, or the reader at its end.
pub(crate) fn fill(reader: &mut dyn Read, buffer: &mut [u8], filled: &mut usize) -> io::Result<()> {
    while let Some(free) = buffer.get_mut(*filled..).filter(|free| !free.is_empty()) {
        match reader.read(free) {
            Ok(0) => break,
            Ok(count) => *filled += count,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Ok(())
}
