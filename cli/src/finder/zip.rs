//! ZIP archives (APPNOTE 6.3.10), one entry after another: nothing of the directory is kept.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::bytes::{read_at, u16_at, u32_at, u64_at};

/// The header of an entry before its content.
pub(crate) const ENTRY: &[u8] = b"PK\x03\x04";
/// Its length, without the name.
pub(crate) const ENTRY_LENGTH: usize = 30;
/// How far from the end of a file the end of its archive begins at most: a comment (section 4.3.16), or the signature of
/// a program, may be behind it.
pub(crate) const LONGEST_END: usize = END_LENGTH + 0xffff;

/// Whether an entry may begin like this: with a method that there is, and a name.
pub(crate) fn is_entry(header: &[u8]) -> bool {
    let has_method = matches!(u16_at(header, 8), 0..=20 | 93..=99);
    header.starts_with(ENTRY) && has_method && (1..=LONGEST_NAME).contains(&u16_at(header, 26))
}

/// Whether the last bytes of a file have what may be the end of an archive.
pub(crate) fn may_have_end(last: &[u8], length: u64) -> bool {
    let before = length - last.len() as u64;
    memmem::find_iter(last, END).any(|at| {
        let end = last.get(at..).unwrap_or_default();
        let (entries, size) = (u16_at(end, 10), u32_at(end, 12));
        let directory = (before + at as u64).checked_sub(size.into());
        let is_64 = size == u32::MAX || u32_at(end, 16) == u32::MAX;
        let is_32 = entries > 0
            && directory.is_some_and(|directory| u64::from(u32_at(end, 16)) <= directory)
            && u64::from(size) >= u64::from(entries) * DIRECTORY_LENGTH as u64;
        end.len() >= END_LENGTH && (is_64 || is_32)
    })
}

/// Where the directory of an archive is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    start: u64,
    end: u64,
    /// From where places are counted.
    offset: u64,
    entries: u64,
}

impl Directory {
    /// That of the archive in a file, if one has its end near that of the file.
    ///
    /// The directory has to be where its end says, so that other bytes are not taken for one.
    pub(crate) fn find(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let length = file.seek(SeekFrom::End(0))?;
        let start = length.saturating_sub(LONGEST_END as u64);
        let last = read_at(file, start, LONGEST_END as u64)?;
        // Forwards it is much faster, and mostly there is none.
        let ends: Vec<usize> = memmem::find_iter(&last, END).collect();
        for at in ends.into_iter().rev() {
            let end = last.get(at..).unwrap_or_default();
            if end.len() < END_LENGTH {
                continue;
            }
            let place = start + at as u64;
            if let Some(directory) = Self::of_64(file, place)? {
                return Ok(Some(directory));
            }
            let entries = u64::from(u16_at(end, 10));
            let (size, said) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
            if let Some(directory) = Self::before(file, place, size, said, entries)? {
                return Ok(Some(directory));
            }
        }
        Ok(None)
    }

    /// That of an archive with fields of 64 bits, whose end is at this place (section 4.3.14).
    fn of_64(file: &mut (impl Read + Seek), end: u64) -> io::Result<Option<Self>> {
        let Some(locator) = end.checked_sub(LOCATOR_LENGTH as u64) else {
            return Ok(None);
        };
        let found = read_at(file, locator, LOCATOR_LENGTH as u64)?;
        if !found.starts_with(LOCATOR) {
            return Ok(None);
        }
        // Right before, unless there is more in it; then where the locator says.
        let places = [
            locator.checked_sub(END_64_LENGTH as u64),
            Some(u64_at(&found, 8)),
        ];
        for place in places.into_iter().flatten() {
            let found = read_at(file, place, END_64_LENGTH as u64)?;
            if found.len() == END_64_LENGTH && found.starts_with(END_64) {
                let [entries, size, said] = [32, 40, 48].map(|at| u64_at(&found, at));
                return Self::before(file, place, size, said, entries);
            }
        }
        Ok(None)
    }

    fn before(
        file: &mut (impl Read + Seek),
        end: u64,
        size: u64,
        said: u64,
        entries: u64,
    ) -> io::Result<Option<Self>> {
        // Right before its end, or where that says: there may be something between them.
        for start in [end.checked_sub(size), Some(said)].into_iter().flatten() {
            let offset = start.checked_sub(said);
            let Some(offset) = offset.filter(|_| entries > 0 && start < end) else {
                continue;
            };
            if read_at(file, start, ENTRY.len() as u64)? == DIRECTORY {
                return Ok(Some(Self {
                    start,
                    end,
                    offset,
                    entries,
                }));
            }
        }
        Ok(None)
    }
}

/// Goes through an archive.
pub(crate) struct Entries<R> {
    file: R,
    directory: Directory,
    /// A part of the directory, where that begins, and what of it was read.
    part: Vec<u8>,
    start: u64,
    done: usize,
    count: u64,
}

/// What the directory says of an entry.
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) packed: u64,
    pub(crate) unpacked: u64,
    pub(crate) crc: u32,
    place: u64,
}

