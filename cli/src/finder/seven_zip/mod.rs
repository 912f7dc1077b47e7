//! 7z: the files of an archive (the format as 7-Zip's `7zFormat.txt` has it).
//!
//! Nothing is made of the header but places in it, so that memory does not grow with what it says.

mod fields;
mod folder;

use std::io::{self, Read, Seek};

use flate2::Crc;

use self::fields::{Bits, Fields, damaged};
pub(crate) use self::folder::{Decoder, Folder};
use super::bytes::read_at;
use super::limits::Counter;

/// How an archive begins.
pub(crate) const MAGIC: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// Reads the header, which is at the end, and returns the place behind it, too.
///
/// It may be packed, as a folder of its own, which `unpack` reads.
///
/// # Errors
///
/// If it is damaged, or larger than there is memory for.
pub(crate) fn read_header<F: Read + Seek>(
    file: &mut F,
    memory: &Counter,
    mut unpack: impl FnMut(&mut F, &Folder) -> io::Result<Vec<u8>>,
) -> io::Result<(Vec<u8>, u64)> {
    let mut begin = [0; START];
    file.rewind()?;
    file.read_exact(&mut begin)?;
    let mut fields = Fields(begin.get(8..).unwrap_or_default());
    let crc = fields.u32()?;
    check(fields.0, crc)?;
    let (offset, size, crc) = (fields.u64()?, fields.u64()?, fields.u32()?);
    hold(memory, size)?;
    let place = offset.checked_add(START as u64).ok_or_else(damaged)?;
    let end = place.checked_add(size).ok_or_else(damaged)?;
    let mut header = read_at(file, place, size)?;
    check(&header, crc)?;
    while let Some((&ENCODED_HEADER, rest)) = header.split_first() {
        let mut streams = Streams::read(&mut Fields(rest))?;
        let folder = streams.next_folder()?.ok_or_else(damaged)?;
        hold(memory, folder.size())?;
        header = unpack(file, &folder)?;
        if let Some(crc) = folder.crc {
            check(&header, crc)?;
        }
    }
    Ok((header, end))
}

/// What is in an archive.
pub(crate) struct Archive<'h> {
    streams: Streams<'h>,
    /// The files that are left, their names, and which of them have no content.
    files: u64,
    names: Option<Fields<'h>>,
    empty: Option<Bits<'h>>,
}

impl<'h> Archive<'h> {
    pub(crate) fn new(header: &'h [u8]) -> io::Result<Self> {
        let mut fields = Fields(header);
        let mut archive = Self {
            streams: Streams::default(),
            files: 0,
            names: None,
            empty: None,
        };
        if header.is_empty() {
            return Ok(archive);
        }
        fields.expect(HEADER)?;
        loop {
            match fields.byte()? {
                END => return Ok(archive),
                ARCHIVE_PROPERTIES => while fields.property()?.is_some() {},
                ADDITIONAL_STREAMS => {
                    Streams::read(&mut fields)?;
                }
                MAIN_STREAMS => archive.streams = Streams::read(&mut fields)?,
                FILES => archive.files(&mut fields)?,
                _ => return Err(damaged()),
            }
        }
    }

