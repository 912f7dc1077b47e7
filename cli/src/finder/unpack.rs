//! Goes through files, and through archives in archives, and searches all that is not an archive.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use bzip2::read::MultiBzDecoder;
use deflate64::Deflate64Decoder;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use lzma_rust2::{LzmaReader, XzReader};

use super::checksum::CheckingReader;
use super::contents::Contents;
use super::limits::{Counter, CountingReader, LimitedReader, ScanLimits, UnpackingReader};
use super::location::Location;
use super::reader::FullReader;
use super::search::Search;
use super::spool::Spool;
use super::squashfs::{self, Superblock};
use super::tail::TailReader;
use super::{ar, cpio, image, rpm, seven_zip, unread, xz, zip, zstd};

/// What was found, where.
pub(crate) struct Place<'h> {
    pub(crate) location: Location,
    pub(crate) key_store: Option<KeyStore>,
    pub(crate) found: Contents<'h>,
}

/// A Java key store. Certificates are not encrypted in them, except in PKCS#12 with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) enum KeyStore {
    #[serde(rename = "JKS")]
    Jks,
    #[serde(rename = "PKCS#12")]
    Pkcs12,
}

/// A place that could not be read, or not to its end.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Failure {
    #[serde(flatten)]
    pub(crate) location: Location,
    pub(crate) error: String,
}

/// A place that was recognised, and was not looked into.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Unread {
    #[serde(flatten)]
    pub(crate) location: Location,
    /// What it is.
    pub(crate) form: String,
}

pub(crate) struct Scan<'h> {
    search: Search<'h>,
    limits: ScanLimits,
    /// What is left of the limits for the file at hand.
    left: Budget,
    /// The places with roots or compromised certificates.
    pub(crate) places: Vec<Place<'h>>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) unread: Vec<Unread>,
    /// How many places were searched, with and without roots.
    pub(crate) searched: u64,
    pub(crate) bytes: u64,
}

struct Budget {
    entries: Counter,
    unpacked: Counter,
    in_memory: Counter,
    on_disk: Counter,
    report: Counter,
    is_full: bool,
}

impl Budget {
    fn new(limits: &ScanLimits) -> Self {
        Self {
            entries: Counter::new(limits.entries),
            unpacked: Counter::new(limits.unpacked),
            in_memory: Counter::new(limits.in_memory),
            on_disk: Counter::new(limits.on_disk),
            report: Counter::new(limits.report),
            is_full: false,
        }
    }
}

/// What a place or a failure takes in the report beside its text, at most.
const BESIDE: usize = 512;

/// What bzip2 needs for its largest blocks.
const BZIP2_MEMORY: u64 = 4 << 20;

/// What LZMA needs beside the dictionary.
const LZMA_MEMORY: u64 = 1 << 20;

/// How many bytes at the beginning of a file show what it is: a tar header, which is a block.
const HEAD: u64 = 512;

/// Whether a file that begins like this is an archive, or compressed.
#[must_use]
pub fn is_archive(head: &[u8]) -> bool {
    Container::from_head(head).is_some()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Ar,
    Bzip2,
    Cpio,
    Gzip,
    Rpm,
    SevenZip,
    Sif,
    Squashfs,
    Tar,
    Xz,
    Zip,
    Zstd,
}

impl Container {
    fn from_head(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or one that is skipped (RFC 8878, section 3.1).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // The number of the block, in digits of pi.
            [
                b'B',
                b'Z',
                b'h',
                b'1'..=b'9',
                0x31,
                0x41,
                0x59,
                0x26,
                0x53,
                0x59,
                ..,
            ] => Some(Self::Bzip2),
            _ if head.starts_with(ar::MAGIC) => Some(Self::Ar),
            _ if head.starts_with(rpm::MAGIC) => Some(Self::Rpm),
            _ if head.starts_with(seven_zip::MAGIC) => Some(Self::SevenZip),
            _ if image::is_sif(head) => Some(Self::Sif),
            _ if Superblock::from_head(head).is_some() => Some(Self::Squashfs),
            _ if cpio::MAGIC.iter().any(|magic| head.starts_with(magic)) => Some(Self::Cpio),
            _ if head.get(257..262) == Some(b"ustar") => Some(Self::Tar),
            _ => None,
        }
    }
}

