//! What `PyInstaller` puts behind its starter: an archive with a table at its end, and an archive of Python's modules in
//! that.

use std::io::{self, BufRead, Cursor, Read, Seek};
use std::ops::Range;

use super::bytes::{array_at, read_at, read_up_to};
use super::inflate::{Inflater, Section, Sections};
use super::limits::Counter;

/// With which the end of an archive begins.
pub(crate) const COOKIE: &[u8] = b"MEI\x0c\x0b\x0a\x0b\x0e";

/// The table of an archive.
pub(crate) struct Table {
    /// Where the archive begins, what is before the table in it, and what is left of the table.
    start: u64,
    contents: u64,
    rest: Cursor<Vec<u8>>,
}

pub(crate) struct Entry {
    /// In the file.
    pub(crate) start: u64,
    pub(crate) size: u64,
    /// A zlib stream.
    pub(crate) is_compressed: bool,
    pub(crate) name: Vec<u8>,
}

/// The end: the magic number, the size of all, where the table is and its size, the version of Python, and its library,
/// which versions before 2.1 do not have.
const ENDS: [u64; 2] = [88, 24];
/// An entry of the table before its name.
const ENTRY: usize = 18;

impl Table {
    /// The table of the archive in this range of a file, behind which its end is; none if there is no archive.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or the table does not find `memory`.
    pub(crate) fn find(
        file: &mut (impl Read + Seek),
        range: Range<u64>,
        memory: &Counter,
    ) -> io::Result<Option<Self>> {
        let (first, cookie) = (range.start, range.end);
        let end = read_at(file, cookie, ENDS[1])?;
        if !end.starts_with(COOKIE) {
            return Ok(None);
        }
        let number = |at| u32_at(&end, at).map_or(0, u64::from);
        let (length, table, size) = (number(8), number(12), number(16));
        // The table is before the end.
        let starts = ENDS.iter().filter_map(|end| {
            let start = (cookie + end).checked_sub(length)?;
            let is_there = start >= first && start + table + size == cookie;
            (is_there && size > 0).then_some(start)
        });
        let Some(start) = starts.min() else {
            return Ok(None);
        };
        if memory.value() < size {
            return Err(io::Error::other("the table of this archive is too large"));
        }
        let rest = read_at(file, start + table, size)?;
        Ok(Some(Self {
            start,
            contents: table,
            rest: Cursor::new(rest),
        }))
    }

    /// The bytes of memory that it takes.
    pub(crate) fn size(&self) -> u64 {
        self.rest.get_ref().len() as u64
    }

    /// Reads the next entry; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        let fixed = read_up_to(&mut self.rest, ENTRY as u64)?;
        if fixed.is_empty() {
            return Ok(None);
        }
        let damaged = || io::Error::other("the table of this archive is damaged");
        let number = |at| u32_at(&fixed, at).ok_or_else(damaged);
        let (length, start, size) = (number(0)?, number(4)?, number(8)?);
        if u64::from(start) + u64::from(size) > self.contents {
            return Err(damaged());
        }
        let name = u64::from(length).checked_sub(ENTRY as u64);
        let is_compressed = fixed.get(16).ok_or_else(damaged)? != &0;
        let mut name = read_up_to(&mut self.rest, name.ok_or_else(damaged)?)?;
        let end = name.iter().position(|byte| *byte == 0);
        name.truncate(end.unwrap_or(name.len()));
        Ok(Some(Entry {
            start: self.start + u64::from(start),
            size: u64::from(size),
            is_compressed,
            name,
        }))
    }
}

/// With which an archive of modules begins.
pub(crate) const MODULES: &[u8] = b"PYZ\0";

/// The magic number, that of Python's modules, and where the table is; then something that is not used.
const HEADER: u64 = 17;

/// An archive of modules as it is, with what they are in place of zlib streams, one after the other.
pub(crate) fn modules<R: BufRead>(input: R) -> Sections<R> {
    Sections::new(input, next_module)
}

fn next_module<R: BufRead>(before: Section<R>) -> io::Result<Option<(Vec<u8>, Section<R>)>> {
    let (header, modules) = match before {
        Section::Begin(mut input) => {
            let header = read_up_to(&mut input, HEADER)?;
            let table = u32_at(&header, 8).map_or(0, u64::from);
            (header, input.take(table.saturating_sub(HEADER)))
        }
        Section::Packed(module) => {
            let mut modules = module.into_inner();
            if modules.limit() > 0 && modules.fill_buf()?.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            (Vec::new(), modules)
        }
        // The table behind the modules.
        Section::Plain(_) => return Ok(None),
    };
    let section = match modules.limit() {
        0 => Section::Plain(modules.into_inner().take(u64::MAX)),
        _ => Section::Packed(Inflater::new(modules)),
    };
    Ok(Some((header, section)))
}

/// Big-endian.
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_be_bytes)
}