impl Entry {
    pub(crate) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// A directory has a name alone.
    pub(crate) fn is_directory(&self) -> bool {
        self.name.ends_with(b"/") && self.packed == 0
    }
}

impl<R: Read + Seek> Entries<R> {
    pub(crate) fn new(file: R, directory: Directory) -> Self {
        Self {
            file,
            start: directory.start,
            directory,
            part: Vec::new(),
            done: 0,
            count: 0,
        }
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        let header = self.peek(DIRECTORY_LENGTH)?;
        if !header.starts_with(DIRECTORY) || header.len() < DIRECTORY_LENGTH {
            return self.is_end().map(|()| None);
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(header, at)));
        let [name, extra, comment] = lengths;
        let length = DIRECTORY_LENGTH + name + extra + comment;
        let header = self.peek(length)?;
        if header.len() < length {
            return Err(damaged());
        }
        let rest = header.get(DIRECTORY_LENGTH..).unwrap_or_default();
        let (name, rest) = rest.split_at_checked(name).ok_or_else(damaged)?;
        let mut entry = Entry {
            name: name.to_vec(),
            flags: u16_at(header, 8),
            method: u16_at(header, 10),
            crc: u32_at(header, 16),
            packed: u32_at(header, 20).into(),
            unpacked: u32_at(header, 24).into(),
            place: u32_at(header, 42).into(),
        };
        let extra = rest.get(..extra).unwrap_or_default();
        if let Some(mut large) = extra_field(extra, LARGE) {
            for number in [&mut entry.unpacked, &mut entry.packed, &mut entry.place] {
                if *number == u64::from(u32::MAX) {
                    *number = u64_at(large, 0);
                    large = large.get(8..).ok_or_else(damaged)?;
                }
            }
        }
        self.done += length;
        self.count += 1;
        Ok(Some(entry))
    }

    /// The content of an entry, as it is packed.
    pub(crate) fn packed(&mut self, entry: &Entry) -> io::Result<io::Take<&mut R>> {
        let place = entry.place.checked_add(self.directory.offset);
        let place = place.ok_or_else(damaged)?;
        let header = read_at(&mut self.file, place, ENTRY_LENGTH as u64)?;
        if header.len() < ENTRY_LENGTH || !header.starts_with(ENTRY) {
            return Err(io::Error::other("the header of this entry is damaged"));
        }
        let behind = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        let content = place + ENTRY_LENGTH as u64 + behind;
        self.file.seek(SeekFrom::Start(content))?;
        Ok(self.file.by_ref().take(entry.packed))
    }

    /// The next bytes of the directory, fewer at its end.
    fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        if self.part.len() - self.done < length {
            self.start += self.done as u64;
            let left = self.directory.end.saturating_sub(self.start);
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let most = left.min(length.max(PART)) as u64;
            self.part = read_at(&mut self.file, self.start, most)?;
            self.done = 0;
        }
        let part = self.part.get(self.done..).unwrap_or_default();
        Ok(part.get(..length).unwrap_or(part))
    }

    /// Whether all were read that the archive says it has, where 16 bits may be all that it has to say it.
    fn is_end(&self) -> io::Result<()> {
        let said = self.directory.entries;
        if said == self.count || said == self.count % (1 << 16) {
            return Ok(());
        }
        let count = self.count;
        let why = format!("the directory of this ZIP archive names {said} entries but has {count}");
        Err(io::Error::other(why))
    }
}

/// What stands before the content of an entry in LZMA (section 5.8.8): the version, and the properties.
pub(crate) struct Lzma {
    pub(crate) properties: u8,
    pub(crate) dictionary: u32,
}

impl Lzma {
    pub(crate) fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let mut header = [0; 9];
        reader.read_exact(&mut header)?;
        let [_, _, 5, 0, properties, dictionary @ ..] = header else {
            return Err(io::Error::other("the LZMA header of this entry is damaged"));
        };
        Ok(Self {
            properties,
            dictionary: u32::from_le_bytes(dictionary),
        })
    }
}

const DIRECTORY: &[u8] = b"PK\x01\x02";
const DIRECTORY_LENGTH: usize = 46;
const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END_64: &[u8] = b"PK\x06\x06";
const END_64_LENGTH: usize = 56;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_LENGTH: usize = 20;
/// The extra field with numbers of 64 bits (section 4.5.3).
const LARGE: u16 = 1;
const LONGEST_NAME: u16 = 4096;
/// How much of a directory is read at once.
const PART: usize = 1 << 16;

fn damaged() -> io::Error {
    io::Error::other("the directory of this ZIP archive is damaged")
}

fn extra_field(mut extra: &[u8], id: u16) -> Option<&[u8]> {
    loop {
        let (header, rest) = extra.split_at_checked(4)?;
        let (field, rest) = rest.split_at_checked(u16_at(header, 2).into())?;
        if u16_at(header, 0) == id {
            return Some(field);
        }
        extra = rest;
    }
}