impl KeyStore {
    fn from_head(head: &[u8]) -> Option<Self> {
        match head {
            [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] => Some(Self::Jks),
            // A SEQUENCE that begins with the version 3 (RFC 7292, section 4).
            [0x30, 0x82, _, _, 2, 1, 3, 0x30, ..]
            | [0x30, 0x83, _, _, _, 2, 1, 3, 0x30, ..]
            | [0x30, 0x80, 2, 1, 3, 0x30, ..] => Some(Self::Pkcs12),
            _ => None,
        }
    }
}

impl<'h> Scan<'h> {
    pub(crate) fn new(search: Search<'h>, limits: ScanLimits) -> Self {
        Self {
            search,
            left: Budget::new(&limits),
            limits,
            places: Vec::new(),
            failures: Vec::new(),
            unread: Vec::new(),
            searched: 0,
            bytes: 0,
        }
    }

    pub(crate) fn failed(&mut self, place: &Location, why: &dyn std::fmt::Display) {
        let mut error = why.to_string();
        if !self.has_room(place, &error) {
            if self.left.is_full {
                return;
            }
            self.left.is_full = true;
            error = format!("{error}; and more than a report has room for");
        }
        self.failures.push(Failure {
            location: place.clone(),
            error,
        });
    }

    fn unread(&mut self, place: &Location, form: &str) {
        if self.has_room(place, form) {
            self.unread.push(Unread {
                location: place.clone(),
                form: form.to_owned(),
            });
        } else {
            self.failed(place, &form);
        }
    }

    fn has_room(&self, place: &Location, text: &str) -> bool {
        let size = place.size() + text.len() + BESIDE;
        self.left.report.take(size as u64)
    }

    pub(crate) fn file(&mut self, path: &Path) {
        let name = Location::file(path.display().to_string());
        match File::open(path) {
            Ok(file) => self.seekable(&name, file),
            Err(why) => self.failed(&name, &why),
        }
    }

    pub(crate) fn seekable(&mut self, name: &Location, mut file: impl Read + Seek) {
        self.left = Budget::new(&self.limits);
        let begin = read_head(&mut file).and_then(|head| {
            // Files of /proc have no end to seek.
            let directory = zip::Directory::find(&mut file).unwrap_or_default();
            file.rewind()?;
            Ok((head, directory))
        });
        let (head, directory) = match begin {
            Ok(begin) => begin,
            Err(why) => return self.failed(name, &why),
        };
        match Container::from_head(&head) {
            Some(Container::Zip) => self.zip(name, file, directory, 1),
            Some(Container::SevenZip) => {
                self.or_failed(name, |scan| scan.seven_zip(name, file, 1));
            }
            Some(Container::Sif) => self.or_failed(name, |scan| scan.sif(name, file, 1)),
            Some(Container::Squashfs) => {
                self.or_failed(name, |scan| scan.squashfs(name, file, 1));
            }
            Some(_) => self.stream(name, &mut file, 0),
            None => {
                self.plain(name, &mut file, &head);
                if image::is_appimage(&head) {
                    self.or_failed(name, |scan| scan.appimage(name, &mut file, 1));
                }
                if directory.is_some() {
                    self.zip(name, file, directory, 1);
                }
            }
        }
    }

    /// Standard input, for example.
    pub(crate) fn reader(&mut self, name: &str, reader: &mut dyn Read) {
        self.left = Budget::new(&self.limits);
        let reader = &mut FullReader::new(reader);
        self.stream(&Location::file(name.to_owned()), reader, 0);
    }

