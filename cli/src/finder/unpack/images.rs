//! Images of file systems: squashfs, `AppImage` and SIF.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::{Scan, behind_zeros, read_head, too_deep, too_many_entries};
use crate::finder::limits::{Counter, UnpackingReader};
use crate::finder::location::Location;
use crate::finder::squashfs::{self, Superblock};
use crate::finder::{image, unread};

impl Scan<'_> {
    /// What is behind the end of something: zeros, as a rule.
    pub(super) fn behind(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        end: u64,
        depth: usize,
    ) -> io::Result<()> {
        file.seek(SeekFrom::Start(end))?;
        let head = behind_zeros(&mut file)?;
        if !head.is_empty() {
            self.stream(name, &mut Cursor::new(head).chain(file), depth);
        }
        Ok(())
    }

    /// As if it were a file of its own: a program, and an image behind it.
    pub(super) fn spooled_appimage(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let mut file = self.spool(reader)?;
        let head = read_head(&mut file)?;
        file.rewind()?;
        self.plain(name, &mut file, &head);
        if depth >= self.limits.depth {
            return Err(io::Error::other(too_deep(&self.limits)));
        }
        self.appimage(name, &mut file, depth + 1)
    }

    pub(super) fn appimage(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        depth: usize,
    ) -> io::Result<()> {
        let start = image::behind_program(file)?;
        file.seek(SeekFrom::Start(start))?;
        let head = read_head(file)?;
        if let Some(superblock) = Superblock::from_head(&head) {
            return self.image(name, file, start, superblock, depth);
        }
        self.unread(name, unread::form(&head).unwrap_or("AppImage"));
        Ok(())
    }

    /// The data objects of a SIF.
    pub(super) fn sif(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        depth: usize,
    ) -> io::Result<()> {
        for number in 0.. {
            let Some(object) = image::SifObject::read(&mut file, number)? else {
                break;
            };
            if !self.left.entries.take(1) {
                return Err(too_many_entries(&self.limits));
            }
            if !object.is_used {
                continue;
            }
            let place = name.entry(&object.name);
            if object.is_encrypted {
                self.unread(&place, "encrypted partition of a SIF");
                continue;
            }
            file.seek(SeekFrom::Start(object.start))?;
            let head = read_head(&mut (&mut file).take(object.size))?;
            file.seek(SeekFrom::Start(object.start))?;
            if let Some(superblock) = Superblock::from_head(&head) {
                self.or_failed(&place, |scan| {
                    if depth >= scan.limits.depth {
                        return Err(io::Error::other(too_deep(&scan.limits)));
                    }
                    scan.image(&place, &mut file, object.start, superblock, depth + 1)
                });
            } else {
                let mut content = (&mut file).take(object.size);
                self.stream(&place, &mut content, depth);
                io::copy(&mut content, &mut io::sink())?;
                if content.limit() > 0 {
                    let why = io::Error::from(io::ErrorKind::UnexpectedEof);
                    self.failed(&place, &why);
                }
            }
        }
        Ok(())
    }

    /// A whole squashfs, and what is behind it.
    pub(super) fn squashfs(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        depth: usize,
    ) -> io::Result<()> {
        file.rewind()?;
        let head = read_head(&mut file)?;
        let Some(superblock) = Superblock::from_head(&head) else {
            return Ok(());
        };
        let length = superblock.length;
        self.or_failed(name, |scan| {
            scan.image(name, &mut file, 0, superblock, depth)
        });
        self.behind(name, file, length, depth)
    }

    /// The files of a squashfs at this place.
    pub(super) fn image(
        &mut self,
        name: &Location,
        file: &mut (impl Read + Seek),
        start: u64,
        superblock: Superblock,
        depth: usize,
    ) -> io::Result<()> {
        let before = self.left.in_memory.value();
        let limits = squashfs::Limits {
            entries: self.left.entries.clone(),
            unpacked: self.left.unpacked.clone(),
            memory: self.left.in_memory.clone(),
        };
        // A block and a fragment, each as it is and unpacked.
        let memory = 4 * u64::from(superblock.block_size);
        let mut result = Ok(());
        self.held(name, memory, |scan| {
            let image = squashfs::Image::open(file, start, superblock, limits);
            result = image.map(|image| scan.files(name, image, depth));
        });
        self.left.in_memory.set(before);
        result
    }

    pub(super) fn files(
        &mut self,
        name: &Location,
        mut image: squashfs::Image<impl Read + Seek>,
        depth: usize,
    ) {
        while let Some(entry) = image.next() {
            let place = if entry.path.is_empty() {
                name.clone()
            } else {
                name.entry(&entry.path)
            };
            self.or_failed(&place, |scan| {
                let packed = Counter::new(0);
                let content = image.content(entry.content?, packed.clone());
                let left = scan.left.unpacked.clone();
                let mut content = UnpackingReader::new(content, packed, left, &scan.limits);
                scan.stream(&place, &mut content, depth);
                Ok(())
            });
        }
    }
}
