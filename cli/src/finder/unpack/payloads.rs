//! What is packed in programs and in modules.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use super::{Scan, counted, read_head};
use crate::finder::bytes::{read_up_to, skip};
use crate::finder::contents::{Payload, PayloadForm};
use crate::finder::inflate::Inflater;
use crate::finder::limits::{Counter, UnpackingReader};
use crate::finder::location::Location;
use crate::finder::{jimage, nuitka, pyinstaller, zstd};

impl Scan<'_> {
    /// So many bytes, whether or not all of them are read.
    pub(super) fn chunk(
        &mut self,
        reader: &mut dyn Read,
        size: u64,
        read: impl FnOnce(&mut Self, &mut dyn Read),
    ) -> io::Result<()> {
        self.count_entry()?;
        let mut content = reader.take(size);
        if size > 0 {
            read(self, &mut content);
        }
        skip(&mut content)
    }

    /// Whether what is here in an image of Java's modules is not to be found in it as it is.
    pub(super) fn is_compressed_image(&mut self, reader: &mut dyn Read) -> bool {
        let memory = Counter::new(self.left.in_memory.value());
        jimage::Index::read(reader, &memory).is_ok_and(|index| index.is_compressed())
    }

    pub(super) fn jimage(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        self.giving_back(
            |scan| match jimage::Index::read(reader, &scan.left.in_memory) {
                Ok(index) if index.is_compressed() => scan.resources(name, &index, reader, depth),
                Ok(index) => {
                    scan.plain_or_zip(name, reader, index.bytes(), depth);
                    Ok(())
                }
                Err(why) => {
                    scan.plain_or_zip(name, reader, &[], depth);
                    Err(why)
                }
            },
        )
    }

    pub(super) fn resources(
        &mut self,
        name: &Location,
        index: &jimage::Index,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        self.plain(name, &mut index.bytes(), &[]);
        let mut position = 0;
        for resource in &index.resources {
            let between = resource.start.checked_sub(position);
            let between = between.ok_or_else(|| io::Error::other("its resources overlap"))?;
            if between > 0 {
                self.chunk(reader, between, |scan, content| {
                    scan.plain(name, content, &[]);
                })?;
            }
            let place = name.entry(&index.name(resource));
            self.chunk(reader, resource.size, |scan, content| {
                scan.resource(&place, index, content, depth);
            })?;
            position = resource.start.saturating_add(resource.size);
        }
        let rest = read_head(reader)?;
        if !rest.is_empty() {
            self.stream(name, &mut Cursor::new(rest).chain(reader), depth);
        }
        Ok(())
    }

    pub(super) fn resource(
        &mut self,
        place: &Location,
        index: &jimage::Index,
        reader: &mut dyn Read,
        depth: usize,
    ) {
        let mut content: Box<dyn Read + '_> = Box::new(reader);
        // As many as `jlink` has, and one more.
        for _ in 0..3 {
            let head = match read_up_to(&mut content, jimage::PACKED_HEADER) {
                Ok(head) => head,
                Err(why) => return self.failed(place, &why),
            };
            match index.packing(&head) {
                None => return self.stream(place, &mut Cursor::new(head).chain(content), depth),
                // Strings of classes are in the index, where they are not compressed.
                Some(b"compact-cp") => {}
                Some(b"zip") => content = Box::new(self.inflated(content)),
                Some(_) => break,
            }
        }
        self.unread(
            place,
            "resource of a Java image that is packed in another way",
        );
    }

    /// What a zlib stream has.
    pub(super) fn inflated<R: Read>(&self, reader: R) -> UnpackingReader<impl Read + use<R>> {
        let packed = Counter::new(0);
        let inflater = Inflater::new(BufReader::new(counted(reader, &packed)));
        self.limited(inflater, packed)
    }

    pub(super) fn limited<R>(&self, unpacked: R, packed: Counter) -> UnpackingReader<R> {
        UnpackingReader::new(unpacked, packed, self.left.unpacked.clone(), &self.limits)
    }

    /// What is packed in a file that is no archive as a whole, of which there is what follows a place.
    pub(super) fn payloads(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        start: u64,
        payloads: &[Payload],
        depth: usize,
    ) {
        let mut position = 0;
        let mut is_archive = None;
        for payload in payloads {
            // In what was read.
            if payload.place < position {
                continue;
            }
            let read = match payload.form {
                PayloadForm::PyInstaller => {
                    let read = self.pyinstaller(name, file, start..payload.place, depth);
                    read.map(|is_read| {
                        is_archive = Some(is_archive.unwrap_or(false) || is_read);
                    })
                }
                PayloadForm::Zstd | PayloadForm::Nuitka => {
                    let read = self.frame(name, file, *payload, depth);
                    read.map(|packed| position = payload.place + packed)
                }
            };
            if let Err(why) = read {
                // As with the others, then.
                self.failed(name, &why);
                break;
            }
        }
        if is_archive == Some(false) {
            self.unread(name, "archive of PyInstaller");
        }
    }

    /// The archive whose end is at the end of this range, if there is one.
    pub(super) fn pyinstaller(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        range: std::ops::Range<u64>,
        depth: usize,
    ) -> io::Result<bool> {
        let table = pyinstaller::Table::find(file, range, &self.left.in_memory)?;
        let Some(mut table) = table else {
            return Ok(false);
        };
        let depth = self.deeper(depth)?;
        let size = table.size();
        self.left.in_memory.take(size);
        let mut read = || {
            while let Some(entry) = table.next()? {
                let place = name.entry(&entry.name);
                self.count_entry()?;
                file.seek(SeekFrom::Start(entry.start))?;
                let content = (&mut *file).take(entry.size);
                // Many entries may be the same part of the file.
                if entry.is_compressed {
                    self.stream(&place, &mut self.inflated(content), depth);
                } else {
                    let size = Counter::new(entry.size);
                    self.stream(&place, &mut self.limited(content, size), depth);
                }
            }
            Ok(true)
        };
        let result = read();
        self.left.in_memory.give(size);
        result
    }

    /// The Zstandard frame at a place, if there is one. Returns how many bytes it takes.
    pub(super) fn frame(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        payload: Payload,
        depth: usize,
    ) -> io::Result<u64> {
        file.seek(SeekFrom::Start(payload.place))?;
        let packed = Counter::new(0);
        let input = BufReader::new(counted(file, &packed));
        let memory = self.left.in_memory.clone();
        if !self.left.unpacked.take(zstd::TRIAL) {
            return Err(io::Error::other("more payloads than may be unpacked"));
        }
        let Some(frame) = zstd::Frames::one(input, memory)? else {
            // The number alone, as programs have it that look for it.
            return Ok(0);
        };
        self.count_entry()?;
        let depth = self.deeper(depth)?;
        let mut unpacked = self.limited(frame, packed);
        let place = name.entry(format!("zstd@{:#x}", payload.place).as_bytes());
        if payload.form == PayloadForm::Nuitka {
            let head = read_up_to(&mut unpacked, LONGEST_HEAD)?;
            let layout = nuitka::Layout::from_head(&head);
            let reader = &mut Cursor::new(head).chain(&mut unpacked);
            match layout {
                Some(layout) => self.row(name, reader, depth, |reader| layout.next(reader))?,
                None => self.stream(&place, reader, depth),
            }
        } else {
            self.stream(&place, &mut unpacked, depth);
        }
        Ok(unpacked.into_inner().packed())
    }
}

/// The longest name of a file in an archive of Nuitka, in UTF-16, and what follows it.
const LONGEST_HEAD: u64 = 2 * 4096 + 64;
