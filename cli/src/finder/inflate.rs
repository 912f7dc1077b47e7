//! One zlib stream (RFC 1950), wherever it ends, and files in which there are such.

use std::io::{self, BufRead, Cursor, Read, Take};

use flate2::{Decompress, FlushDecompress, Status};

/// Fails where the stream is cut off, and reads nothing behind it.
pub(crate) struct Inflater<R> {
    input: R,
    decompress: Decompress,
    is_done: bool,
}

impl<R: BufRead> Inflater<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            decompress: Decompress::new(true),
            is_done: false,
        }
    }

    pub(crate) fn into_inner(self) -> R {
        self.input
    }
}

impl<R: BufRead> Read for Inflater<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.is_done && !buffer.is_empty() {
            let input = self.input.fill_buf()?;
            let is_end = input.is_empty();
            let (read, written) = (self.decompress.total_in(), self.decompress.total_out());
            let status = self
                .decompress
                .decompress(input, buffer, FlushDecompress::None)?;
            let read = size(self.decompress.total_in() - read);
            let written = size(self.decompress.total_out() - written);
            self.input.consume(read);
            self.is_done = status == Status::StreamEnd;
            if written > 0 {
                return Ok(written);
            }
            if is_end && !self.is_done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if read == 0 && !self.is_done {
                return Err(io::Error::other("a zlib stream is damaged"));
            }
        }
        Ok(0)
    }
}

/// Not more than the length of a slice.
fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A file as it is, with what its zlib streams have in place of them.
pub(crate) struct Sections<R> {
    /// What is before the section at hand, as far as it is not read.
    header: Cursor<Vec<u8>>,
    /// None at the end, and after an error.
    section: Option<Section<R>>,
    next: NextSection<R>,
}

pub(crate) enum Section<R> {
    /// The file, of which nothing is read.
    Begin(R),
    Plain(Take<R>),
    Packed(Inflater<Take<R>>),
}

/// Begins the section behind one that is at its end, with a header that is read as it is; none at the end of all.
type NextSection<R> = fn(Section<R>) -> io::Result<Option<(Vec<u8>, Section<R>)>>;

impl<R> Sections<R> {
    pub(crate) fn new(input: R, next: NextSection<R>) -> Self {
        Self {
            header: Cursor::default(),
            section: Some(Section::Begin(input)),
            next,
        }
    }
}

impl<R: BufRead> Read for Sections<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let header = self.header.read(buffer)?;
            if header > 0 || buffer.is_empty() {
                return Ok(header);
            }
            let count = match &mut self.section {
                Some(Section::Plain(content)) => content.read(buffer)?,
                Some(Section::Packed(content)) => content.read(buffer)?,
                Some(Section::Begin(_)) => 0,
                None => return Ok(0),
            };
            if count > 0 {
                return Ok(count);
            }
            let next = self.section.take().map_or(Ok(None), self.next)?;
            if let Some((header, section)) = next {
                self.header = Cursor::new(header);
                self.section = Some(section);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    #[test]
    fn a_stream_ends_where_it_ends_and_not_before() {
        let text = b"some text, some text, and what is no text".repeat(1000);
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&text).unwrap();
        let packed = encoder.finish().unwrap();
        let both = [&packed[..], b"behind"].concat();
        let mut inflater = Inflater::new(&both[..]);
        let mut unpacked = Vec::new();
        inflater.read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        assert_eq!(inflater.into_inner(), b"behind");
        for end in 0..packed.len() {
            let cut = io::copy(&mut Inflater::new(&packed[..end]), &mut io::sink());
            assert!(cut.is_err(), "{end}");
        }
        let empty = b"\x78\x9c\x03\0\0\0\0\x01";
        assert_eq!(Inflater::new(&empty[..]).read(&mut [0; 9]).unwrap(), 0);
    }
}
