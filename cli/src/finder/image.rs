//! Files that carry an image of a file system: `AppImage`, and SIF (Singularity, Apptainer).

use std::io::{self, Read, Seek};

use super::bytes::{big_endian, little_endian, read_at, u32_at, u64_at};

/// Whether a file begins like an `AppImage`: a program with its mark.
pub(crate) fn is_appimage(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF") && head.get(8..10) == Some(b"AI")
}

/// Where the image of an `AppImage` is: behind all that is of the program.
pub(crate) fn behind_program(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    let header = read_at(file, 0, 64)?;
    let is_64 = header.get(4) == Some(&2);
    let is_big_endian = header.get(5) == Some(&2);
    // Where the table of the sections is; how long an entry is, and how many there are.
    let [table, size, count] = if is_64 {
        [(40, 8), (58, 2), (60, 2)]
    } else {
        [(32, 4), (46, 2), (48, 2)]
    }
    .map(|(at, length)| number(&header, at, length, is_big_endian));
    let end = table.saturating_add(size * count);
    // The last section may be behind the table.
    let last = table.saturating_add(size * count.saturating_sub(1));
    let last = read_at(file, last, 40)?;
    let [start, length] = if is_64 {
        [(24, 8), (32, 8)]
    } else {
        [(16, 4), (20, 4)]
    }
    .map(|(at, length)| number(&last, at, length, is_big_endian));
    Ok(end.max(start.saturating_add(length)))
}

/// Whether a file begins like a SIF, behind the line that makes it executable.
pub(crate) fn is_sif(head: &[u8]) -> bool {
    head.get(32..41) == Some(b"SIF_MAGIC")
}

/// A data object of a SIF, or the place for one.
pub(crate) struct SifObject {
    pub(crate) is_used: bool,
    pub(crate) name: Vec<u8>,
    pub(crate) start: u64,
    pub(crate) size: u64,
    pub(crate) is_encrypted: bool,
}

impl SifObject {
    /// The one of this number; none behind the last one.
    pub(crate) fn read(file: &mut (impl Read + Seek), index: u64) -> io::Result<Option<Self>> {
        const DESCRIPTOR: u64 = 585;
        const PARTITION: u32 = 0x4004;
        const ENCRYPTED_SQUASHFS: u32 = 5;

        let header = read_at(file, 0, 128)?;
        let [start, length] = [96, 104].map(|at| u64_at(&header, at));
        let at = index * DESCRIPTOR;
        if at.saturating_add(DESCRIPTOR) > length {
            return Ok(None);
        }
        let descriptor = read_at(file, start.saturating_add(at), DESCRIPTOR)?;
        if (descriptor.len() as u64) < DESCRIPTOR {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let name = descriptor.get(73..201).unwrap_or_default();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let is_partition = u32_at(&descriptor, 0) == PARTITION;
        let file_system = u32_at(&descriptor, 201);
        Ok(Some(Self {
            is_used: descriptor.get(4) != Some(&0),
            name: name.to_vec(),
            start: u64_at(&descriptor, 17),
            size: u64_at(&descriptor, 25),
            is_encrypted: is_partition && file_system == ENCRYPTED_SQUASHFS,
        }))
    }
}

/// 0 beyond the end.
fn number(bytes: &[u8], at: usize, length: usize, is_big_endian: bool) -> u64 {
    let octets = bytes.get(at..at + length).unwrap_or_default();
    if is_big_endian {
        big_endian(octets)
    } else {
        little_endian(octets)
    }
}
