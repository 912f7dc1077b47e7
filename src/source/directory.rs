//! Directories of roots.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use embedded_roots_bundle::MAX_FILE_SIZE;

use crate::source::shown;

/// What a directory of roots has.
#[derive(Default)]
pub(crate) struct Listing {
    /// The files that were not seen before, each with its size, in the order of their names.
    pub(crate) files: Vec<(PathBuf, u64)>,
    /// What has the name of a file of roots and cannot be read, such as a dangling link.
    pub(crate) unreadable: Vec<String>,
    /// Files of other names.
    pub(crate) others: Vec<PathBuf>,
}

/// The files of a directory. It is not descended; one with more in it than any store has is an error.
///
/// A file of roots is one that OpenSSL finds, by its hash (`4042bcee.0`), or one that `openssl rehash`
/// would give such a name: `.pem`, `.crt`, `.cer`. Editors and package managers leave others there, such
/// as `corp.pem~` and `corp.pem.dpkg-old`, whose roots may have been taken away on purpose.
pub(crate) fn in_directory(directory: &Path, seen: &mut Seen) -> io::Result<Listing> {
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
    let mut listing = Listing::default();
    for name in names {
        let path = directory.join(&name);
        let is_named = is_of_roots(&name);
        match fs::metadata(&path) {
            Ok(file) if file.is_file() && is_named => {
                bytes += file.len();
                if seen.is_new(&file) {
                    listing.files.push((path, file.len()));
                }
            }
            Ok(file) if file.is_file() => listing.others.push(path),
            Err(why) if is_named => listing.unreadable.push(format!("{}: {why}", shown(&path))),
            Ok(_) | Err(_) => {}
        }
    }
    if bytes > MOST_BYTES {
        return Err(too_much(format!("{MOST_BYTES} bytes")));
    }
    Ok(listing)
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

/// The files that were read, sorted. A directory of roots is full of links to the same files.
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
