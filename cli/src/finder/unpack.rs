//! Goes through files, and through archives in archives, and searches all that is not an archive.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::mem;
use std::path::Path;
use std::sync::Arc;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;

use super::contents::Contents;
use super::files::Input;
use super::limits::{Counter, CountingReader, LimitedReader, ScanLimits, UnpackingReader};
use super::location::Location;
use super::parallel::Crowd;
use super::parts::{PART, SharedFile};
use super::range::Range;
use super::reader::FullReader;
use super::search::Search;
use super::tail::{End, TailReader, end_of_zip};
use super::{ar, cpio, nss, rpm, unread, xz, zstd};

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

/// What a scan has found.
#[derive(Default)]
pub(crate) struct Findings<'h> {
    /// The places with roots or compromised certificates.
    pub(crate) places: Vec<Place<'h>>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) unread: Vec<Unread>,
    /// How many places were searched, with and without roots.
    pub(crate) searched: u64,
    pub(crate) bytes: u64,
}

impl Findings<'_> {
    /// Adds what was found behind it.
    pub(crate) fn add(&mut self, next: Self) {
        let Self {
            places,
            failures,
            unread,
            searched,
            bytes,
        } = next;
        self.places.extend(places);
        self.failures.extend(failures);
        self.unread.extend(unread);
        self.searched += searched;
        self.bytes += bytes;
    }
}

pub(crate) struct Scan<'h> {
    search: Search<'h>,
    limits: ScanLimits,
    /// Who searches parts of large files, too.
    pub(crate) crowd: Option<Arc<Crowd<'h>>>,
    /// For the content of small files.
    small: Vec<u8>,
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
    about_entries: Counter,
    report: Counter,
    is_full: bool,
}

impl Budget {
    fn new(limits: &ScanLimits) -> Self {
        Self {
            entries: Counter::new(limits.entries),
            unpacked: Counter::new(limits.unpacked),
            in_memory: Counter::new(limits.in_memory),
            about_entries: Counter::new(limits.about_entries),
            report: Counter::new(limits.report),
            is_full: false,
        }
    }
}

/// What a place or a failure takes in the report beside its text, at most.
const BESIDE: usize = 512;

/// A file that is read at once. Most are smaller.
const SMALL: u64 = 256 << 10;

