//! Archives whose members stand in a row: ar, cpio and tar.

use std::io::{self, Cursor, Read};

use super::{Scan, behind_zeros, has_content};
use crate::finder::header::MemberHeader;
use crate::finder::limits::{Counter, LimitedReader};
use crate::finder::location::Location;
use crate::finder::{ar, cpio};

impl Scan<'_> {
    pub(super) fn ar(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        io::copy(&mut reader.take(ar::MAGIC.len() as u64), &mut io::sink())?;
        self.row(name, reader, depth, ar::next)
    }

    pub(super) fn cpio(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        self.row(name, reader, depth, cpio::next)?;
        // An initial RAM disk can be several archives, each at any multiple of four.
        let head = behind_zeros(reader)?;
        let start = head.iter().position(|&byte| byte != 0);
        if let Some(head) = start.and_then(|start| head.get(start..)) {
            self.stream(name, &mut Cursor::new(head).chain(reader), depth);
        }
        Ok(())
    }

    /// The files that stand in a row, each behind its header.
    pub(super) fn row(
        &mut self,
        archive: &Location,
        reader: &mut dyn Read,
        depth: usize,
        next: impl Fn(&mut dyn Read) -> io::Result<Option<MemberHeader>>,
    ) -> io::Result<()> {
        while let Some(header) = next(reader)? {
            self.chunk(reader, header.size, |scan, content| {
                scan.stream(&archive.entry(&header.name), content, depth);
            })?;
            io::copy(&mut reader.take(header.padding), &mut io::sink())?;
        }
        Ok(())
    }

    pub(super) fn tar(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        // `tar` keeps long names in memory, as long as they may be, so what it reads between the
        // contents of entries has a limit.
        let allowance = Counter::new(self.limits.about_entry);
        let reader = LimitedReader {
            inner: reader,
            left: allowance.clone(),
        };
        let mut archive = tar::Archive::new(reader);
        for entry in archive.entries()? {
            let entry = entry?;
            let place = self.tar_entry(name, &entry)?;
            allowance.set(u64::MAX);
            let kind = entry.header().entry_type();
            let size = entry.size();
            let mut content: Box<dyn Read> = if kind.is_gnu_sparse() {
                // Its holes are not in the archive.
                let packed = Counter::new(entry.header().entry_size()?);
                Box::new(self.limited(entry, packed))
            } else {
                Box::new(entry)
            };
            if has_content(kind) {
                self.or_failed(&place, |scan| scan.layer(&place, &mut content, size, depth));
            }
            io::copy(&mut content, &mut io::sink())?;
            allowance.set(self.limits.about_entry);
        }
        allowance.set(u64::MAX);
        self.behind(name, &mut archive.into_inner(), depth)
    }

    /// Where an entry of a tar archive is, which is counted.
    pub(super) fn tar_entry<R: Read>(
        &mut self,
        archive: &Location,
        entry: &tar::Entry<'_, R>,
    ) -> io::Result<Location> {
        self.count_entry()?;
        let place = archive.entry(&entry.path_bytes());
        if !entry.header().entry_type().is_dir() {
            self.findings.layers.entry(archive, &place);
        }
        Ok(place)
    }
}