    fn stream(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) {
        let head = match read_head(reader) {
            Ok(head) => head,
            Err(why) => return self.failed(name, &why),
        };
        let container = Container::from_head(&head);
        let Some(container) = container else {
            return if image::is_appimage(&head) {
                let reader = &mut Cursor::new(head).chain(reader);
                self.or_failed(name, |scan| scan.spooled_appimage(name, reader, depth));
            } else {
                self.plain_or_zip(name, reader, &head, depth);
            };
        };
        let memory = match container {
            Container::Xz => xz::memory(&head),
            _ => None,
        };
        let reader = &mut Cursor::new(head).chain(reader);
        if depth >= self.limits.depth {
            return self.failed(name, &too_deep(&self.limits));
        }
        let packed = Counter::new(0);
        match container {
            Container::Ar => self.or_failed(name, |scan| scan.ar(name, reader, depth + 1)),
            Container::Cpio => self.or_failed(name, |scan| scan.cpio(name, reader, depth + 1)),
            Container::Rpm => self.or_failed(name, |scan| {
                rpm::skip_to_payload(reader)?;
                scan.stream(name, reader, depth + 1);
                Ok(())
            }),
            Container::Tar => self.tar(name, reader, depth + 1),
            Container::Zip => self.or_failed(name, |scan| {
                let mut spool = scan.spool(reader)?;
                let directory = zip::Directory::find(&mut spool)?;
                scan.zip(name, spool, directory, depth + 1);
                Ok(())
            }),
            Container::SevenZip => self.or_failed(name, |scan| {
                let spool = scan.spool(reader)?;
                scan.seven_zip(name, spool, depth + 1)
            }),
            Container::Sif => self.or_failed(name, |scan| {
                let spool = scan.spool(reader)?;
                scan.sif(name, spool, depth + 1)
            }),
            Container::Squashfs => self.or_failed(name, |scan| {
                let spool = scan.spool(reader)?;
                scan.squashfs(name, spool, depth + 1)
            }),
            Container::Gzip => {
                let input = counted(reader, &packed);
                self.unpacked(name, MultiGzDecoder::new(input), packed, depth);
            }
            Container::Bzip2 => {
                let input = counted(reader, &packed);
                self.held(name, BZIP2_MEMORY, |scan| {
                    scan.unpacked(name, MultiBzDecoder::new(input), packed, depth);
                });
            }
            Container::Xz => {
                // Without a block, it has no content.
                let memory = memory.unwrap_or_default();
                let input = counted(reader, &packed);
                self.held(name, memory, |scan| {
                    let decoder = XzReader::new_mem_limit(input, true, kib(memory));
                    scan.unpacked(name, decoder, packed, depth);
                });
            }
            Container::Zstd => {
                let input = BufReader::new(counted(reader, &packed));
                let memory = self.left.in_memory.clone();
                self.unpacked(name, zstd::Frames::new(input, memory), packed, depth);
            }
        }
    }

    fn or_failed(&mut self, name: &Location, read: impl FnOnce(&mut Self) -> io::Result<()>) {
        if let Err(why) = read(self) {
            self.failed(name, &why);
        }
    }

    /// Takes memory as long as something is read, if there is as much.
    fn held(&mut self, name: &Location, memory: u64, read: impl FnOnce(&mut Self)) {
        let before = self.left.in_memory.value();
        if self.left.in_memory.take(memory) {
            read(self);
        } else {
            let limit = self.limits.in_memory;
            let why = format!("needs {memory} bytes of memory, where all has {limit}");
            self.failed(name, &why);
        }
        self.left.in_memory.set(before);
    }

    fn ar(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) -> io::Result<()> {
        io::copy(&mut reader.take(ar::MAGIC.len() as u64), &mut io::sink())?;
        while let Some(header) = ar::Header::read(reader)? {
            // Members begin at even places.
            let padding = header.size % 2;
            self.member(name, &header.name, reader, (header.size, padding), depth)?;
        }
        Ok(())
    }

    fn cpio(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) -> io::Result<()> {
        while let Some(header) = cpio::Header::read(reader)? {
            let sizes = (header.size, header.padding);
            self.member(name, &header.name, reader, sizes, depth)?;
        }
        // An initial RAM disk can be several archives, each at any multiple of four.
        let head = behind_zeros(reader)?;
        let start = head.iter().position(|&byte| byte != 0);
        if let Some(head) = start.and_then(|start| head.get(start..)) {
            self.stream(name, &mut Cursor::new(head).chain(reader), depth);
        }
        Ok(())
    }