/// What bzip2 needs for its largest blocks.
const BZIP2_MEMORY: u64 = 4 << 20;

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
            crowd: None,
            small: Vec::new(),
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

    pub(crate) fn unread(&mut self, place: &Location, form: &str) {
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

    /// What was found since the last time.
    pub(crate) fn take_findings(&mut self) -> Findings<'h> {
        Findings {
            places: mem::take(&mut self.places),
            failures: mem::take(&mut self.failures),
            unread: mem::take(&mut self.unread),
            searched: mem::take(&mut self.searched),
            bytes: mem::take(&mut self.bytes),
        }
    }

    pub(crate) fn input(&mut self, input: Input) {
        match input {
            Input::Standard => self.reader("-", &mut io::stdin().lock()),
            Input::File(path, _) => self.file(&path),
            Input::Pipe(path) => match File::open(&path) {
                Ok(mut pipe) => self.reader(&path.display().to_string(), &mut pipe),
                Err(why) => self.not_opened(&path, &why),
            },
            Input::Failure(path, why) => self.not_opened(&path, &why),
        }
    }

    fn not_opened(&mut self, path: &Path, why: &io::Error) {
        self.left = Budget::new(&self.limits);
        self.failed(&Location::file(path.display().to_string()), why);
    }

    fn file(&mut self, path: &Path) {
        let opened = File::open(path).and_then(|file| {
            let length = file.metadata()?.len();
            Ok((file, length))
        });
        let (mut file, length) = match opened {
            Ok(opened) => opened,
            Err(why) => return self.not_opened(path, &why),
        };
        let name = Location::file(path.display().to_string());
        // Mostly this is all of it, with a few calls of the system.
        if length <= SMALL {
            let mut content = mem::take(&mut self.small);
            content.clear();
            let mut begin = (&mut file).take(SMALL + 1);
            let is_whole = begin.read_to_end(&mut content).is_ok() && begin.limit() > 0;
            if is_whole {
                self.seekable(&name, Cursor::new(&content));
            }
            self.small = content;
            if is_whole {
                return;
            }
        }
        let file = Range::whole(Arc::new(file), length);
        self.opened(&name, file.clone(), Some(file));
    }

    pub(crate) fn seekable(&mut self, name: &Location, file: impl Read + Seek) {
        self.opened(name, file, None);
    }

    /// A file, and the same for several threads.
    fn opened(&mut self, name: &Location, mut file: impl Read + Seek, shared: Option<Range>) {
        self.left = Budget::new(&self.limits);
        let begin = read_head(&mut file).and_then(|head| {
            // Files of /proc have no end to seek.
            let end = end_of_zip(&mut file).unwrap_or_default();
            file.rewind()?;
            Ok((head, end))
        });
        let (head, end) = match begin {
            Ok(begin) => begin,
            Err(why) => return self.failed(name, &why),
        };
        match Container::from_head(&head) {
            Some(Container::Zip) => self.zip(name, file, end, 1),
            Some(_) => self.stream(name, &mut file, 0),
            None => {
                let number = self.places.len();
                match shared.filter(|file| file.len() > PART) {
                    Some(shared) => self.parts(name, shared, &head),
                    None => self.plain(name, &mut file, &head),
                }
                let place = self.places.get_mut(number);
                if let Some(place) = place.filter(|place| place.found.trust.is_some()) {
                    // What is not known is treated as if it were trusted.
                    let trust = nss::trust(&mut file, &place.found);
                    place.found.trust = Some(trust.unwrap_or_default());
                }
                if end.is_some() {
                    self.zip(name, file, end, 1);
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

    /// The parts that follow are of one file, for the limits.
    #[cfg(feature = "registry")]
    pub(crate) fn begin(&mut self) {
        self.left = Budget::new(&self.limits);
    }

    /// A part of a file that is not at hand as a whole: a layer of an image in a registry.
    #[cfg(feature = "registry")]
    pub(crate) fn blob(&mut self, name: &Location, reader: &mut dyn Read) {
        self.stream(name, &mut FullReader::new(reader), 1);
    }

    fn stream(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) {
        let head = match read_head(reader) {
            Ok(head) => head,
            Err(why) => return self.failed(name, &why),
        };
        let container = Container::from_head(&head);
        let Some(container) = container else {
            return self.plain_or_zip(name, reader, &head, depth);
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
            Container::Zip => self.zip_in_memory(name, reader, depth + 1),
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
                let most = u32::try_from(memory >> 10).unwrap_or(u32::MAX);
                let input = counted(reader, &packed);
                self.held(name, memory, |scan| {
                    let decoder = XzReader::new_mem_limit(input, true, most);
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
        let mut reader = TailReader::new(reader, self.left.in_memory.clone());
        self.plain(name, &mut reader, head);
        let Some(mut kept) = reader.into_tail() else {
            return;
        };
        let length = kept.len() as u64;
        let end = end_of_zip(&mut kept).unwrap_or_default();
        if end.is_some() && depth < self.limits.depth {
            self.zip(name, kept, end, depth + 1);
        } else if end.is_some() {
            self.failed(name, &too_deep(&self.limits));
        }
        self.left.in_memory.give(length);
    }

    fn plain(&mut self, name: &Location, reader: &mut dyn Read, head: &[u8]) {
        self.search.progress.place(&name.shown);
        let (found, result) = self.search.read(reader, &self.left.report);
        self.searched(name, head, found, result);
    }

    /// A large file.
    fn parts(&mut self, name: &Location, file: Range, head: &[u8]) {
        self.search.progress.place(&name.shown);
        let room = self.left.report.clone();
        let file = Arc::new(SharedFile::new(file, room.value()));
        let (found, result) = match self.crowd.clone() {
            Some(crowd) => {
                let shared = crowd.share(&file);
                file.result(&mut self.search, &room, || shared.has_moved())
            }
            None => file.result(&mut self.search, &room, || {}),
        };
        self.searched(name, head, found, result);
    }

    /// A part of a file that another thread has.
    pub(crate) fn part(&mut self, file: &SharedFile<'h>, number: usize) {
        file.search(number, &mut self.search);
    }

    /// Notes what was found in a place.
    fn searched(
        &mut self,
        name: &Location,
        head: &[u8],
        found: Contents<'h>,
        result: io::Result<()>,
    ) {
        let key_store = KeyStore::from_head(head);
        self.searched += 1;
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

    /// A ZIP archive that is only readable from its beginning to its end.
    fn zip_in_memory(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) {
        let before = self.left.in_memory.value();
        let mut content = Vec::new();
        let read = reader
            .take(before.saturating_add(1))
            .read_to_end(&mut content);
        match read {
            Err(why) => self.failed(name, &why),
            Ok(_) if !self.left.in_memory.take(content.len() as u64) => {
                let limit = self.limits.in_memory;
                let why = format!("a ZIP archive in an archive, with more than {limit} bytes");
                self.failed(name, &why);
            }
            Ok(_) => {
                let mut content = Cursor::new(content);
                let end = end_of_zip(&mut content).unwrap_or_default();
                self.zip(name, content, end, depth);
            }
        }
        self.left.in_memory.set(before);
    }

    fn zip(&mut self, name: &Location, reader: impl Read + Seek, end: Option<End>, depth: usize) {
        let before = self.left.about_entries.value();
        // What is read of it now is kept until its end.
        let allowance = Counter::new(before);
        let reader = LimitedReader {
            inner: reader,
            left: allowance.clone(),
        };
        let config = Config {
            archive_offset: end.as_ref().map_or(ArchiveOffset::Detect, |end| end.offset),
        };
        match ZipArchive::with_config(config, reader) {
            Ok(archive) => {
                self.left.about_entries.set(allowance.value());
                allowance.set(u64::MAX);
                let said = end.and_then(|end| end.entries).map_or(0, usize::from);
                let count = said.saturating_sub(archive.len());
                if count > 0 {
                    let why = format!(
                        "{count} of its entries have the names of others, and are not read"
                    );
                    self.failed(name, &why);
                }
                self.entries(name, archive, depth);
                self.left.about_entries.set(before);
            }
            Err(why) => self.failed(name, &why),
        }
    }

    fn entries(
        &mut self,
        name: &Location,
        mut archive: ZipArchive<impl Read + Seek>,
        depth: usize,
    ) {
        for number in 0..archive.len() {
            if !self.left.entries.take(1) {
                return self.failed(name, &too_many_entries(&self.limits));
            }
            let path = archive.name_for_index(number).unwrap_or_default();
            let place = name.entry(path.as_bytes());
            match archive.by_index(number) {
                Ok(entry) if entry.is_file() => {
                    let packed = Counter::new(entry.compressed_size());
                    let left = self.left.unpacked.clone();
                    let mut entry = UnpackingReader::new(entry, packed, left, &self.limits);
                    self.stream(&place, &mut entry, depth);
                }
                Ok(_) => {}
                Err(ZipError::UnsupportedArchive(why)) => {
                    self.unread(&place, &format!("entry of a ZIP archive: {why}"));
                }
                Err(why) => self.failed(&place, &why),
            }
        }
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
