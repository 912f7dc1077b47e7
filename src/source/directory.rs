//! Directories of roots.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use embedded_roots_bundle::MAX_FILE_SIZE;

/// The files of a directory that were not seen before, each with its size, in the order of their
/// names.
///
/// It is not descended. A directory with more in it than any store has is an error.
pub(crate) fn in_directory(directory: &Path, seen: &mut Seen) -> io::Result<Vec<(PathBuf, u64)>> {
    const MOST_ENTRIES: usize = 4096;
    const MOST_BYTES: u64 = 4 * MAX_FILE_SIZE;

    let too_much = |what: String| {
        let why = format!("more than {what}: not a directory of roots");
        io::Error::new(io::ErrorKind::InvalidInput, why)
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        if names.len() == MOST_ENTRIES {
            return Err(too_much(format!("{MOST_ENTRIES} entries")));
        }
        names.push(entry?.file_name());
    }
    names.sort_unstable();
    let mut bytes = 0;
    let mut files = Vec::with_capacity(names.len());
    for path in names.into_iter().map(|name| directory.join(name)) {
        let Some(file) = fs::metadata(&path).ok().filter(Metadata::is_file) else {
            continue;
        };
        bytes += file.len();
        if seen.is_new(&file) {
            files.push((path, file.len()));
        }
    }
    if bytes > MOST_BYTES {
        return Err(too_much(format!("{MOST_BYTES} bytes")));
    }
    Ok(files)
}

/// Which files were read, sorted: a directory of roots is full of links to the same ones.
#[derive(Default)]
pub(crate) struct Seen(Vec<(u64, u64)>);

impl Seen {
    pub(crate) fn add(&mut self, path: &Path) {
        let _ = fs::metadata(path).map(|metadata| self.is_new(&metadata));
    }

    /// Whether it is the first path to this file.
    fn is_new(&mut self, metadata: &Metadata) -> bool {
        let Some(identity) = identity(metadata) else {
            return true;
        };
        let place = self.0.binary_search(&identity);
        place
            .map_err(|place| self.0.insert(place, identity))
            .is_err()
    }
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