    /// One of the files that stand in a row, with its size and what is added to that.
    fn member(
        &mut self,
        archive: &Location,
        name: &[u8],
        reader: &mut dyn Read,
        (size, padding): (u64, u64),
        depth: usize,
    ) -> io::Result<()> {
        if !self.left.entries.take(1) {
            return Err(too_many_entries(&self.limits));
        }
        let mut content = reader.take(size);
        if size > 0 {
            self.stream(&archive.entry(name), &mut content, depth);
        }
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        io::copy(&mut reader.take(padding), &mut io::sink())?;
        Ok(())
    }

    fn unpacked(&mut self, name: &Location, decoder: impl Read, packed: Counter, depth: usize) {
        let left = self.left.unpacked.clone();
        let mut unpacked = UnpackingReader::new(decoder, packed, left, &self.limits);
        self.stream(name, &mut unpacked, depth + 1);
    }

    /// What is no archive from its beginning, but may have one behind that.
    fn plain_or_zip(&mut self, name: &Location, reader: &mut dyn Read, head: &[u8], depth: usize) {
        let reader = &mut Cursor::new(head).chain(reader);
        let (memory, disk) = (self.left.in_memory.clone(), self.left.on_disk.clone());
        let mut reader = TailReader::new(reader, memory, disk);
        self.plain(name, &mut reader, head);
        self.or_failed(name, |scan| {
            let Some(mut tail) = reader.into_tail()? else {
                return Ok(());
            };
            let directory = zip::Directory::find(&mut tail)?;
            if directory.is_some() && depth < scan.limits.depth {
                scan.zip(name, tail, directory, depth + 1);
            } else if directory.is_some() {
                scan.failed(name, &too_deep(&scan.limits));
            }
            Ok(())
        });
    }

    fn plain(&mut self, name: &Location, reader: &mut dyn Read, head: &[u8]) {
        let key_store = KeyStore::from_head(head);
        self.searched += 1;
        self.search.progress.place(&name.shown);
        let (found, result) = self.search.read(reader, &self.left.report);
        self.bytes += found.bytes;
        let form = unread::form(head).or(found.payload);
        let is_encrypted = key_store == Some(KeyStore::Pkcs12) && found.has_encrypted_data;
        let form = form.or(is_encrypted.then_some("PKCS#12 with encrypted certificates or keys"));
        if let Some(form) = form {
            self.unread(name, form);
        }
        if !found.is_empty() {
            // What was found has taken their part of the report.
            self.left.report.take((name.size() + BESIDE) as u64);
            self.places.push(Place {
                location: name.clone(),
                key_store,
                found,
            });
        }
        if let Err(why) = result {
            self.failed(name, &why);
        }
    }

    fn tar(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) {
        // `tar` keeps long names in memory, as long as they may be, so what it reads between the
        // contents of entries has a limit.
        let allowance = Counter::new(self.limits.about_entry);
        let reader = LimitedReader {
            inner: reader,
            left: allowance.clone(),
        };
        let mut archive = tar::Archive::new(reader);
        let result = archive.entries().and_then(|entries| {
            for entry in entries {
                let entry = entry?;
                if !self.left.entries.take(1) {
                    return Err(too_many_entries(&self.limits));
                }
                allowance.set(u64::MAX);
                let place = name.entry(&entry.path_bytes());
                let kind = entry.header().entry_type();
                let mut content: Box<dyn Read> = if kind.is_gnu_sparse() {
                    // Its holes are not in the archive.
                    let packed = Counter::new(entry.header().entry_size()?);
                    let left = self.left.unpacked.clone();
                    Box::new(UnpackingReader::new(entry, packed, left, &self.limits))
                } else {
                    Box::new(entry)
                };
                if has_content(kind) {
                    self.stream(&place, &mut content, depth);
                }
                io::copy(&mut content, &mut io::sink())?;
                allowance.set(self.limits.about_entry);
            }
            Ok(())
        });
        if let Err(why) = result {
            return self.failed(name, &why);
        }
        allowance.set(u64::MAX);
        // What follows is zeros, and then nothing, another archive (`tar -i`), or anything.
        let mut rest = archive.into_inner();
        match behind_zeros(&mut rest) {
            Ok(head) if head.is_empty() => {}
            Ok(head) => self.stream(name, &mut Cursor::new(head).chain(rest), depth),
            Err(why) => self.failed(name, &why),
        }
    }

