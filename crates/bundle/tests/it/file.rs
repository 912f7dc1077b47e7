//! Only regular files of a sane size are read.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use embedded_roots_bundle::{MAX_FILE_SIZE, read_file, read_known_file};
use embedded_roots_testing::folder::Folder;

/// A file of this many zeros, which takes no space on file systems that support holes.
fn sparse(folder: &Folder, name: &str, size: u64) -> PathBuf {
    let path = folder.join(name);
    File::create(&path).unwrap().set_len(size).unwrap();
    path
}

#[track_caller]
fn assert_refused(read: io::Result<Vec<u8>>, reason: &str) {
    let error = read.map(|content| content.len()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), reason);
}

#[test]
fn read_file_returns_the_whole_content() {
    let folder = Folder::new("content");
    for content in [&b"\xff\x00\r\n"[..], b""] {
        let path = folder.file("content.pem", content);
        assert_eq!(read_file(&path).unwrap(), content);
    }
}

#[test]
fn file_size_is_limited() {
    let folder = Folder::new("largest");
    let largest = sparse(&folder, "largest.pem", MAX_FILE_SIZE);
    assert_eq!(read_file(&largest).unwrap().len() as u64, MAX_FILE_SIZE);
    let larger = sparse(&folder, "larger.pem", MAX_FILE_SIZE + 1);
    assert_refused(read_file(&larger), "larger than 16 MiB");
}

#[test]
fn file_of_another_size_than_listed_is_read_whole_or_refused() {
    let folder = Folder::new("another-size");
    let path = folder.file("another-size.pem", "0123456789");
    // One that was truncated is read to its end.
    for size in [10, 1000] {
        assert_eq!(read_known_file(&path, size).unwrap(), b"0123456789");
    }
    // An empty one may be of /proc, or have grown: to any size.
    assert_eq!(read_known_file(&path, 0).unwrap(), b"0123456789");
    let large = sparse(&folder, "grown.pem", 4 * MAX_FILE_SIZE);
    assert_refused(read_known_file(&large, 0), "larger than 16 MiB");
    // A part of a file is never returned.
    for path in [&path, &large] {
        let error = read_known_file(path, 4).unwrap_err();
        assert_eq!(error.to_string(), "the file has grown since it was listed");
    }
}

#[test]
fn directories_are_refused() {
    let directory = "it is a directory, not a regular file: name the PEM files in it";
    assert_refused(read_file(Folder::new("directory").path()), directory);
}

/// Reading the first of them would never end.
#[cfg(unix)]
#[test]
fn devices_and_links_to_them_are_refused() {
    for device in ["/dev/zero", "/dev/null"] {
        assert_refused(read_file(Path::new(device)), "not a regular file");
    }
    let folder = Folder::new("link");
    let link = folder.join("zero.pem");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    assert_refused(read_file(&link), "not a regular file");
}

#[test]
fn missing_files_are_errors() {
    let error = read_file(&Folder::new("missing").join("missing.pem")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
