//! Files whose results can be those of an earlier scan, or of another thread: they have limits of their own, and what
//! they took is compared with those of the whole.

use std::io::{self, Cursor, Read, Seek};
use std::mem;
use std::sync::atomic::Ordering::Relaxed;

use embedded_roots_bundle::escape;

use super::container::Container;
use super::{Scan, read_head};
#[cfg(feature = "registry")]
use crate::finder::cache::ContentDigest;
use crate::finder::cache::{Cache, DigestingReader, Key, SMALLEST, Unit, digest_of};
use crate::finder::limits::Counter;
use crate::finder::location::Location;
use crate::finder::range::Range;
use crate::finder::reader::fill;
use crate::finder::spool::Spool;
use crate::input::opened;
#[cfg(feature = "registry")]
use crate::outcome::Result;

/// A file that is read at once. Most are smaller.
const SMALL: usize = 256 << 10;

/// How deep a layer of an image in a registry is.
#[cfg(feature = "registry")]
const IN_IMAGE: usize = 1;

/// The result of a file alone.
pub(super) struct LoneUnit<'h> {
    unit: Unit<'h>,
    /// Whether a limit for the whole changed it.
    was_limited: bool,
    /// Whether lack of memory or of temporary files did.
    was_short: bool,
}

impl<'h> Scan<'h> {
    /// A file or a part of one, whose result may be known.
    pub(super) fn range(&mut self, name: &Location, file: &Range, depth: usize) {
        // A file is asked about where it is found.
        if name.path.len() > 1 && self.exclusions.exclude(name, false) {
            return;
        }
        if self.cache.is_some() && file.len() >= SMALLEST {
            let head = read_head(&mut file.clone()).unwrap_or_default();
            let container = Container::from_head(&head);
            if let Some(container) = container.filter(|container| is_kept(name, *container)) {
                return self.cached(name, container, file, depth);
            }
        }
        // Mostly this is all of it, with two calls of the system.
        if file.len() <= SMALL as u64 {
            let mut content = mem::take(&mut self.small);
            content.resize(SMALL + 1, 0);
            let mut filled = 0;
            let result = fill(&mut file.clone(), &mut content, &mut filled);
            let whole = content.get(..filled).filter(|whole| whole.len() <= SMALL);
            let whole = whole.filter(|_| result.is_ok());
            if let Some(whole) = whole {
                self.at_depth(name, Cursor::new(whole), None, depth);
            }
            let is_whole = whole.is_some();
            self.small = content;
            if is_whole {
                return;
            }
        }
        self.uncached(name, file, depth);
    }

    /// A member of an archive that comes as a stream. If its result may be known, it is held in a temporary file.
    pub(super) fn layer(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        size: u64,
        depth: usize,
    ) -> io::Result<()> {
        let is_first = name.path.len() == 2;
        // Another unit would take as much memory once more.
        let is_held = self.left.in_memory.value() < self.limits.in_memory;
        if self.cache.is_none() || size < SMALLEST || !is_first || is_held || self.is_unit {
            self.stream(name, reader, depth);
            return Ok(());
        }
        let head = read_head(reader)?;
        let container = Container::from_head(&head);
        let reader = &mut Cursor::new(head).chain(reader);
        if container.is_none() || size > self.left.on_disk.value() {
            self.stream(name, reader, depth);
        } else {
            let spool = self.spool_on_disk(reader)?;
            self.spooled(name, spool, depth)?;
        }
        Ok(())
    }

    fn spool_on_disk(&self, reader: &mut dyn Read) -> io::Result<Spool> {
        Spool::filled(reader, Counter::new(0), self.left.on_disk.clone())
    }

