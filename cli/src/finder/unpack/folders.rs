//! 7z.

use std::io::{self, Read, Seek, SeekFrom};

use super::Scan;
use crate::finder::bytes::skip;
use crate::finder::checksum::CheckingReader;
use crate::finder::limits::{Counter, too_little_memory};
use crate::finder::location::Location;
use crate::finder::seven_zip;

impl Scan<'_> {
    /// The files of a 7z archive, and what is behind it.
    pub(super) fn seven_zip(
        &mut self,
        name: &Location,
        mut file: impl Read + Seek,
        depth: usize,
    ) -> io::Result<()> {
        let memory = self.left.in_memory.clone();
        let mut other_method = None;
        let end = self.giving_back(|scan| {
            let (header, end) = seven_zip::read_header(&mut file, &memory, |file, folder| {
                other_method = folder.other_method();
                let (needed, left) = (folder.memory(), memory.value());
                if needed > left {
                    return Err(too_little_memory(needed, left));
                }
                let mut header = Vec::new();
                let decoder = seven_zip::Decoder::new(file, memory.clone());
                decoder.decode(folder)?.read_to_end(&mut header)?;
                Ok(header)
            })?;
            if other_method.is_some() {
                return Ok(end);
            }
            let decoder = seven_zip::Decoder::new(&mut file, memory.clone());
            let mut archive = seven_zip::Archive::new(&header)?;
            while let Some(mut folder) = archive.next_folder()? {
                scan.or_failed(name, |scan| {
                    scan.held(folder.memory(), |scan| {
                        scan.folder(name, &mut archive, &mut folder, &decoder, depth)
                    })
                });
                // After an error, what is behind it cannot be unpacked.
                while archive.next_stream(&mut folder)?.is_some() {
                    archive.next_name()?;
                }
            }
            Ok(end)
        });
        if let Some(method) = other_method {
            self.unread(name, &format!("7z with its list of files in {method}"));
            return Ok(());
        }
        file.seek(SeekFrom::Start(end?))?;
        self.behind(name, &mut file, depth)
    }

    /// The files of a 7z archive that are unpacked as one.
    pub(super) fn folder<'f, F: Read + Seek + 'f>(
        &mut self,
        name: &Location,
        archive: &mut seven_zip::Archive<'_>,
        folder: &mut seven_zip::Folder,
        decoder: &seven_zip::Decoder<F>,
        depth: usize,
    ) -> io::Result<()> {
        let other_method = folder.other_method();
        let mut unpacked: Box<dyn Read + 'f> = if other_method.is_some() {
            Box::new(io::empty())
        } else {
            decoder.decode(folder)?
        };
        let packed = Counter::new(folder.packed_size());
        let mut unpacked = self.limited(&mut unpacked, packed);
        while let Some(stream) = archive.next_stream(folder)? {
            self.count_entry()?;
            // Without a name, it is what was packed from a pipe.
            let path = archive.next_name()?.unwrap_or_default();
            let place = name.entry_or_self(&path);
            if let Some(method) = other_method {
                self.unread(&place, &format!("file of a 7z archive, in {method}"));
                continue;
            }
            let mut content = (&mut unpacked).take(stream.size);
            let mut checked = CheckingReader::new(&mut content, stream.crc);
            self.stream(&place, &mut checked, depth);
            skip(&mut content)?;
        }
        Ok(())
    }
}