    /// What is only readable by seeking.
    fn spool(&self, reader: &mut dyn Read) -> io::Result<Spool> {
        Spool::filled(
            reader,
            self.left.in_memory.clone(),
            self.left.on_disk.clone(),
        )
    }

    /// The files of a 7z archive, and what is behind it.
    fn seven_zip(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        depth: usize,
    ) -> io::Result<()> {
        let memory = self.left.in_memory.clone();
        let before = memory.value();
        let mut other_method = None;
        let header = seven_zip::read_header(&mut file, &memory, |file, folder| {
            other_method = folder.other_method();
            let (needed, left) = (folder.memory(), memory.value());
            if needed > left {
                let message = format!("needs {needed} bytes of memory, and {left} are left");
                return Err(io::Error::other(message));
            }
            let mut header = Vec::new();
            let decoder = seven_zip::Decoder::new(file, memory.clone());
            decoder.decode(folder)?.read_to_end(&mut header)?;
            Ok(header)
        });
        if let Some(method) = other_method {
            self.left.in_memory.set(before);
            self.unread(name, &format!("7z with its list of files in {method}"));
            return Ok(());
        }
        let result = header.and_then(|(header, end)| {
            let decoder = seven_zip::Decoder::new(&mut file, memory.clone());
            let mut archive = seven_zip::Archive::new(&header)?;
            while let Some(mut folder) = archive.next_folder()? {
                let mut result = Ok(());
                self.held(name, folder.memory(), |scan| {
                    result = scan.folder(name, &mut archive, &mut folder, &decoder, depth);
                });
                if let Err(why) = result {
                    self.failed(name, &why);
                }
                // After an error, what is behind it cannot be unpacked.
                while archive.next_stream(&mut folder)?.is_some() {
                    archive.next_name()?;
                }
            }
            Ok(end)
        });
        self.left.in_memory.set(before);
        self.behind(name, file, result?, depth)
    }

