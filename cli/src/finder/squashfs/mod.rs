//! squashfs 4.0: the files of an image, one after another.

mod blocks;

use std::collections::HashSet;
use std::io::{self, Read, Seek};

pub(crate) use self::blocks::Superblock;
use self::blocks::{Blocks, Cursor, damaged};
use super::limits::{Budget, Counter};

/// An image, through whose directories it goes.
pub(crate) struct Image<F> {
    blocks: Blocks<F>,
    limits: Budget,
    open: Vec<OpenDirectory>,
    /// The path of the entry at hand.
    path: Vec<u8>,
    /// The inodes that are not read for a second time: directories, and files that have several names.
    seen: HashSet<u64>,
}

/// A directory that is not at its end: where the next entry is.
struct OpenDirectory {
    cursor: Cursor,
    /// The bytes up to its end.
    left: u64,
    /// The entries that follow the last header, and the block of inodes that it names.
    entries: u32,
    inodes: u32,
    /// How long its path is.
    path: usize,
}

/// What a path leads to.
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) content: io::Result<FileInode>,
}

/// Where the content of a file is.
pub(crate) struct FileInode {
    pub(crate) size: u64,
    links: u32,
    start: u64,
    fragment: u32,
    offset: u32,
    /// The sizes of its blocks.
    sizes: Cursor,
}

enum Inode {
    Directory(OpenDirectory),
    File(FileInode),
    /// A link, a device, a pipe or a socket.
    Other,
}

/// What a file has in place of a fragment.
const NO_FRAGMENT: u32 = u32::MAX;
/// Several times what Linux opens.
const LONGEST_PATH: usize = 16 << 10;
/// What an inode costs that was seen, beside its name.
const SEEN: u64 = 64;

impl<F: Read + Seek> Image<F> {
    /// That whose superblock is at this place of a file.
    pub(crate) fn open(
        file: F,
        start: u64,
        superblock: Superblock,
        limits: Budget,
    ) -> io::Result<Self> {
        let root = superblock.root;
        let mut image = Self {
            blocks: Blocks::new(file, start, superblock, limits.clone()),
            limits,
            open: Vec::new(),
            path: Vec::new(),
            seen: HashSet::from([root]),
        };
        let Inode::Directory(root) = image.inode(root)? else {
            return Err(damaged());
        };
        image.open.push(root);
        Ok(image)
    }

    /// The next file, or what could not be read.
    pub(crate) fn next(&mut self) -> Option<Entry> {
        loop {
            if let Some(content) = self.step()?.transpose() {
                let path = self.path.clone();
                return Some(Entry { path, content });
            }
        }
    }

    /// The content of a file; what is read for that is added to `packed`.
    pub(crate) fn content(&mut self, file: FileInode, packed: Counter) -> FileReader<'_, F> {
        FileReader {
            left: file.size,
            file,
            packed,
            blocks: &mut self.blocks,
            block: Vec::new(),
            done: 0,
        }
    }

    /// Goes to the next entry, which may be no file; none at the end of all.
    fn step(&mut self) -> Option<io::Result<Option<FileInode>>> {
        let directory = self.open.last_mut()?;
        self.path.truncate(directory.path);
        let inode = match directory.next(&mut self.blocks, &mut self.path) {
            Ok(Some(inode)) => inode,
            Ok(None) => {
                self.open.pop();
                return Some(Ok(None));
            }
            Err(why) => {
                self.open.pop();
                return Some(Err(why));
            }
        };
        if !self.limits.entries.take(1) {
            self.open.clear();
            return Some(Err(io::Error::other("more entries than a file may have")));
        }
        Some(self.enter(inode))
    }

    fn enter(&mut self, reference: u64) -> io::Result<Option<FileInode>> {
        match self.inode(reference)? {
            Inode::Directory(directory) => {
                if !self.see(reference)? {
                    return Err(io::Error::other("this directory is at two places"));
                }
                if self.path.len() > LONGEST_PATH {
                    return Err(io::Error::other("the path of this directory is too long"));
                }
                self.open.push(directory);
                Ok(None)
            }
            Inode::File(file) => {
                let is_new = file.links < 2 || self.see(reference)?;
                Ok(is_new.then_some(file))
            }
            Inode::Other => Ok(None),
        }
    }

    /// Whether this is seen for the first time.
    fn see(&mut self, reference: u64) -> io::Result<bool> {
        let is_new = self.seen.insert(reference);
        let size = SEEN + self.path.len().min(256) as u64;
        if is_new && !self.limits.in_memory.take(size) {
            self.open.clear();
            return Err(io::Error::other(
                "more directories than there is memory for",
            ));
        }
        Ok(is_new)
    }

    /// Reads an inode: its block of the table, and where it is in that.
    fn inode(&mut self, reference: u64) -> io::Result<Inode> {
        let superblock = &self.blocks.superblock;
        let (inodes, directories) = (superblock.inodes, superblock.directories);
        let mut cursor = Cursor::new(inodes.saturating_add(reference >> 16), reference & 0xffff);
        let blocks = &mut self.blocks;
        let kind = u16::from_le_bytes(blocks.array(&mut cursor)?);
        // Permissions, owners, times, and the number.
        let _: [u8; 14] = blocks.array(&mut cursor)?;
        let directory = |block: u32, offset: u16, size: u32| {
            let cursor = Cursor::new(directories.saturating_add(block.into()), offset.into());
            Inode::Directory(OpenDirectory {
                cursor,
                // As if it had the entries `.` and `..`.
                left: u64::from(size).saturating_sub(3),
                entries: 0,
                inodes: 0,
                path: self.path.len(),
            })
        };
        Ok(match kind {
            1 => {
                let [block, _links, size_and_offset] = blocks.numbers(&mut cursor)?;
                let [size, offset] = halves(size_and_offset);
                directory(block, offset, size.into())
            }
            8 => {
                let [_links, size, block, _parent, indexes_and_offset] =
                    blocks.numbers(&mut cursor)?;
                let [_indexes, offset] = halves(indexes_and_offset);
                directory(block, offset, size)
            }
            2 => {
                let [start, fragment, offset, size] = blocks.numbers(&mut cursor)?;
                Inode::File(FileInode {
                    size: size.into(),
                    links: 1,
                    start: start.into(),
                    fragment,
                    offset,
                    sizes: cursor,
                })
            }
            9 => {
                let start = u64::from_le_bytes(blocks.array(&mut cursor)?);
                let size = u64::from_le_bytes(blocks.array(&mut cursor)?);
                let _holes: [u8; 8] = blocks.array(&mut cursor)?;
                let [links, fragment, offset, _attributes] = blocks.numbers(&mut cursor)?;
                Inode::File(FileInode {
                    size,
                    links,
                    start,
                    fragment,
                    offset,
                    sizes: cursor,
                })
            }
            3..=7 | 10..=14 => Inode::Other,
            _ => return Err(damaged()),
        })
    }
}

