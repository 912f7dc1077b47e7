//! Images of file systems: squashfs, `AppImage` and SIF.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::{Scan, behind_zeros, read_head};
use crate::finder::limits::Counter;
use crate::finder::location::Location;
use crate::finder::squashfs::{self, Superblock};
use crate::finder::{image, unread};

impl Scan<'_> {
    /// What is behind the end of something: zeros, as a rule, and then nothing, another archive, or anything.
    pub(super) fn behind(
        &mut self,
        name: &Location,
        rest: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let head = behind_zeros(rest)?;
        if !head.is_empty() {
            self.stream(name, &mut Cursor::new(head).chain(rest), depth);
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
        let depth = self.deeper(depth)?;
        self.appimage(name, &mut file, depth)
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
            self.count_entry()?;
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
                    let depth = scan.deeper(depth)?;
                    scan.image(&place, &mut file, object.start, superblock, depth)
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
        file.seek(SeekFrom::Start(length))?;
        self.behind(name, &mut file, depth)
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
        let limits = self.left.clone();
        // A block and a fragment, each as it is and unpacked.
        let memory = 4 * u64::from(superblock.block_size);
        self.held(memory, |scan| {
            let image = squashfs::Image::open(file, start, superblock, limits)?;
            scan.files(name, image, depth);
            Ok(())
        })
    }

    pub(super) fn files(
        &mut self,
        name: &Location,
        mut image: squashfs::Image<impl Read + Seek>,
        depth: usize,
    ) {
        while let Some(entry) = image.next() {
            let place = name.entry_or_self(&entry.path);
            self.or_failed(&place, |scan| {
                let packed = Counter::new(0);
                let content = image.content(entry.content?, packed.clone());
                scan.stream(&place, &mut scan.limited(content, packed), depth);
                Ok(())
            });
        }
    }
}