    /// A part of a file, which is searched unless that has been done.
    fn cached(&mut self, name: &Location, container: Container, file: &Range, depth: usize) {
        let Some(cache) = self.cache.clone() else {
            return self.uncached(name, file, depth);
        };
        // What cannot be read is told by the search.
        let Ok(digest) = digest_of(&mut file.clone()) else {
            return self.uncached(name, file, depth);
        };
        let key = cache.key(&digest, name, depth);
        let in_work = cache.in_work(&key);
        if self.is_known(&cache, &key, name) {
            return;
        }
        if matches!(
            container,
            Container::Sif | Container::Squashfs | Container::Zip
        ) {
            // It is read here and there, so that a copy is needed for a digest of what was read, by which it is known.
            drop(in_work);
            match self.spool_on_disk(&mut file.clone()) {
                Ok(spool) => self.or_failed(name, |scan| scan.spooled(name, spool, depth)),
                Err(_) => self.uncached(name, file, depth),
            }
            return;
        }
        let mut is_same = false;
        let alone = self.unit(|scan| {
            let mut reader = DigestingReader::new(file.clone());
            scan.stream(name, &mut reader, depth);
            is_same = reader.digest() == Some(digest);
        });
        if is_same {
            self.keep(&cache, &key, name, &alone);
        }
        drop(in_work);
        if !self.add(alone) {
            self.uncached(name, file, depth);
        }
    }

    /// The same for a file that came as a stream, and is now in memory or in a temporary file.
    fn spooled(&mut self, name: &Location, mut spool: Spool, depth: usize) -> io::Result<()> {
        let digest = digest_of(&mut spool)?;
        spool.rewind()?;
        let Some(cache) = self.cache.clone() else {
            self.at_depth(name, spool, None, depth);
            return Ok(());
        };
        let key = cache.key(&digest, name, depth);
        let in_work = cache.in_work(&key);
        if self.is_known(&cache, &key, name) {
            return Ok(());
        }
        let mut watched = WatchedReader {
            inner: spool,
            has_failed: false,
        };
        let alone = self.unit(|scan| scan.at_depth(name, &mut watched, None, depth));
        if !watched.has_failed {
            self.keep(&cache, &key, name, &alone);
        }
        drop(in_work);
        if !self.add(alone) {
            watched.inner.rewind()?;
            self.at_depth(name, watched.inner, None, depth);
        }
        Ok(())
    }

    /// A part of a file that is not at hand as a whole, with the digest that it should have; `end`
    /// says whether it has it.
    #[cfg(feature = "registry")]
    pub(crate) fn layer_of_registry<R: Read>(
        &mut self,
        name: &Location,
        mut reader: R,
        sha256: Option<[u8; 32]>,
        end: impl FnOnce(R) -> Result<()>,
    ) -> Result<()> {
        let cache = self.cache.clone();
        let has_room = self.left.entries.value() > 0 && self.left.unpacked.value() > 0;
        let Some((cache, sha256)) = cache.zip(sha256).filter(|_| has_room) else {
            self.blob(name, &mut reader);
            return end(reader);
        };
        let mut watched = WatchedReader {
            inner: reader,
            has_failed: false,
        };
        let alone = self.unit(|scan| scan.blob(name, &mut watched));
        let result = end(watched.inner);
        if result.is_ok() && !watched.has_failed {
            let key = cache.key(&ContentDigest::Sha256(sha256), name, IN_IMAGE);
            self.keep(&cache, &key, name, &alone);
        }
        // It cannot be read again, so that what goes beyond the limits is found, and nothing behind it is.
        self.add_all(alone.unit);
        result
    }

    /// Adds the result of a layer in a registry, if it is known.
    #[cfg(feature = "registry")]
    pub(crate) fn is_known_layer(&mut self, name: &Location, sha256: [u8; 32]) -> bool {
        let Some(cache) = self.cache.clone() else {
            return false;
        };
        let key = cache.key(&ContentDigest::Sha256(sha256), name, IN_IMAGE);
        self.is_known(&cache, &key, name)
    }

