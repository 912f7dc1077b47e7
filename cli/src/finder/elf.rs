//! Where the bytes of a program are in memory, and which of them are pointers: ELF files of 64 bits, little-endian.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use super::bytes::{read_at, u16_at, u32_at, u64_at};

/// A program or library.
pub(crate) struct Image {
    segments: Vec<Segment>,
    /// The pointers that the loader makes, and to what, in the order of their places.
    relocations: Vec<(u64, u64)>,
}

/// A part of the file that is in memory.
struct Segment {
    offset: u64,
    address: u64,
    size: u64,
    /// Pointers are only where the loader may write.
    is_writable: bool,
}

impl Image {
    /// `None` for a file of another kind.
    pub(crate) fn read(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let Some(header) = at(file, 0, 64)?.filter(|header| header.starts_with(ELF_64)) else {
            return Ok(None);
        };
        let count = u64::from(u16_at(&header, 56)).min(MOST_SEGMENTS);
        let (mut segments, mut dynamic) = (Vec::new(), None);
        for number in 0..count {
            let place = u64_at(&header, 32).checked_add(number * PROGRAM_HEADER);
            let entry = place.map_or(Ok(None), |place| at(file, place, PROGRAM_HEADER))?;
            let Some(entry) = entry else { break };
            let (offset, size) = (u64_at(&entry, 8), u64_at(&entry, 32));
            match u32_at(&entry, 0) {
                LOAD => segments.push(Segment {
                    offset,
                    address: u64_at(&entry, 16),
                    size,
                    is_writable: u32_at(&entry, 4) & WRITE != 0,
                }),
                DYNAMIC => dynamic = Some((offset, size)),
                _ => {}
            }
        }
        let mut image = Self {
            segments,
            relocations: Vec::new(),
        };
        if let Some((offset, size)) = dynamic {
            image.relocations = image.relocations(file, offset, size)?;
        }
        Ok(Some(image))
    }

    /// Those that say no more than where something is.
    fn relocations(
        &self,
        file: &mut (impl Read + Seek),
        offset: u64,
        size: u64,
    ) -> io::Result<Vec<(u64, u64)>> {
        let (mut table, mut length) = (None, 0);
        let dynamic = at(file, offset, size.min(MOST_DYNAMIC))?;
        for entry in dynamic.unwrap_or_default().chunks_exact(16) {
            match u64_at(entry, 0) {
                RELA => table = self.place(u64_at(entry, 8)),
                RELA_SIZE => length = u64_at(entry, 8),
                _ => {}
            }
        }
        let Some(table) = table else {
            return Ok(Vec::new());
        };
        let mut relocations = Vec::new();
        each_part(file, table, length.min(MOST_RELOCATIONS), |_, part| {
            for entry in part.chunks_exact(RELOCATION) {
                if RELATIVE.contains(&u64_at(entry, 8)) {
                    relocations.push((u64_at(entry, 0), u64_at(entry, 16)));
                }
            }
        })?;
        relocations.sort_unstable();
        Ok(relocations)
    }

    /// Where in memory a place of the file is.
    pub(crate) fn address(&self, place: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let within = place.checked_sub(segment.offset)?;
            let is_in = within < segment.size;
            is_in.then(|| segment.address.checked_add(within))?
        })
    }

    fn place(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let is_in = within < segment.size;
            is_in.then(|| segment.offset.checked_add(within))?
        })
    }

    /// The addresses of pointers to one of these targets, with the target; of the first few thousand.
    pub(crate) fn pointers(
        &self,
        file: &mut (impl Read + Seek),
        targets: &BTreeSet<u64>,
    ) -> io::Result<Vec<(u64, u64)>> {
        let relocations = self.relocations.iter().copied();
        let relocations = relocations.filter(|(_, target)| targets.contains(target));
        let mut pointers: Vec<(u64, u64)> = relocations.take(MOST_POINTERS).collect();
        // Segments may claim the same bytes.
        let mut left = file.seek(SeekFrom::End(0))?;
        for segment in self.segments.iter().filter(|segment| segment.is_writable) {
            let size = segment.size.min(left);
            left -= size;
            each_part(file, segment.offset, size, |before, part| {
                for (word, bytes) in (0..).zip(part.chunks_exact(8)) {
                    let target = u64_at(bytes, 0);
                    let address = segment.address.checked_add(before + word * 8);
                    if let Some(address) = address.filter(|_| targets.contains(&target)) {
                        if pointers.len() < MOST_POINTERS {
                            pointers.push((address, target));
                        }
                    }
                }
            })?;
        }
        Ok(pointers)
    }

    /// To what the pointer at this address points.
    pub(crate) fn pointer(&self, file: &mut (impl Read + Seek), address: u64) -> Option<u64> {
        let by_address = |entry: &(u64, u64)| entry.0.cmp(&address);
        match self.relocations.binary_search_by(by_address) {
            Ok(number) => Some(self.relocations.get(number)?.1),
            Err(_) => self.word(file, address),
        }
    }

    /// The word at this address.
    pub(crate) fn word(&self, file: &mut (impl Read + Seek), address: u64) -> Option<u64> {
        let bytes = at(file, self.place(address)?, 8).ok()??;
        Some(u64_at(&bytes, 0))
    }
}

/// So many bytes of a file, if it has them.
fn at(file: &mut (impl Read + Seek), place: u64, size: u64) -> io::Result<Option<Vec<u8>>> {
    let bytes = read_at(file, place, size)?;
    Ok((bytes.len() as u64 == size).then_some(bytes))
}

/// Reads a part of a file in pieces, and gives each with how much was before it.
fn each_part(
    file: &mut (impl Read + Seek),
    place: u64,
    size: u64,
    mut read: impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    file.seek(SeekFrom::Start(place))?;
    let mut part = Vec::new();
    let mut before = 0;
    while before < size {
        part.clear();
        let most = PART.min(size - before);
        if file.take(most).read_to_end(&mut part)? == 0 {
            break;
        }
        read(before, &part);
        before += part.len() as u64;
    }
    Ok(())
}

/// The magic number, 64 bits, little-endian (System V ABI, chapter 4).
const ELF_64: &[u8] = b"\x7fELF\x02\x01";
const PROGRAM_HEADER: u64 = 56;
const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const WRITE: u32 = 2;
const RELA: u64 = 7;
const RELA_SIZE: u64 = 8;
const RELOCATION: usize = 24;
/// `R_X86_64_RELATIVE` and `R_AARCH64_RELATIVE`.
const RELATIVE: [u64; 2] = [8, 1027];
const MOST_SEGMENTS: u64 = 64;
const MOST_DYNAMIC: u64 = 64 * 1024;
/// Bytes of a table. A browser has 5 MB.
const MOST_RELOCATIONS: u64 = 24 * 1024 * 1024;
const MOST_POINTERS: usize = 10_000;
/// Whole relocations and whole words.
const PART: u64 = 24 * 4096;
