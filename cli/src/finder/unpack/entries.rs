//! ZIP archives.

use std::io::{self, BufReader, Cursor, Read, Seek};

use bzip2::read::MultiBzDecoder;
use deflate64::Deflate64Decoder;
use flate2::read::DeflateDecoder;
use lzma_rust2::{LzmaReader, XzReader};

use super::{BZIP2_MEMORY, LZMA_MEMORY, Scan, kib, read_head, too_many_entries};
use crate::finder::checksum::CheckingReader;
use crate::finder::limits::{Counter, UnpackingReader};
use crate::finder::location::Location;
use crate::finder::{xz, zip, zstd};

impl Scan<'_> {
    pub(super) fn zip(
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
    pub(super) fn entry(
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

    pub(super) fn checked(
        &mut self,
        name: &Location,
        entry: &zip::Entry,
        decoder: impl Read,
        depth: usize,
    ) {
        let packed = Counter::new(entry.packed);
        let left = self.left.unpacked.clone();
        let unpacked = UnpackingReader::new(decoder, packed, left, &self.limits);
        let mut checked = CheckingReader::new(unpacked, Some(entry.crc));
        self.stream(name, &mut checked, depth);
    }
}
