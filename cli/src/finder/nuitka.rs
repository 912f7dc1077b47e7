//! The files that Nuitka packs into one program, as they are in its Zstandard frame.

use std::io::{self, Read};

use super::header::MemberHeader;

/// What is before the frame.
pub(crate) const BEFORE_FRAME: &[u8] = b"KAY";

/// How the header of a file is written, which depends on the system and on options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Names are UTF-16, and there are no flags: Windows.
    is_windows: bool,
    /// There is a checksum, where files are kept between runs.
    has_checksum: bool,
}

/// A symbolic link, which has no content.
const LINK: u8 = 2;
const LONGEST_NAME: usize = 4096;
/// How the first file begins, which is the program (ELF, Windows, macOS).
const PROGRAMS: [&[u8]; 6] = [
    b"\x7fELF",
    b"MZ",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xca\xfe\xba\xbf",
];

impl Layout {
    /// That of a payload which begins like this; none if it is not known.
    pub(crate) fn from_head(head: &[u8]) -> Option<Self> {
        let both = [false, true];
        let mut layouts = both.into_iter().flat_map(|is_windows| {
            both.map(|has_checksum| Self {
                is_windows,
                has_checksum,
            })
        });
        layouts.find(|layout| {
            let mut rest = head;
            let is_file = layout.next(&mut rest).is_ok_and(|header| header.is_some());
            is_file && PROGRAMS.iter().any(|begin| rest.starts_with(begin))
        })
    }

    /// Reads the header of the next file; none at the end.
    pub(crate) fn next(self, reader: &mut dyn Read) -> io::Result<Option<MemberHeader>> {
        loop {
            let name = self.name(reader)?;
            if name.is_empty() {
                return Ok(None);
            }
            let mut flags = [0];
            if !self.is_windows {
                reader.read_exact(&mut flags)?;
            }
            if flags[0] & LINK != 0 {
                self.name(reader)?;
                continue;
            }
            let mut size = [0; 8];
            reader.read_exact(&mut size)?;
            if self.has_checksum {
                reader.read_exact(&mut [0; 4])?;
            }
            return Ok(Some(MemberHeader {
                name,
                size: u64::from_le_bytes(size),
                padding: 0,
            }));
        }
    }

    /// As UTF-8.
    fn name(self, reader: &mut dyn Read) -> io::Result<Vec<u8>> {
        let mut units = Vec::new();
        loop {
            let mut unit = [0; 2];
            let width = if self.is_windows { 2 } else { 1 };
            let bytes = unit.get_mut(..width).unwrap_or_default();
            reader.read_exact(bytes)?;
            match u16::from_le_bytes(unit) {
                0 => break,
                _ if units.len() == LONGEST_NAME => {
                    return Err(io::Error::other("a name in this archive is too long"));
                }
                unit => units.push(unit),
            }
        }
        if self.is_windows {
            return Ok(String::from_utf16_lossy(&units)
                .replace('\\', "/")
                .into_bytes());
        }
        Ok(units.iter().map(|unit| unit.to_le_bytes()[0]).collect())
    }
}
