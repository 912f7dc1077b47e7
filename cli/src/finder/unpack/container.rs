//! What a file is, by its beginning.

use crate::finder::squashfs::Superblock;
use crate::finder::{ar, beam, cpio, image, jimage, pyinstaller, rpm, seven_zip};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
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
    pub(super) fn from_head(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or one that is skipped (RFC 8878, section 3.1).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // The number of the block, in digits of pi.
            [b'B', b'Z', b'h', b'1'..=b'9', pi @ ..] if pi.starts_with(b"1AY&SY") => {
                Some(Self::Bzip2)
            }
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

    /// Whether it is searched as it is, with what is compressed in it: there are no archives in it.
    pub(super) fn is_searched(self) -> bool {
        matches!(self, Self::Beam | Self::Modules)
    }
}
