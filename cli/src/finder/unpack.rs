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
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;

use self::container::Container;
use super::bytes::read_up_to;
use super::cache::Cache;
use super::contents::Payload;
use super::crowd::Crowd;
use super::files::Input;
use super::findings::{Failure, Findings, Unread};
use super::layers;
use super::limits::{BZIP2_MEMORY, Budget, Counter, CountingReader, ScanLimits};
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

/// What a place or a failure takes in the report beside its text, at most.
const BESIDE: usize = 512;

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
        self.left = self.budget();
    }

    /// With the memory of one of several threads, if there are others.
    fn budget(&self) -> Budget {
        let crowd = self.crowd.as_deref();
        Budget::new(&self.limits, crowd.map(|crowd| crowd.reserve(&self.limits)))
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
        self.begin();
        match input {
            Input::Standard => self.reader("-", &mut io::stdin().lock()),
            Input::File(path, length) => {
                let name = Location::from_path(&path);
                self.or_failed(&name, |scan| {
                    let file = Range::whole(Arc::new(File::open(&path)?), length);
                    scan.range(&name, &file, 0);
                    Ok(())
                });
            }
            Input::Pipe(path) => {
                let name = Location::from_path(&path);
                self.or_failed(&name, |scan| {
                    scan.stream(&name, &mut FullReader::new(File::open(&path)?), 0);
                    Ok(())
                });
            }
            Input::Failure(path, why) => self.failed(&Location::from_path(&path), &why),
        }
        self.findings.layers.settle();
    }

    pub(crate) fn seekable(&mut self, name: &Location, file: impl Read + Seek) {
        self.begin();
        self.at_depth(name, file, None, 0);
    }

    /// A file in so many archives, and the same for several threads, if it is for these. No memory
    /// is held for these then.
    fn at_depth(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        shared: Option<Range>,
        depth: usize,
    ) {
        self.or_failed(name, |scan| {
            let head = read_head(&mut file)?;
            // Files of /proc have no end to seek.
            let directory = zip::Directory::find(&mut file).unwrap_or_default();
            file.rewind()?;
            let container = match Container::from_head(&head) {
                // Which is searched as it is, like a program, and needs no memory then.
                Some(Container::Image) if !scan.is_compressed_image(&mut file) => None,
                container => container,
            };
            file.rewind()?;
            let is_appimage = container.is_none() && image::is_appimage(&head);
            if container.is_none() {
                scan.program(name, &mut file, shared.as_ref(), &head, depth);
                if directory.is_none() && !is_appimage {
                    return Ok(());
                }
            }
            let inner = scan.depth_in(container, depth)?;
            match (container, shared) {
                (None, _) => {
                    if is_appimage {
                        scan.or_failed(name, |scan| scan.appimage(name, &mut file, inner));
                    }
                    if directory.is_some() {
                        scan.zip(name, file, directory, inner)?;
                    }
                }
                (Some(Container::Zip), _) => scan.zip(name, file, directory, inner)?,
                (Some(Container::SevenZip), _) => scan.seven_zip(name, file, inner)?,
                (Some(Container::Sif), _) => scan.sif(name, file, inner)?,
                (Some(Container::Squashfs), _) => scan.squashfs(name, file, inner)?,
                (Some(Container::Tar), Some(shared)) => scan.tar_file(name, &shared, inner)?,
                _ => scan.stream(name, &mut file, depth),
            }
            Ok(())
        });
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
        self.or_failed(name, |scan| {
            let head = read_head(reader)?;
            if let Some(container) = Container::from_head(&head) {
                return scan.container(name, container, head, reader, depth);
            }
            if layers::may_be_manifest(name, &head) {
                let content = scan.manifest(name, &mut Cursor::new(head).chain(&mut *reader));
                scan.plain_or_zip(name, reader, &content, depth);
            } else if image::is_appimage(&head) {
                scan.spooled_appimage(name, &mut Cursor::new(head).chain(reader), depth)?;
            } else {
                scan.plain_or_zip(name, reader, &head, depth);
            }
            Ok(())
        });
    }

    /// What begins like this, and is read as a stream.
    fn container(
        &mut self,
        name: &Location,
        container: Container,
        head: Vec<u8>,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let inner = self.depth_in(Some(container), depth)?;
        let memory = match container {
            Container::Bzip2 => BZIP2_MEMORY,
            // Without a block, it has no content.
            Container::Xz => xz::memory(&head).unwrap_or_default(),
            _ => 0,
        };
        let reader = &mut Cursor::new(head).chain(reader);
        let packed = Counter::new(0);
        match container {
            Container::Ar => self.ar(name, reader, inner)?,
            Container::Cpio => self.cpio(name, reader, inner)?,
            Container::Image => self.jimage(name, reader, inner)?,
            Container::Tar => self.tar(name, reader, inner)?,
            Container::Rpm => {
                rpm::skip_to_payload(reader)?;
                self.stream(name, reader, inner);
            }
            Container::Zip => {
                let mut spool = self.spool(reader)?;
                let directory = zip::Directory::find(&mut spool)?;
                self.zip(name, spool, directory, inner)?;
            }
            Container::SevenZip => self.seven_zip(name, self.spool(reader)?, inner)?,
            Container::Sif => self.sif(name, self.spool(reader)?, inner)?,
            Container::Squashfs => self.squashfs(name, self.spool(reader)?, inner)?,
            Container::Beam => {
                let module = beam::module(BufReader::new(counted(reader, &packed)));
                let mut reader = self.limited(module, packed);
                self.plain_or_zip(name, &mut reader, &[], inner);
            }
            Container::Modules => {
                let modules = pyinstaller::modules(BufReader::new(counted(reader, &packed)));
                let mut reader = self.limited(modules, packed);
                self.plain_or_zip(name, &mut reader, &[], inner);
            }
            Container::Gzip => {
                let decoder = MultiGzDecoder::new(counted(reader, &packed));
                self.unpacked(name, memory, &mut self.limited(decoder, packed), inner)?;
            }
            Container::Bzip2 => {
                let decoder = MultiBzDecoder::new(counted(reader, &packed));
                self.unpacked(name, memory, &mut self.limited(decoder, packed), inner)?;
            }
            Container::Xz => {
                let decoder = xz::decoder(counted(reader, &packed), true, memory);
                self.unpacked(name, memory, &mut self.limited(decoder, packed), inner)?;
            }
            Container::Zstd => {
                let input = BufReader::new(counted(reader, &packed));
                let decoder = zstd::Frames::new(input, self.left.in_memory.clone());
                self.unpacked(name, memory, &mut self.limited(decoder, packed), inner)?;
            }
        }
        Ok(())
    }

    fn or_failed(&mut self, name: &Location, read: impl FnOnce(&mut Self) -> io::Result<()>) {
        if let Err(why) = read(self) {
            self.failed(name, &why);
        }
    }

    /// Takes memory as long as something is read, if there is as much.
    fn held(
        &mut self,
        memory: u64,
        read: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.giving_back(|scan| {
            if scan.left.in_memory.take(memory) {
                return read(scan);
            }
            let limit = scan.limits.in_memory;
            let message =
                format!("needs {memory} bytes of memory, and the limit for all is {limit}");
            Err(io::Error::other(message))
        })
    }

    /// Gives back what memory is taken, in the end.
    fn giving_back<T>(&mut self, read: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        let before = self.left.in_memory.value();
        let result = read(self);
        self.left.in_memory.set(before);
        result
    }

    /// What comes out of a decoder that needs as much memory.
    fn unpacked(
        &mut self,
        name: &Location,
        memory: u64,
        content: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let mut read = |scan: &mut Self| {
            scan.stream(name, content, depth);
            Ok(())
        };
        // One of Zstandard takes what it needs itself, and gives it back when it is gone.
        if memory == 0 {
            return read(self);
        }
        self.held(memory, read)
    }

    /// Counts an entry of an archive.
    fn count_entry(&self) -> io::Result<()> {
        if self.left.entries.take(1) {
            return Ok(());
        }
        let most = self.limits.entries;
        Err(io::Error::other(format!("more than {most} entries")))
    }

    /// How deep that is which is in an archive of this depth.
    fn deeper(&self, depth: usize) -> io::Result<usize> {
        let most = self.limits.depth;
        if depth < most {
            return Ok(depth + 1);
        }
        let message = format!("more than {most} archives in archives");
        Err(io::Error::other(message))
    }

    /// The same for any file: what has no archives in it is as deep as they are.
    fn depth_in(&self, container: Option<Container>, depth: usize) -> io::Result<usize> {
        if container.is_some_and(Container::is_searched) {
            return Ok(depth);
        }
        self.deeper(depth)
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
