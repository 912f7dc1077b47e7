//! ZIP archives.

use std::io::{self, BufReader, Cursor, Read, Seek};

use bzip2::read::MultiBzDecoder;
use deflate64::Deflate64Decoder;
use flate2::read::DeflateDecoder;
use lzma_rust2::LzmaReader;

use super::{Scan, read_head};
use crate::finder::checksum::CheckingReader;
use crate::finder::limits::{BZIP2_MEMORY, Counter, LZMA_MEMORY};
use crate::finder::location::Location;
use crate::finder::{xz, zip, zstd};

impl Scan<'_> {
    pub(super) fn zip(
        &mut self,
        name: &Location,
        file: impl Read + Seek,
        directory: Option<zip::Directory>,
        depth: usize,
    ) -> io::Result<()> {
        let directory =
            directory.ok_or_else(|| io::Error::other("a ZIP archive without its end"))?;
        let mut entries = zip::Entries::new(file, directory);
        while let Some(entry) = entries.next()? {
            self.count_entry()?;
            let place = name.entry(&entry.name);
            // Before it is found to be encrypted, which is told.
            if self.exclusions.exclude(&place, entry.is_directory()) {
                continue;
            }
            if entry.is_encrypted() {
                self.unread(&place, "encrypted entry of a ZIP archive");
            } else if !entry.is_directory() {
                self.or_failed(&place, |scan| {
                    let mut packed = entries.packed(&entry)?;
                    scan.entry(&place, &entry, &mut packed, depth)
                });
            }
        }
        Ok(())
    }

    /// The content of an entry of a ZIP archive (APPNOTE, section 4.4.5).
    pub(super) fn entry(
        &mut self,
        name: &Location,
        entry: &zip::Entry,
        packed: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let mut memory = 0;
        let decoder: Box<dyn Read + '_> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            9 => Box::new(Deflate64Decoder::new(packed)),
            12 => {
                memory = BZIP2_MEMORY;
                Box::new(MultiBzDecoder::new(packed))
            }
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
                memory = u64::from(dictionary) + LZMA_MEMORY;
                Box::new(LzmaReader::new_with_props(
                    packed,
                    length,
                    lzma.properties,
                    dictionary,
                    None,
                )?)
            }
            20 | 93 => {
                let left = self.left.in_memory.clone();
                Box::new(zstd::Frames::new(BufReader::new(packed), left))
            }
            95 => {
                let head = read_head(packed)?;
                memory = xz::memory(&head).unwrap_or_default();
                Box::new(xz::decoder(Cursor::new(head).chain(packed), true, memory))
            }
            method => {
                let form = format!("entry of a ZIP archive, with method {method}");
                self.unread(name, &form);
                return Ok(());
            }
        };
        let unpacked = self.limited(decoder, Counter::new(entry.packed));
        let mut checked = CheckingReader::new(unpacked, Some(entry.crc));
        self.unpacked(name, memory, &mut checked, depth)
    }
}