impl OpenDirectory {
    /// The inode of the next entry, whose name is appended to the path.
    fn next<F: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<F>,
        path: &mut Vec<u8>,
    ) -> io::Result<Option<u64>> {
        const HEADER: u64 = 12;
        const ENTRY: u64 = 8;
        /// The most entries behind one header.
        const MOST: u32 = 256;

        if self.entries == 0 {
            if self.left == 0 {
                return Ok(None);
            }
            let [count, inodes, _number] = blocks.numbers(&mut self.cursor)?;
            self.entries = count.saturating_add(1);
            self.inodes = inodes;
            self.left = self.left.checked_sub(HEADER).ok_or_else(damaged)?;
            if self.entries > MOST {
                return Err(damaged());
            }
        }
        let offset = u16::from_le_bytes(blocks.array(&mut self.cursor)?);
        let _: [u8; 4] = blocks.array(&mut self.cursor)?;
        let length = u64::from(u16::from_le_bytes(blocks.array(&mut self.cursor)?)) + 1;
        if length > MOST.into() {
            return Err(damaged());
        }
        self.entries -= 1;
        let rest = self.left.checked_sub(ENTRY + length);
        self.left = rest.ok_or_else(damaged)?;
        if !path.is_empty() {
            path.push(b'/');
        }
        blocks.append(&mut self.cursor, length, path)?;
        Ok(Some(u64::from(self.inodes) << 16 | u64::from(offset)))
    }
}

/// Reads a file.
pub(crate) struct FileReader<'i, F> {
    blocks: &'i mut Blocks<F>,
    file: FileInode,
    packed: Counter,
    /// How much of it is not in the block at hand, or in one before.
    left: u64,
    block: Vec<u8>,
    done: usize,
}

impl<F: Read + Seek> FileReader<'_, F> {
    fn next_block(&mut self) -> io::Result<()> {
        let size = u64::from(self.blocks.superblock.block_size);
        let length = usize::try_from(self.left.min(size)).unwrap_or(usize::MAX);
        let is_fragment = self.file.fragment != NO_FRAGMENT && self.left < size;
        self.done = 0;
        if is_fragment {
            let fragment = self.blocks.fragment(self.file.fragment)?;
            let start = usize::try_from(self.file.offset).unwrap_or(usize::MAX);
            // Others have the rest of it.
            let part = fragment.get(start..).and_then(|rest| rest.get(..length));
            self.block = part.ok_or_else(damaged)?.to_vec();
        } else {
            let packed = u32::from_le_bytes(self.blocks.array(&mut self.file.sizes)?);
            self.block = self.blocks.data(self.file.start, packed, length)?;
            let packed = u64::from(packed & blocks::SIZE);
            self.packed.give(packed);
            self.file.start = self.file.start.saturating_add(packed);
            if self.block.len() != length {
                return Err(damaged());
            }
        }
        self.left -= length as u64;
        Ok(())
    }
}

impl<F: Read + Seek> Read for FileReader<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done == self.block.len() && self.left > 0 {
            self.next_block()?;
        }
        let rest = self.block.get(self.done..).unwrap_or_default();
        let count = (&*rest).read(buffer)?;
        self.done += count;
        Ok(count)
    }
}

fn halves(number: u32) -> [u16; 2] {
    let [a, b, c, d] = number.to_le_bytes();
    [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])]
}
