//! Reads files within bounds.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file that [`read_file`] reads: 16 MiB, about fifty times Mozilla's bundle.
pub const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// The content of a regular file of at most [`MAX_FILE_SIZE`] bytes.
///
/// # Errors
///
/// If the system cannot read the file, or it is a directory, a pipe, a device or larger. The call
/// never blocks on a pipe or reads without end.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_file_up_to(path, MAX_FILE_SIZE)
}

/// Like [`read_file`], with another bound in bytes.
///
/// # Errors
///
/// Fails like [`read_file`].
pub fn read_file_up_to(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Check before opening, because opening a device may have side effects.
    check(&fs::metadata(path)?, most)?;
    // By now the path may lead to another file, which is then read as a whole.
    let file = open(path)?;
    let metadata = file.metadata()?;
    check(&metadata, most)?;
    read(&file, metadata.len(), most)?.ok_or_else(|| too_large(most))
}

/// Like [`read_file`], for a path that has just led to a regular file of this size. It is for callers that
/// add up the sizes of many files.
///
/// # Errors
///
/// If the file has grown since: a part of it is not used in place of the whole. The call does not block if the
/// path leads elsewhere.
pub fn read_known_file(path: &Path, size: u64) -> io::Result<Vec<u8>> {
    check_size(size, MAX_FILE_SIZE)?;
    let file = open(path)?;
    // Files in /proc report a size of 0.
    if size == 0 {
        return read(&file, size, MAX_FILE_SIZE)?.ok_or_else(|| too_large(MAX_FILE_SIZE));
    }
    read(&file, size, size)?
        .ok_or_else(|| io::Error::other("the file has grown since it was listed"))
}

/// All of it, or `None` if there are more than `most` bytes.
fn read(mut file: &File, size: u64, most: u64) -> io::Result<Option<Vec<u8>>> {
    let size = usize::try_from(size).unwrap_or_default();
    // One more than the size, so that a file that has grown gives more. One that has its size gives exactly that, by
    // a single read: `read_to_end` would make several, and one to find the end.
    let mut content = vec![0; size + 1];
    let length = loop {
        match file.read(&mut content) {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    content.truncate(length);
    if length != size || size == 0 {
        let left = (most + 1).saturating_sub(content.len() as u64);
        file.take(left).read_to_end(&mut content)?;
    }
    let is_all = u64::try_from(content.len()).is_ok_and(|length| length <= most);
    Ok(is_all.then_some(content))
}

/// Opens without blocking. By default, opening a pipe waits for its writer.
#[cfg(unix)]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn check(metadata: &Metadata, most: u64) -> io::Result<()> {
    if !metadata.is_file() {
        let why = if metadata.is_dir() {
            "it is a directory, not a regular file: name the PEM files in it"
        } else {
            "not a regular file"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    check_size(metadata.len(), most)
}

fn check_size(size: u64, most: u64) -> io::Result<()> {
    if size > most {
        return Err(too_large(most));
    }
    Ok(())
}

pub(crate) fn too_large(most: u64) -> io::Error {
    let why = format!("larger than {} MiB", most >> 20);
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