    fn uncached(&mut self, name: &Location, file: &Range, depth: usize) {
        let file = file.starting_at(0);
        self.at_depth(name, file.clone(), Some(file), depth);
    }

    /// Adds the result of an earlier scan, if there is one, and the limits allow what it took.
    fn is_known(&mut self, cache: &Cache, key: &Key, name: &Location) -> bool {
        match cache.read(key, name, self.search.history) {
            Ok(None) => false,
            Ok(Some(unit)) => {
                self.search.progress.place(&name.shown);
                self.add(LoneUnit {
                    unit,
                    was_limited: false,
                    was_short: false,
                })
            }
            Err(why) => {
                let path = key.path().display();
                self.findings
                    .warnings
                    .push(escape(&format!("{path}: not used: {why}")));
                false
            }
        }
    }

    fn keep(&mut self, cache: &Cache, key: &Key, name: &Location, alone: &LoneUnit<'h>) {
        // A scan that begins anew would try more passwords.
        let lacks_digests = self.digests.load(Relaxed) < opened::DIGESTS_OF_STORE;
        if lacks_digests || alone.was_limited || alone.was_short {
            return;
        }
        if let Err(why) = cache.write(key, name, &alone.unit) {
            let path = key.path().display();
            self.findings
                .warnings
                .push(escape(&format!("{path}: not written: {why}")));
        }
    }

    /// Searches something whose result is to be kept.
    fn unit(&mut self, search: impl FnOnce(&mut Self)) -> LoneUnit<'h> {
        self.is_unit = true;
        let alone = self.alone(search);
        self.is_unit = false;
        alone
    }

    /// Searches something with limits of its own.
    pub(super) fn alone(&mut self, search: impl FnOnce(&mut Self)) -> LoneUnit<'h> {
        let fresh = self.budget();
        let left = mem::replace(&mut self.left, fresh);
        let before = mem::take(&mut self.findings);
        search(self);
        let findings = mem::replace(&mut self.findings, before);
        let own = mem::replace(&mut self.left, left);
        LoneUnit {
            unit: Unit {
                findings,
                entries: self.limits.entries - own.entries.value(),
                unpacked: self.limits.unpacked - own.unpacked.value(),
                report: self.limits.report - own.report.value(),
            },
            was_limited: [&own.entries, &own.unpacked, &own.report]
                .iter()
                .any(|counter| counter.was_short()),
            was_short: [&own.in_memory, &own.on_disk]
                .iter()
                .any(|counter| counter.was_short()),
        }
    }

    /// Adds a result, if it is what a search with what is left of the limits would find.
    pub(super) fn add(&mut self, alone: LoneUnit<'h>) -> bool {
        let LoneUnit {
            unit, was_limited, ..
        } = alone;
        let has_room = self.left.entries.value() >= unit.entries
            && self.left.unpacked.value() >= unit.unpacked
            && self.left.report.value() >= unit.report;
        let is_same = has_room && !was_limited;
        if is_same {
            self.add_all(unit);
        }
        is_same
    }

    fn add_all(&mut self, unit: Unit<'h>) {
        let Unit {
            findings,
            entries,
            unpacked,
            report,
        } = unit;
        self.left.entries.take(entries);
        self.left.unpacked.take(unpacked);
        self.left.report.take(report);
        self.findings.add(findings);
    }
}

/// Whether results for a file like this are kept. The digest of a tar archive takes as long as most of its search, so
/// that images are not digested, but their layers.
fn is_kept(name: &Location, container: Container) -> bool {
    // No more than a hint what it is.
    let is_blob = || {
        let name = name.path.last().map_or("", String::as_str);
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    container != Container::Tar || name.path.len() > 1 || is_blob()
}

/// Notes whether something could not be read.
struct WatchedReader<R> {
    inner: R,
    has_failed: bool,
}

impl<R: Read> Read for WatchedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        self.has_failed |= read.is_err();
        read
    }
}

impl<R: Seek> Seek for WatchedReader<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
