//! Directories of roots.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use embedded_roots_bundle::{MAX_FILE_SIZE, read_known_file, sort};

/// The contents of a directory of roots.
#[derive(Default)]
pub(crate) struct Listing {
    /// The files that were not seen before, each with its size, in the order of their names.
    pub(crate) files: Vec<(PathBuf, u64)>,
    /// What has the name of a file of roots and cannot be read, such as a dangling link.
    pub(crate) unreadable: Vec<(PathBuf, io::Error)>,
    /// Files of other names.
    pub(crate) others: Vec<PathBuf>,
    /// Whether it has a file of roots that was listed elsewhere before.
    pub(crate) has_seen_files: bool,
}

/// Reads the directories of one source, within bounds that hold for all of them together: no store
/// has more in it.
///
/// A file or directory that several paths lead to is read once. Systems without inodes have only
/// paths.
#[derive(Default)]
pub(crate) struct Directories {
    /// Device and inode, sorted.
    seen: Vec<(u64, u64)>,
    entries: usize,
    bytes: u64,
}

impl Directories {
    const MOST_ENTRIES: usize = 4096;
    const MOST_BYTES: u64 = 4 * MAX_FILE_SIZE;

    /// Takes this file as one that was read.
    #[allow(
        dead_code,
        reason = "for stores that are files, of the feature `system`"
    )]
    pub(crate) fn add(&mut self, path: &Path) {
        let _ = fs::metadata(path).map(|metadata| self.is_new(&metadata));
    }

    /// The files of a directory, but not of its subdirectories; `None` if it was listed before.
    ///
    /// A file of roots is one that OpenSSL finds by its hash (`4042bcee.0`), or one that `openssl
    /// rehash` would give such a name: `.pem`, `.crt`, `.cer`. Editors and package managers leave
    /// other files there, such as `corp.pem~` and `corp.pem.dpkg-old`, whose roots may have been removed
    /// on purpose.
    pub(crate) fn list(&mut self, directory: &Path) -> io::Result<Option<Listing>> {
        if !self.is_new(&fs::metadata(directory)?) {
            return Ok(None);
        }
        let mut listing = Listing::default();
        let seen = self.seen.clone();
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            self.entries += 1;
            if self.entries > Self::MOST_ENTRIES {
                return Err(too_much(&format!("{} entries", Self::MOST_ENTRIES)));
            }
            names.push(entry?.file_name());
        }
        sort(&mut names, &Ord::cmp);
        for name in names {
            let path = directory.join(&name);
            let is_named = is_of_roots(&name);
            match fs::metadata(&path) {
                Ok(file) if file.is_file() && is_named => {
                    if self.is_new(&file) {
                        self.count(file.len())?;
                        listing.files.push((path, file.len()));
                    } else {
                        let file = identity(&file);
                        listing.has_seen_files |= file.is_some_and(|file| seen.contains(&file));
                    }
                }
                Ok(file) if file.is_file() => listing.others.push(path),
                Err(why) if is_named => listing.unreadable.push((path, why)),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(Some(listing))
    }

    /// The content of a file that was listed with this size.
    pub(crate) fn read(&mut self, path: &Path, size: u64) -> io::Result<Vec<u8>> {
        let content = read_known_file(path, size)?;
        // A file of /proc has a size of 0, and any content.
        self.count((content.len() as u64).saturating_sub(size))?;
        Ok(content)
    }

    fn count(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > Self::MOST_BYTES {
            return Err(too_much(&format!("{} bytes", Self::MOST_BYTES)));
        }
        Ok(())
    }

    /// Whether it is the first path to this file or directory.
    fn is_new(&mut self, metadata: &Metadata) -> bool {
        let Some(identity) = identity(metadata) else {
            return true;
        };
        let place = self.seen.binary_search(&identity);
        place
            .map_err(|place| self.seen.insert(place, identity))
            .is_err()
    }
}

fn too_much(what: &str) -> io::Error {
    let why = format!("more than {what}: not a directory of roots");
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn is_of_roots(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let is_hash = name
        .split_at_checked(8)
        .and_then(|(hash, number)| Some((hash, number.strip_prefix(b".")?)))
        .is_some_and(|(hash, number)| {
            let is_digits = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
            is_digits && hash.iter().all(u8::is_ascii_hexdigit)
        });
    let lower = name.to_ascii_lowercase();
    let has_ending = [&b".pem"[..], b".crt", b".cer"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    is_hash || has_ending && !name.starts_with(b".")
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "other systems have none")]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}
