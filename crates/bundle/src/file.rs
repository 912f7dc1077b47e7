//! Bounded reading of files.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file that [`read_file`] reads: 16 MiB, about fifty times Mozilla's bundle.
pub const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// The content of a regular file of at most [`MAX_FILE_SIZE`] bytes.
///
/// # Errors
///
/// For what the system says when the file cannot be read, and for a directory, a pipe, a device or
/// a file that is larger: none of them is waited for or read without end.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // Before it is opened, because opening a device may do something.
    let metadata = fs::metadata(path)?;
    check(&metadata)?;
    read_known_file(path, metadata.len())
}

/// Like [`read_file`], for a path that has just led to a regular file of this size.
///
/// By then it may lead elsewhere: nothing is waited for, and nothing beyond the size is read.
pub fn read_known_file(path: &Path, size: u64) -> io::Result<Vec<u8>> {
    check_size(size)?;
    // The files of /proc say that they are empty.
    let most = if size == 0 { MAX_FILE_SIZE + 1 } else { size };
    let mut content = Vec::with_capacity(size.try_into().unwrap_or_default());
    open(path)?.take(most).read_to_end(&mut content)?;
    check_size(content.len().try_into().unwrap_or(u64::MAX))?;
    Ok(content)
}

/// Does not wait, as opening a pipe does for its writer.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
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

fn check(metadata: &Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    check_size(metadata.len())
}

fn check_size(size: u64) -> io::Result<()> {
    if size > MAX_FILE_SIZE {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "larger than 16 MiB",
        ));
    }
    Ok(())
}