    fn files(&mut self, fields: &mut Fields<'h>) -> io::Result<()> {
        self.files = fields.number()?;
        while let Some((kind, content)) = fields.property()? {
            let mut content = Fields(content);
            match kind {
                EMPTY_STREAMS => self.empty = Some(Bits::new(content.0)),
                NAMES => {
                    // None in a stream of their own.
                    content.expect(0)?;
                    self.names = Some(content);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What is unpacked as one; none at the end.
    pub(crate) fn next_folder(&mut self) -> io::Result<Option<Folder>> {
        let folder = self.streams.next_folder()?;
        if folder.is_none() && self.next_name()?.is_some() {
            return Err(io::Error::other("files of this 7z archive have no content"));
        }
        Ok(folder)
    }

    /// The name of the next file with content, which is empty where there are no names; none behind the last one.
    pub(crate) fn next_name(&mut self) -> io::Result<Option<Vec<u8>>> {
        while self.files > 0 {
            self.files -= 1;
            let name = self.names.as_mut().map_or(Ok(Vec::new()), Fields::name);
            let is_empty = self.empty.as_mut().map_or(Ok(false), Bits::next)?;
            if !is_empty {
                return name.map(Some);
            }
        }
        Ok(None)
    }

    /// The length and the checksum of the next file of this folder.
    pub(crate) fn next_stream(&mut self, folder: &mut Folder) -> io::Result<Option<Stream>> {
        self.streams.next_stream(folder)
    }
}

pub(crate) struct Stream {
    pub(crate) size: u64,
    pub(crate) crc: Option<u32>,
}

/// What the header says of streams: each of these is the rest of a list.
#[derive(Default)]
struct Streams<'h> {
    /// Where the next packed stream is.
    place: u64,
    packed_sizes: Fields<'h>,
    folders: u64,
    folder: Fields<'h>,
    unpacked_sizes: Fields<'h>,
    folder_crcs: Digests<'h>,
    /// Of files.
    counts: Option<Fields<'h>>,
    sizes: Fields<'h>,
    crcs: Digests<'h>,
}

/// Checksums, where they are.
#[derive(Clone, Default)]
struct Digests<'h> {
    are_defined: Option<Bits<'h>>,
    values: Fields<'h>,
}

impl Digests<'_> {
    fn next(&mut self) -> io::Result<Option<u32>> {
        let Some(are_defined) = &mut self.are_defined else {
            return Ok(None);
        };
        are_defined.next()?.then(|| self.values.u32()).transpose()
    }
}

impl<'h> Streams<'h> {
    fn read(fields: &mut Fields<'h>) -> io::Result<Self> {
        let mut streams = Self::default();
        loop {
            match fields.byte()? {
                END => return Ok(streams),
                PACKED => streams.packed(fields)?,
                FOLDERS => streams.folders(fields)?,
                SUBSTREAMS => streams.substreams(fields)?,
                _ => return Err(damaged()),
            }
        }
    }

    fn packed(&mut self, fields: &mut Fields<'h>) -> io::Result<()> {
        let place = fields.number()?.checked_add(START as u64);
        self.place = place.ok_or_else(damaged)?;
        let count = fields.number()?;
        loop {
            match fields.byte()? {
                END => return Ok(()),
                SIZES => {
                    self.packed_sizes = *fields;
                    fields.numbers(count)?;
                }
                CRCS => {
                    digests(fields, count)?;
                }
                _ => return Err(damaged()),
            }
        }
    }

    fn folders(&mut self, fields: &mut Fields<'h>) -> io::Result<()> {
        fields.expect(FOLDER)?;
        self.folders = fields.number()?;
        // None in a stream of their own.
        fields.expect(0)?;
        self.folder = *fields;
        let mut outputs = 0;
        for _ in 0..self.folders {
            outputs += Folder::read(fields)?.outputs();
        }
        loop {
            match fields.byte()? {
                END => return Ok(()),
                UNPACKED_SIZES => {
                    self.unpacked_sizes = *fields;
                    fields.numbers(outputs)?;
                }
                CRCS => self.folder_crcs = digests(fields, self.folders)?,
                _ => return Err(damaged()),
            }
        }
    }

    fn substreams(&mut self, fields: &mut Fields<'h>) -> io::Result<()> {
        loop {
            match fields.byte()? {
                END => return Ok(()),
                COUNTS => {
                    self.counts = Some(*fields);
                    fields.numbers(self.folders)?;
                }
                // All but the last one of each folder.
                SIZES => {
                    self.sizes = *fields;
                    let mut counts = self.counts;
                    for _ in 0..self.folders {
                        let count = counts.as_mut().map_or(Ok(1), Fields::number)?;
                        fields.numbers(count.saturating_sub(1))?;
                    }
                }
                // Not where the checksum is that of a folder.
                CRCS => {
                    let (mut counts, mut of_folders) = (self.counts, self.folder_crcs.clone());
                    let mut unknown = 0_u64;
                    for _ in 0..self.folders {
                        let count = counts.as_mut().map_or(Ok(1), Fields::number)?;
                        let is_known = of_folders.next()?.is_some() && count == 1;
                        unknown = unknown.saturating_add(if is_known { 0 } else { count });
                    }
                    self.crcs = digests(fields, unknown)?;
                }
                _ => return Err(damaged()),
            }
        }
    }

