//! Goes through files, and through archives in archives, and searches all that is not an archive.

mod container;
mod entries;
mod folders;
mod images;
mod members;
mod payloads;
mod plain;
mod rows;
mod units;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

use self::container::Container;
use super::bytes::read_up_to;
use super::cache::Cache;
use super::contents::Payload;
use super::crowd::Crowd;
use super::files::Input;
use super::findings::{Failure, Findings, Unread};
use super::layers;
use super::limits::{Counter, CountingReader, ScanLimits, UnpackingReader};
use super::location::Location;
use super::parts::PART;
use super::pattern::Exclusions;
use super::range::Range;
use super::reader::FullReader;
use super::search::Search;
use super::spool::Spool;
use super::store::StoreForm;
use super::{beam, image, nss, pyinstaller, rpm, xz, zip, zstd};
use crate::input::opened::Passwords;

pub(crate) struct Scan<'h> {
    search: Search<'h>,
    limits: ScanLimits,
    /// Who searches parts of large files, too.
    pub(crate) crowd: Option<Arc<Crowd<'h, Self>>>,
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
    pub(crate) exclusions: Arc<Exclusions>,
    findings: Findings<'h>,
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
    report: Counter,
    is_full: bool,
}

impl Budget {
    /// With the memory of one of several threads, if there are others.
    fn new(limits: &ScanLimits, crowd: Option<&Crowd<'_, Scan<'_>>>) -> Self {
        let reserve = crowd.map(|crowd| crowd.reserve(limits));
        Self {
            entries: Counter::new(limits.entries),
            unpacked: Counter::new(limits.unpacked),
            in_memory: Counter::with_reserve(limits.in_memory, reserve),
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
pub(crate) fn is_archive(head: &[u8]) -> bool {
    Container::from_head(head).is_some()
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
            exclusions: Arc::default(),
            findings: Findings::default(),
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
        self.findings.failures.push(Failure {
            location: place.clone(),
            error,
        });
    }

    pub(crate) fn unread(&mut self, place: &Location, form: &str) {
        if self.has_room(place, form) {
            self.findings.unread.push(Unread {
                location: place.clone(),
                form: form.to_owned(),
            });
        } else {
            self.failed(place, &form);
        }
    }

    /// What follows is of one file, for the limits.
    pub(crate) fn begin(&mut self) {
        self.left = Budget::new(&self.limits, self.crowd.as_deref());
    }

    fn has_room(&self, place: &Location, text: &str) -> bool {
        let size = place.size() + text.len() + BESIDE;
        self.left.report.take(size as u64)
    }

    /// What was found since the last time.
    pub(crate) fn take_findings(&mut self) -> Findings<'h> {
        // Nothing is held for the last file.
        self.begin();
        mem::take(&mut self.findings)
    }

    /// For parts of a file that another thread has.
    pub(crate) fn search(&mut self) -> &mut Search<'h> {
        &mut self.search
    }

    pub(crate) fn input(&mut self, input: Input) {
        match input {
            Input::Standard => self.reader("-", &mut io::stdin().lock()),
            Input::File(path, length) => self.file(&path, length),
            Input::Pipe(path) => match File::open(&path) {
                Ok(mut pipe) => self.reader(&path.display().to_string(), &mut pipe),
                Err(why) => self.not_opened(&path, &why),
            },
            Input::Failure(path, why) => self.not_opened(&path, &why),
        }
        self.findings.layers.settle();
    }

    fn not_opened(&mut self, path: &Path, why: &io::Error) {
        self.begin();
        self.failed(&Location::file(path.display().to_string()), why);
    }

    fn file(&mut self, path: &Path, length: u64) {
        match File::open(path) {
            Ok(file) => {
                self.begin();
                let file = Range::whole(Arc::new(file), length);
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
        self.begin();
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
        let number = self.findings.places.len();
        let is_whole = |file: &&Range| file.len() <= PART || StoreForm::from_head(head).is_some();
        let inside = match shared.filter(|file| !is_whole(file)) {
            Some(shared) => self.parts(name, shared, head),
            None => self.plain(name, file, head),
        };
        let place = self.findings.places.get_mut(number);
        if let Some(place) = place.filter(|place| nss::may_be_module(&place.found)) {
            // What is not known is treated as if it were trusted.
            place.found.trust = nss::trust(file, &place.found).unwrap_or_default();
        }
        self.contents(name, inside.contents, depth);
        // The blocks of an AppImage may be frames of Zstandard, too.
        if !image::is_appimage(head) {
            self.payloads(name, file, 0, &inside.payloads, depth);
        }
    }

    /// Standard input, for example.
    pub(crate) fn reader(&mut self, name: &str, reader: &mut dyn Read) {
        self.begin();
        let reader = &mut FullReader::new(reader);
        self.stream(&Location::file(name.to_owned()), reader, 0);
    }

    /// Reads the beginning of what may be the manifest of an image.
    fn manifest(&mut self, name: &Location, reader: &mut dyn Read) -> Vec<u8> {
        let mut content = Vec::new();
        let result = reader.take(layers::MAX_MANIFEST).read_to_end(&mut content);
        match result {
            Ok(_) => self.findings.layers.manifest(name, &content),
            Err(why) => self.failed(name, &why),
        }
        content
    }

    /// An image of these layers, the lowest first.
    #[cfg(feature = "registry")]
    pub(crate) fn image_of_layers(&mut self, layers: Vec<Vec<String>>) {
        self.findings.layers.image(layers);
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

    fn unpacked(&mut self, name: &Location, decoder: impl Read, packed: Counter, depth: usize) {
        let left = self.left.unpacked.clone();
        let mut unpacked = UnpackingReader::new(decoder, packed, left, &self.limits);
        self.stream(name, &mut unpacked, depth + 1);
    }

    /// What is only readable by seeking.
    fn spool(&self, reader: &mut dyn Read) -> io::Result<Spool> {
        Spool::filled(
            reader,
            self.left.in_memory.clone(),
            self.left.on_disk.clone(),
        )
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
    read_up_to(reader, HEAD)
}

#[cfg(test)]
mod tests;
