//! Goes through files, and through archives in archives, and searches all that is not an archive.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bzip2::read::MultiBzDecoder;
use deflate64::Deflate64Decoder;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use lzma_rust2::{LzmaReader, XzReader};

use super::cache::Cache;
use super::checksum::CheckingReader;
use super::contents::{Contents, Payload, PayloadForm};
use super::files::Input;
use super::inflate::Inflater;
use super::jimage::Packing;
use super::layers::{self, Layers};
use super::limits::{Counter, CountingReader, LimitedReader, ScanLimits, UnpackingReader};
use super::location::Location;
use super::parallel::Crowd;
use super::parts::{PART, SharedFile};
use super::pattern::Exclusions;
use super::range::Range;
use super::reader::FullReader;
use super::search::Search;
use super::spool::Spool;
use super::squashfs::{self, Superblock};
use super::store::{KeepingReader, StoreForm};
use super::tail::TailReader;
use super::{
    ar, beam, cpio, image, jimage, nss, nuitka, pyinstaller, rpm, seven_zip, store, unread, xz,
    zip, zstd,
};
use crate::input::opened::{self, OpenedFile, Password, Passwords, Refusal};

/// What was found, where.
pub(crate) struct Place<'h> {
    pub(crate) location: Location,
    pub(crate) key_store: Option<KeyStore>,
    /// What opened a PKCS#12 that is encrypted.
    pub(crate) password: Option<Password>,
    pub(crate) found: Contents<'h>,
}

/// A Java key store. Certificates are not encrypted in them, except in PKCS#12 with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum KeyStore {
    #[serde(rename = "JKS")]
    Jks,
    #[serde(rename = "JCEKS")]
    Jceks,
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
    pub(crate) layers: Layers,
    /// About the cache, which make no difference in what is found.
    pub(crate) warnings: Vec<String>,
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
            layers,
            warnings,
        } = next;
        self.places.extend(places);
        self.failures.extend(failures);
        self.unread.extend(unread);
        self.searched += searched;
        self.bytes += bytes;
        self.layers.add(layers);
        self.warnings.extend(warnings);
    }
}

pub(crate) struct Scan<'h> {
    search: Search<'h>,
    limits: ScanLimits,
    /// Who searches parts of large files, too.
    pub(crate) crowd: Option<Arc<Crowd<'h>>>,
    /// Results of earlier scans.
    pub(crate) cache: Option<Arc<Cache>>,
    /// For the content of small files.
    small: Vec<u8>,
    /// Whether the result of what is scanned is to be kept, as a whole.
    is_unit: bool,
    /// What is left of the limits for the file at hand.
    left: Budget,
    /// For key stores, and how many digests all threads may still compute to try them.
    pub(crate) passwords: Passwords,
    pub(crate) digests: Arc<AtomicU64>,
    /// The places with roots or compromised certificates.
    pub(crate) places: Vec<Place<'h>>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) exclusions: Arc<Exclusions>,
    /// How many places were searched, with and without roots.
    pub(crate) searched: u64,
    pub(crate) bytes: u64,
    pub(crate) warnings: Vec<String>,
    layers: Layers,
}

/// What is in a file that was searched, and is to be searched on its own.
#[derive(Default)]
struct Inside {
    payloads: Vec<Payload>,
    contents: Vec<Vec<u8>>,
}

struct Budget {
    entries: Counter,
    unpacked: Counter,
    in_memory: Counter,
    on_disk: Counter,
    about_entries: Counter,
    report: Counter,
    is_full: bool,
}

impl Budget {
    /// With the memory of one of several threads, if there are others.
    fn new(limits: &ScanLimits, crowd: Option<&Crowd<'_>>) -> Self {
        let reserve = crowd.map(|crowd| crowd.reserve(limits));
        Self {
            entries: Counter::new(limits.entries),
            unpacked: Counter::new(limits.unpacked),
            in_memory: Counter::with_reserve(limits.in_memory, reserve),
            on_disk: Counter::new(limits.on_disk),
            about_entries: Counter::new(limits.about_entries),
            report: Counter::new(limits.report),
            is_full: false,
        }
    }
}

/// What a place or a failure takes in the report beside its text, at most.
const BESIDE: usize = 512;

/// The longest name of a file in an archive of Nuitka, in UTF-16, and what follows it.
const LONGEST_HEAD: u64 = 2 * 4096 + 64;

/// What bzip2 needs for its largest blocks.
const BZIP2_MEMORY: u64 = 4 << 20;