    /// The files of a 7z archive that are unpacked as one.
    fn folder<'f, F: Read + Seek + 'f>(
        &mut self,
        name: &Location,
        archive: &mut seven_zip::Archive<'_>,
        folder: &mut seven_zip::Folder,
        decoder: &seven_zip::Decoder<F>,
        depth: usize,
    ) -> io::Result<()> {
        let other_method = folder.other_method();
        let mut unpacked: Box<dyn Read + 'f> = if other_method.is_some() {
            Box::new(io::empty())
        } else {
            decoder.decode(folder)?
        };
        let packed = Counter::new(folder.packed_size());
        let left = self.left.unpacked.clone();
        let mut unpacked = UnpackingReader::new(&mut unpacked, packed, left, &self.limits);
        while let Some(stream) = archive.next_stream(folder)? {
            if !self.left.entries.take(1) {
                return Err(too_many_entries(&self.limits));
            }
            // Without a name, it is what was packed from a pipe.
            let path = archive.next_name()?.unwrap_or_default();
            let place = if path.is_empty() {
                name.clone()
            } else {
                name.entry(&path)
            };
            if let Some(method) = other_method {
                self.unread(&place, &format!("file of a 7z archive, in {method}"));
                continue;
            }
            let mut content = (&mut unpacked).take(stream.size);
            let mut checked = CheckingReader::new(&mut content, stream.crc);
            self.stream(&place, &mut checked, depth);
            io::copy(&mut content, &mut io::sink())?;
            if content.limit() > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// What is behind the end of something: zeros, as a rule.
    fn behind(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        end: u64,
        depth: usize,
    ) -> io::Result<()> {
        file.seek(SeekFrom::Start(end))?;
        let head = behind_zeros(&mut file)?;
        if !head.is_empty() {
            self.stream(name, &mut Cursor::new(head).chain(file), depth);
        }
        Ok(())
    }

    /// As if it were a file of its own: a program, and an image behind it.
    fn spooled_appimage(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let mut file = self.spool(reader)?;
        let head = read_head(&mut file)?;
        file.rewind()?;
        self.plain(name, &mut file, &head);
        if depth >= self.limits.depth {
            return Err(io::Error::other(too_deep(&self.limits)));
        }
        self.appimage(name, &mut file, depth + 1)
    }

    fn appimage(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        depth: usize,
    ) -> io::Result<()> {
        let start = image::behind_program(file)?;
        file.seek(SeekFrom::Start(start))?;
        let head = read_head(file)?;
        if let Some(superblock) = Superblock::from_head(&head) {
            return self.image(name, file, start, superblock, depth);
        }
        self.unread(name, unread::form(&head).unwrap_or("AppImage"));
        Ok(())
    }

    /// The data objects of a SIF.
    fn sif(&mut self, name: &Location, mut file: impl Read + Seek, depth: usize) -> io::Result<()> {
        for number in 0.. {
            let Some(object) = image::SifObject::read(&mut file, number)? else {
                break;
            };
            if !self.left.entries.take(1) {
                return Err(too_many_entries(&self.limits));
            }
            if !object.is_used {
                continue;
            }
            let place = name.entry(&object.name);
            if object.is_encrypted {
                self.unread(&place, "encrypted partition of a SIF");
                continue;
            }
            file.seek(SeekFrom::Start(object.start))?;
            let head = read_head(&mut (&mut file).take(object.size))?;
            file.seek(SeekFrom::Start(object.start))?;
            if let Some(superblock) = Superblock::from_head(&head) {
                self.or_failed(&place, |scan| {
                    if depth >= scan.limits.depth {
                        return Err(io::Error::other(too_deep(&scan.limits)));
                    }
                    scan.image(&place, &mut file, object.start, superblock, depth + 1)
                });
            } else {
                let mut content = (&mut file).take(object.size);
                self.stream(&place, &mut content, depth);
                io::copy(&mut content, &mut io::sink())?;
                if content.limit() > 0 {
                    let why = io::Error::from(io::ErrorKind::UnexpectedEof);
                    self.failed(&place, &why);
                }
            }
        }
        Ok(())
    }

    /// A whole squashfs, and what is behind it.
    fn squashfs(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        depth: usize,
    ) -> io::Result<()> {
        file.rewind()?;
        let head = read_head(&mut file)?;
        let Some(superblock) = Superblock::from_head(&head) else {
            return Ok(());
        };
        let length = superblock.length;
        self.or_failed(name, |scan| {
            scan.image(name, &mut file, 0, superblock, depth)
        });
        self.behind(name, file, length, depth)
    }

    /// The files of a squashfs at this place.
    fn image(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        start: u64,
        superblock: Superblock,
        depth: usize,
    ) -> io::Result<()> {
        let before = self.left.in_memory.value();
        let limits = squashfs::Limits {
            entries: self.left.entries.clone(),
            unpacked: self.left.unpacked.clone(),
            memory: self.left.in_memory.clone(),
        };
        // A block and a fragment, each as it is and unpacked.
        let memory = 4 * u64::from(superblock.block_size);
        let mut result = Ok(());
        self.held(name, memory, |scan| {
            let image = squashfs::Image::open(file, start, superblock, limits);
            result = image.map(|image| scan.files(name, image, depth));
        });
        self.left.in_memory.set(before);
        result
    }

    fn files(
        &mut self,
        name: &Location,
        mut image: squashfs::Image<impl Read + Seek>,
        depth: usize,
    ) {
        while let Some(entry) = image.next() {
            let place = if entry.path.is_empty() {
                name.clone()
            } else {
                name.entry(&entry.path)
            };
            self.or_failed(&place, |scan| {
                let packed = Counter::new(0);
                let content = image.content(entry.content?, packed.clone());
                let left = scan.left.unpacked.clone();
                let mut content = UnpackingReader::new(content, packed, left, &scan.limits);
                scan.stream(&place, &mut content, depth);
                Ok(())
            });
        }
    }

    fn zip(
        &mut self,
        name: &Location,
        file: impl Read + Seek,
        directory: Option<zip::Directory>,
        depth: usize,
    ) {
        let Some(directory) = directory else {
            return self.failed(name, &"a ZIP archive without its end");
        };
        let mut entries = zip::Entries::new(file, directory);
        self.or_failed(name, |scan| {
            while let Some(entry) = entries.next()? {
                if !scan.left.entries.take(1) {
                    return Err(too_many_entries(&scan.limits));
                }
                let place = name.entry(&entry.name);
                if entry.is_encrypted() {
                    scan.unread(&place, "encrypted entry of a ZIP archive");
                } else if !entry.is_directory() {
                    scan.or_failed(&place, |scan| {
                        let mut packed = entries.packed(&entry)?;
                        scan.entry(&place, &entry, &mut packed, depth)
                    });
                }
            }
            Ok(())
        });
    }

    /// The content of an entry of a ZIP archive (APPNOTE, section 4.4.5).
    fn entry(
        &mut self,
        name: &Location,
        entry: &zip::Entry,
        packed: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        match entry.method {
            0 => self.checked(name, entry, packed, depth),
            8 => self.checked(name, entry, DeflateDecoder::new(packed), depth),
            9 => self.checked(name, entry, Deflate64Decoder::new(packed), depth),
            14 => {
                // It is read byte by byte.
                let mut packed = BufReader::new(packed);
                let lzma = zip::Lzma::read(&mut packed)?;
                // No more than comes out is kept.
                let dictionary = u64::from(lzma.dictionary).min(entry.unpacked);
                let dictionary = u32::try_from(dictionary).unwrap_or(u32::MAX);
                let length = if entry.flags & 2 == 0 {
                    entry.unpacked
                } else {
                    u64::MAX
                };
                let decoder =
                    LzmaReader::new_with_props(packed, length, lzma.properties, dictionary, None)?;
                self.held(name, u64::from(dictionary) + LZMA_MEMORY, |scan| {
                    scan.checked(name, entry, decoder, depth);
                });
            }
            12 => self.held(name, BZIP2_MEMORY, |scan| {
                scan.checked(name, entry, MultiBzDecoder::new(packed), depth);
            }),
            20 | 93 => {
                let memory = self.left.in_memory.clone();
                let decoder = zstd::Frames::new(BufReader::new(packed), memory);
                self.checked(name, entry, decoder, depth);
            }
            95 => {
                let head = read_head(packed)?;
                let memory = xz::memory(&head).unwrap_or_default();
                let packed = Cursor::new(head).chain(packed);
                self.held(name, memory, |scan| {
                    let decoder = XzReader::new_mem_limit(packed, true, kib(memory));
                    scan.checked(name, entry, decoder, depth);
                });
            }
            method => self.unread(
                name,
                &format!("entry of a ZIP archive, with method {method}"),
            ),
        }
        Ok(())
    }

    fn checked(&mut self, name: &Location, entry: &zip::Entry, decoder: impl Read, depth: usize) {
        let packed = Counter::new(entry.packed);
        let left = self.left.unpacked.clone();
        let unpacked = UnpackingReader::new(decoder, packed, left, &self.limits);
        let mut checked = CheckingReader::new(unpacked, Some(entry.crc));
        self.stream(name, &mut checked, depth);
    }
}

/// As GNU tar, which unpacks what it does not know as a file.
fn has_content(kind: tar::EntryType) -> bool {
    !(kind.is_dir()
        || kind.is_symlink()
        || kind.is_hard_link()
        || kind.is_character_special()
        || kind.is_block_special()
        || kind.is_fifo())
}

/// The first block that is not all zeros; empty at the end.
fn behind_zeros(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    loop {
        let block = read_head(reader)?;
        if block.is_empty() || block.iter().any(|&byte| byte != 0) {
            return Ok(block);
        }
    }
}

fn too_deep(limits: &ScanLimits) -> String {
    format!("more than {} archives in archives", limits.depth)
}

fn too_many_entries(limits: &ScanLimits) -> io::Error {
    io::Error::other(format!("more than {} entries", limits.entries))
}

fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 10).unwrap_or(u32::MAX)
}

fn counted<R: Read>(inner: R, count: &Counter) -> CountingReader<R> {
    CountingReader {
        inner,
        count: count.clone(),
    }
}

fn read_head(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests;