    fn next_folder(&mut self) -> io::Result<Option<Folder>> {
        let Some(rest) = self.folders.checked_sub(1) else {
            return Ok(None);
        };
        self.folders = rest;
        let mut folder = Folder::read(&mut self.folder)?;
        for _ in 0..folder.outputs() {
            folder.sizes.push(self.unpacked_sizes.number()?);
        }
        for _ in 0..folder.inputs() {
            let size = self.packed_sizes.number()?;
            folder.packed.push((self.place, size));
            self.place = self.place.checked_add(size).ok_or_else(damaged)?;
        }
        folder.left = folder.size();
        folder.crc = self.folder_crcs.next()?;
        folder.count = self.counts.as_mut().map_or(Ok(1), Fields::number)?;
        folder.is_one = folder.count == 1;
        Ok(Some(folder))
    }

    fn next_stream(&mut self, folder: &mut Folder) -> io::Result<Option<Stream>> {
        let Some(rest) = folder.count.checked_sub(1) else {
            return Ok(None);
        };
        folder.count = rest;
        let size = if rest == 0 {
            folder.left
        } else {
            self.sizes.number()?
        };
        folder.left = folder.left.checked_sub(size).ok_or_else(damaged)?;
        let of_folder = folder.crc.filter(|_| folder.is_one);
        let crc = match of_folder {
            Some(crc) => Some(crc),
            None => self.crcs.next()?,
        };
        Ok(Some(Stream { size, crc }))
    }
}

fn digests<'h>(fields: &mut Fields<'h>, count: u64) -> io::Result<Digests<'h>> {
    let are_defined = if fields.byte()? == 0 {
        let length = usize::try_from(count.div_ceil(8)).map_err(|_| damaged())?;
        Bits::new(fields.take(length)?)
    } else {
        Bits::all(count)
    };
    let values = *fields;
    let mut each = are_defined;
    for _ in 0..count {
        if each.next()? {
            fields.u32()?;
        }
    }
    Ok(Digests {
        are_defined: Some(are_defined),
        values,
    })
}

/// Until whoever has the header gives it back.
fn hold(memory: &Counter, size: u64) -> io::Result<()> {
    let left = memory.value();
    if memory.take(size) {
        return Ok(());
    }
    let message = format!("a header of {size} bytes, and {left} bytes of memory are left");
    Err(io::Error::other(message))
}

fn check(data: &[u8], expected: u32) -> io::Result<()> {
    let mut crc = Crc::new();
    crc.update(data);
    if crc.sum() == expected {
        return Ok(());
    }
    Err(damaged())
}

/// The length of what an archive begins with, from which places are counted.
const START: usize = 32;

/// What the parts of a header begin with.
const END: u8 = 0;
const HEADER: u8 = 1;
const ARCHIVE_PROPERTIES: u8 = 2;
const ADDITIONAL_STREAMS: u8 = 3;
const MAIN_STREAMS: u8 = 4;
const FILES: u8 = 5;
const PACKED: u8 = 6;
const FOLDERS: u8 = 7;
const SUBSTREAMS: u8 = 8;
const SIZES: u8 = 9;
const CRCS: u8 = 10;
const FOLDER: u8 = 11;
const UNPACKED_SIZES: u8 = 12;
const COUNTS: u8 = 13;
const EMPTY_STREAMS: u8 = 14;
const NAMES: u8 = 17;
const ENCODED_HEADER: u8 = 23;