/// What LZMA needs beside the dictionary.
const LZMA_MEMORY: u64 = 1 << 20;

/// How many bytes at the beginning of a file show what it is: a tar header, which is a block.
const HEAD: u64 = 512;

/// Whether a file that begins like this is an archive, or compressed.
#[must_use]
pub(crate) fn is_archive(head: &[u8]) -> bool {
    Container::from_head(head).is_some()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Ar,
    /// A module, whose literals are compressed.
    Beam,
    Bzip2,
    Cpio,
    Gzip,
    /// A Java runtime's modules.
    Image,
    /// Python's modules, in an archive of `PyInstaller`.
    Modules,
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
            _ if beam::is_module(head) => Some(Self::Beam),
            _ if jimage::is_image(head) => Some(Self::Image),
            _ if head.starts_with(pyinstaller::MODULES) => Some(Self::Modules),
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

impl Container {
    /// Whether it is searched as it is, with what is compressed in it: there are no archives in it.
    fn is_searched(self) -> bool {
        matches!(self, Self::Beam | Self::Modules)
    }
}

impl KeyStore {
    fn from_head(head: &[u8]) -> Option<Self> {
        match head {
            [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] => Some(Self::Jks),
            [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..] => Some(Self::Jceks),
            _ if store::is_pkcs12(head) => Some(Self::Pkcs12),
            _ => None,
        }
    }
}

impl<'h> Scan<'h> {
    pub(crate) fn new(search: Search<'h>, limits: ScanLimits) -> Self {
        Self {
            search,
            left: Budget::new(&limits, None),
            passwords: Passwords::default(),
            digests: Arc::new(AtomicU64::new(limits.digests)),
            limits,
            crowd: None,
            cache: None,
            small: Vec::new(),
            is_unit: false,
            places: Vec::new(),
            failures: Vec::new(),
            unread: Vec::new(),
            exclusions: Arc::default(),
            searched: 0,
            bytes: 0,
            warnings: Vec::new(),
            layers: Layers::default(),
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
        // Nothing is held for the last file.
        self.left = Budget::new(&self.limits, self.crowd.as_deref());
        self.replace_findings(Findings::default())
    }

    fn replace_findings(&mut self, with: Findings<'h>) -> Findings<'h> {
        let Findings {
            places,
            failures,
            unread,
            searched,
            bytes,
            warnings,
            layers,
        } = with;
        Findings {
            places: mem::replace(&mut self.places, places),
            failures: mem::replace(&mut self.failures, failures),
            unread: mem::replace(&mut self.unread, unread),
            searched: mem::replace(&mut self.searched, searched),
            bytes: mem::replace(&mut self.bytes, bytes),
            warnings: mem::replace(&mut self.warnings, warnings),
            layers: mem::replace(&mut self.layers, layers),
        }
    }

    /// For parts of a file that another thread has.
    pub(crate) fn search(&mut self) -> &mut Search<'h> {
        &mut self.search
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
        self.layers.settle();
    }

    fn not_opened(&mut self, path: &Path, why: &io::Error) {
        self.left = Budget::new(&self.limits, self.crowd.as_deref());
        self.failed(&Location::file(path.display().to_string()), why);
    }

    fn file(&mut self, path: &Path) {
        let opened = File::open(path).and_then(|file| {
            let length = file.metadata()?.len();
            Ok(Range::whole(Arc::new(file), length))
        });
        match opened {
            Ok(file) => {
                self.left = Budget::new(&self.limits, self.crowd.as_deref());
                self.range(&Location::file(path.display().to_string()), &file, 0);
            }
            Err(why) => self.not_opened(path, &why),
        }
    }

    pub(crate) fn seekable(&mut self, name: &Location, file: impl Read + Seek) {
        self.opened(name, file, None);
    }

    /// A file, and the same for several threads.
    fn opened(&mut self, name: &Location, file: impl Read + Seek, shared: Option<Range>) {
        self.left = Budget::new(&self.limits, self.crowd.as_deref());
        self.at_depth(name, file, shared, 0);
    }

    /// The same in so many archives. No memory is held for these if it is for several threads.
    fn at_depth(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        shared: Option<Range>,
        depth: usize,
    ) {
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
        let container = match Container::from_head(&head) {
            // Which is searched as it is, like a program, and needs no memory then.
            Some(Container::Image) if !self.is_compressed_image(&mut file) => None,
            container => container,
        };
        if let Err(why) = file.rewind() {
            return self.failed(name, &why);
        }
        let is_appimage = container.is_none() && image::is_appimage(&head);
        if container.is_none() {
            self.program(name, &mut file, shared.as_ref(), &head, depth);
            if directory.is_none() && !is_appimage {
                return;
            }
        }
        if depth >= self.limits.depth && !container.is_some_and(Container::is_searched) {
            return self.failed(name, &too_deep(&self.limits));
        }
        match (container, shared) {
            (None, _) => {
                if is_appimage {
                    self.or_failed(name, |scan| scan.appimage(name, &mut file, depth + 1));
                }
                if directory.is_some() {
                    self.zip(name, file, directory, depth + 1);
                }
            }
            (Some(Container::Zip), _) => self.zip(name, file, directory, depth + 1),
            (Some(Container::SevenZip), _) => {
                self.or_failed(name, |scan| scan.seven_zip(name, file, depth + 1));
            }
            (Some(Container::Sif), _) => {
                self.or_failed(name, |scan| scan.sif(name, file, depth + 1));
            }
            (Some(Container::Squashfs), _) => {
                self.or_failed(name, |scan| scan.squashfs(name, file, depth + 1));
            }
            (Some(Container::Tar), Some(shared)) => self.tar_file(name, &shared, depth + 1),
            _ => self.stream(name, &mut file, depth),
        }
    }

    /// A file that is no archive, and what is packed in it.
    fn program(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        shared: Option<&Range>,
        head: &[u8],
        depth: usize,
    ) {
        if layers::may_be_manifest(name, head) {
            self.manifest(name, file);
            if let Err(why) = file.rewind() {
                return self.failed(name, &why);
            }
        }
        let number = self.places.len();
        let is_whole = |file: &&Range| file.len() <= PART || StoreForm::from_head(head).is_some();
        let inside = match shared.filter(|file| !is_whole(file)) {
            Some(shared) => self.parts(name, shared, head),
            None => self.plain(name, file, head),
        };
        let place = self.places.get_mut(number);
        if let Some(place) = place.filter(|place| place.found.trust.is_some()) {
            // What is not known is treated as if it were trusted.
            let trust = nss::trust(file, &place.found);
            place.found.trust = Some(trust.unwrap_or_default());
        }
        self.contents(name, inside.contents, depth);
        // The blocks of an AppImage may be frames of Zstandard, too.
        if !image::is_appimage(head) {
            self.payloads(name, file, 0, &inside.payloads, depth);
        }
    }

    /// Standard input, for example.
    pub(crate) fn reader(&mut self, name: &str, reader: &mut dyn Read) {
        self.left = Budget::new(&self.limits, self.crowd.as_deref());
        let reader = &mut FullReader::new(reader);
        self.stream(&Location::file(name.to_owned()), reader, 0);
    }

    /// Reads the beginning of what may be the manifest of an image.
    fn manifest(&mut self, name: &Location, reader: &mut dyn Read) -> Vec<u8> {
        let mut content = Vec::new();
        let result = reader.take(layers::MAX_MANIFEST).read_to_end(&mut content);
        match result {
            Ok(_) => self.layers.manifest(name, &content),
            Err(why) => self.failed(name, &why),
        }
        content
    }

    /// The parts that follow are of one file, for the limits.
    #[cfg(feature = "registry")]
    pub(crate) fn begin(&mut self) {
        self.left = Budget::new(&self.limits, self.crowd.as_deref());
    }

    /// An image of these layers, the lowest first.
    #[cfg(feature = "registry")]
    pub(crate) fn image_of_layers(&mut self, layers: Vec<Vec<String>>) {
        self.layers.image(layers);
    }

    /// A part of a file that is not at hand as a whole: a layer of an image in a registry.
    #[cfg(feature = "registry")]
    pub(crate) fn blob(&mut self, name: &Location, reader: &mut dyn Read) {
        self.stream(name, &mut FullReader::new(reader), 1);
    }

    fn stream(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) {
        // A file is asked about where it is found.
        if name.path.len() > 1 && self.exclusions.exclude(name, false) {
            return;
        }
        let head = match read_head(reader) {
            Ok(head) => head,
            Err(why) => return self.failed(name, &why),
        };
        let container = Container::from_head(&head);
        let Some(container) = container else {
            if layers::may_be_manifest(name, &head) {
                let content = self.manifest(name, &mut Cursor::new(head).chain(&mut *reader));
                return self.plain_or_zip(name, reader, &content, depth);
            }
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
        if !container.is_searched() && depth >= self.limits.depth {
            return self.failed(name, &too_deep(&self.limits));
        }
        let packed = Counter::new(0);
        match container {
            Container::Ar => self.or_failed(name, |scan| scan.ar(name, reader, depth + 1)),
            Container::Beam => {
                let module = beam::Module::new(BufReader::new(counted(reader, &packed)));
                let mut reader = self.limited(module, packed);
                self.plain_or_zip(name, &mut reader, &[], depth);
            }
            Container::Modules => {
                let input = BufReader::new(counted(reader, &packed));
                let mut reader = self.limited(pyinstaller::Modules::new(input), packed);
                self.plain_or_zip(name, &mut reader, &[], depth);
            }
            Container::Cpio => self.or_failed(name, |scan| scan.cpio(name, reader, depth + 1)),
            Container::Image => self.or_failed(name, |scan| scan.jimage(name, reader, depth + 1)),
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
        self.chunk(reader, size, |scan, content| {
            scan.stream(&archive.entry(name), content, depth);
        })?;
        io::copy(&mut reader.take(padding), &mut io::sink())?;
        Ok(())
    }

    /// So many bytes, whether or not all of them are read.
    fn chunk(
        &mut self,
        reader: &mut dyn Read,
        size: u64,
        read: impl FnOnce(&mut Self, &mut dyn Read),
    ) -> io::Result<()> {
        if !self.left.entries.take(1) {
            return Err(too_many_entries(&self.limits));
        }
        let mut content = reader.take(size);
        if size > 0 {
            read(self, &mut content);
        }
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Whether what is here in an image of Java's modules is not to be found in it as it is.
    fn is_compressed_image(&mut self, reader: &mut dyn Read) -> bool {
        let memory = Counter::new(self.left.in_memory.value());
        jimage::Index::read(reader, &memory).is_ok_and(|index| index.is_compressed())
    }

    fn jimage(&mut self, name: &Location, reader: &mut dyn Read, depth: usize) -> io::Result<()> {
        let before = self.left.in_memory.value();
        let index = jimage::Index::read(reader, &self.left.in_memory);
        let result = match index {
            Ok(index) if index.is_compressed() => self.resources(name, &index, reader, depth),
            Ok(index) => {
                self.plain_or_zip(name, reader, index.bytes(), depth);
                Ok(())
            }
            Err(why) => {
                self.plain_or_zip(name, reader, &[], depth);
                Err(why)
            }
        };
        self.left.in_memory.set(before);
        result
    }

    fn resources(
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

    fn resource(
        &mut self,
        place: &Location,
        index: &jimage::Index,
        reader: &mut dyn Read,
        depth: usize,
    ) {
        let mut content: Box<dyn Read + '_> = Box::new(reader);
        // As many as `jlink` has, and one more.
        for _ in 0..3 {
            let mut head = Vec::new();
            let header = (&mut content).take(jimage::PACKED_HEADER);
            if let Err(why) = { header }.read_to_end(&mut head) {
                return self.failed(place, &why);
            }
            match index.packing(&head) {
                Packing::None => {
                    return self.stream(place, &mut Cursor::new(head).chain(content), depth);
                }
                Packing::SharedStrings => {}
                Packing::Zip => content = Box::new(self.inflated(content)),
                Packing::Unknown => break,
            }
        }
        self.unread(
            place,
            "resource of a Java image that is packed in another way",
        );
    }

    /// What a zlib stream has.
    fn inflated<R: Read>(&self, reader: R) -> UnpackingReader<impl Read + use<R>> {
        let packed = Counter::new(0);
        let inflater = Inflater::new(BufReader::new(counted(reader, &packed)));
        self.limited(inflater, packed)
    }

    fn limited<R>(&self, unpacked: R, packed: Counter) -> UnpackingReader<R> {
        UnpackingReader::new(unpacked, packed, self.left.unpacked.clone(), &self.limits)
    }

    /// What is signed in a file.
    fn contents(&mut self, name: &Location, contents: Vec<Vec<u8>>, depth: usize) {
        for content in contents {
            let place = name.entry(b"content");
            if depth >= self.limits.depth {
                return self.failed(&place, &too_deep(&self.limits));
            }
            let length = content.len() as u64;
            self.held(&place, length, |scan| {
                let mut content = scan.limited(content.as_slice(), Counter::new(length));
                scan.stream(&place, &mut content, depth + 1);
            });
        }
    }

    /// What is packed in a file that is no archive as a whole, of which there is what follows a place.
    fn payloads(
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
    fn pyinstaller(
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
        if depth >= self.limits.depth {
            return Err(io::Error::other(too_deep(&self.limits)));
        }
        let size = table.size();
        self.left.in_memory.take(size);
        let mut read = || {
            while let Some(entry) = table.next()? {
                let place = name.entry(&entry.name);
                if !self.left.entries.take(1) {
                    return Err(too_many_entries(&self.limits));
                }
                file.seek(SeekFrom::Start(entry.start))?;
                let content = (&mut *file).take(entry.size);
                // Many entries may be the same part of the file.
                if entry.is_compressed {
                    self.stream(&place, &mut self.inflated(content), depth + 1);
                } else {
                    let size = Counter::new(entry.size);
                    self.stream(&place, &mut self.limited(content, size), depth + 1);
                }
            }
            Ok(true)
        };
        let result = read();
        self.left.in_memory.give(size);
        result
    }

    /// The Zstandard frame at a place, if there is one. Returns how many bytes it takes.
    fn frame(
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
        if !self.left.entries.take(1) {
            return Err(too_many_entries(&self.limits));
        }
        if depth >= self.limits.depth {
            return Err(io::Error::other(too_deep(&self.limits)));
        }
        let mut unpacked = self.limited(frame, packed);
        let place = name.entry(format!("zstd@{:#x}", payload.place).as_bytes());
        if payload.form == PayloadForm::Nuitka {
            let mut head = Vec::new();
            (&mut unpacked).take(LONGEST_HEAD).read_to_end(&mut head)?;
            let layout = nuitka::Layout::from_head(&head);
            let reader = &mut Cursor::new(head).chain(&mut unpacked);
            match layout {
                Some(layout) => self.nuitka(name, layout, reader, depth + 1)?,
                None => self.stream(&place, reader, depth + 1),
            }
        } else {
            self.stream(&place, &mut unpacked, depth + 1);
        }
        Ok(unpacked.into_inner().packed())
    }

    fn nuitka(
        &mut self,
        name: &Location,
        layout: nuitka::Layout,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        while let Some(file) = layout.next(reader)? {
            self.member(name, &file.name, reader, (file.size, 0), depth)?;
        }
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
        let inside = self.plain(name, &mut reader, head);
        self.contents(name, inside.contents, depth);
        let payloads = inside.payloads;
        self.or_failed(name, |scan| {
            let Some(mut tail) = reader.into_tail(!payloads.is_empty())? else {
                return Ok(());
            };
            let start = tail.start();
            scan.payloads(name, &mut tail, start, &payloads, depth);
            let directory = zip::Directory::find(&mut tail)?;
            if directory.is_some() && depth < scan.limits.depth {
                scan.zip(name, tail, directory, depth + 1);
            } else if directory.is_some() {
                scan.failed(name, &too_deep(&scan.limits));
            }
            Ok(())
        });
    }

    /// Returns what else is in it.
    fn plain(&mut self, name: &Location, reader: &mut dyn Read, head: &[u8]) -> Inside {
        self.search.progress.place(&name.shown);
        let Some(store) = StoreForm::from_head(head) else {
            let (found, result) = self.search.read(reader, &self.left.report);
            return self.searched(name, head, found, result, OpenedFile::default());
        };
        let mut reader = KeepingReader::new(reader, self.left.in_memory.clone());
        let (mut found, result) = self.search.read(&mut reader, &self.left.report);
        let mut opened = OpenedFile::default();
        if result.is_ok() {
            opened = self.store(name, store, reader.kept().as_deref(), &mut found);
        }
        let result = result.and_then(|()| found.is_complete());
        drop(reader);
        self.searched(name, head, found, result, opened)
    }

    /// The certificates of a file that has them in a form of its own.
    fn store(
        &mut self,
        name: &Location,
        store: StoreForm,
        content: Option<&[u8]>,
        found: &mut Contents<'h>,
    ) -> OpenedFile {
        let (opened, mut form) = match self.read_store(store, content) {
            Ok(opened) => (opened, None),
            Err(_) if found.has_encrypted_data => {
                let refusal = Some(Refusal::Password);
                let opened = OpenedFile {
                    refusal,
                    ..OpenedFile::default()
                };
                (opened, None)
            }
            Err(why) => (OpenedFile::default(), Some(why)),
        };
        for der in &opened.certificates {
            if !self.search.certificate_of_store(der, store.form(), found) {
                form = Some("a certificate cannot be read".to_owned());
            }
        }
        let form = form.map(|why| format!("{}: {why}", store.name()));
        if opened.refusal == Some(Refusal::UsedUp) {
            // Another scan may find more.
            self.left.in_memory.note_short();
        }
        let refusal = opened.refusal.as_ref().map(|why| why.shown().to_owned());
        if let Some(form) = refusal.or(form) {
            self.unread(name, &form);
        }
        opened
    }

    /// A large file.
    fn parts(&mut self, name: &Location, file: &Range, head: &[u8]) -> Inside {
        self.search.progress.place(&name.shown);
        let room = self.left.report.clone();
        let file = Arc::new(SharedFile::new(file.clone(), room.value()));
        let (found, result) = match self.crowd.clone() {
            Some(crowd) => {
                let shared = crowd.share(Arc::clone(&file) as _);
                file.result(&mut self.search, &room, || shared.has_moved())
            }
            None => file.result(&mut self.search, &room, || {}),
        };
        self.searched(name, head, found, result, OpenedFile::default())
    }

    /// Notes what was found in a place.
    fn searched(
        &mut self,
        name: &Location,
        head: &[u8],
        mut found: Contents<'h>,
        result: io::Result<()>,
        opened: OpenedFile,
    ) -> Inside {
        self.searched += 1;
        self.bytes += found.bytes;
        let payloads = mem::take(&mut found.payloads);
        if payloads.is_cut_off {
            self.failed(name, &"more payloads than are looked into");
        }
        if let Some(form) = unread::form(head) {
            self.unread(name, form);
        }
        if !found.is_empty() {
            // What was found has taken their part of the report.
            self.left.report.take((name.size() + BESIDE) as u64);
            self.places.push(Place {
                location: name.clone(),
                key_store: KeyStore::from_head(head),
                password: opened.password,
                found,
            });
        }
        if let Err(why) = result {
            self.failed(name, &why);
        }
        Inside {
            payloads: payloads.all,
            contents: opened.contents,
        }
    }

    /// What a file has in a form of its own, of which the bytes are there unless they are too many.
    fn read_store(&self, form: StoreForm, content: Option<&[u8]>) -> Result<OpenedFile, String> {
        let content = content.ok_or_else(|| "too large to be converted".to_owned())?;
        match form {
            StoreForm::Pkcs12 => {
                let before = self.digests.load(Relaxed);
                let mut left = before;
                let opened = opened::pkcs12(content, &self.passwords, &mut left);
                let spent = |now: u64| Some(now.saturating_sub(before - left));
                let _ = self.digests.fetch_update(Relaxed, Relaxed, spent);
                opened
            }
            StoreForm::Pkcs7 => opened::pkcs7(content),
            StoreForm::Pkcs7Pem => opened::pkcs7_of_pem(content),
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
                let size = entry.size();
                let mut content: Box<dyn Read> = if kind.is_gnu_sparse() {
                    // Its holes are not in the archive.
                    let packed = Counter::new(entry.header().entry_size()?);
                    let left = self.left.unpacked.clone();
                    Box::new(UnpackingReader::new(entry, packed, left, &self.limits))
                } else {
                    Box::new(entry)
                };
                if !kind.is_dir() {
                    self.layers.entry(name, &place);
                }
                if has_content(kind) {
                    self.layer(&place, &mut content, size, depth);
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
        let room = self.left.about_entries.clone();
        let before = room.value();
        let memory = self.left.in_memory.clone();
        let mut other_method = None;
        let header = seven_zip::read_header(&mut file, &room, |file, folder| {
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
            self.left.about_entries.set(before);
            self.unread(name, &format!("7z with its list of files in {method}"));
            return Ok(());
        }
        let result = header.and_then(|(header, end)| {
            let decoder = seven_zip::Decoder::new(&mut file, memory);
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
        self.left.about_entries.set(before);
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
        let about_entries = self.left.about_entries.value();
        let limits = squashfs::Limits {
            entries: self.left.entries.clone(),
            about_entries: self.left.about_entries.clone(),
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
        self.left.about_entries.set(about_entries);
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
                // Before it is found to be encrypted, which is told.
                if scan.exclusions.exclude(&place, entry.is_directory()) {
                    continue;
                }
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

mod members;
mod units;

#[cfg(test)]
mod tests;
