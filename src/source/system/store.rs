//! The files and directories in which systems without an API keep their roots.

use std::path::{Path, PathBuf};
use std::{fs, io};

use embedded_roots_bundle::{PrivateKeys, parse_each, read_file};

use crate::source::directory::Directories;
use crate::source::origin::{Origin, shown};
use crate::source::root::{Source, SourceRoot};
use crate::source::system::joined::SeparatedLines;

/// The rule of Go's crypto/x509: the first file that exists, and all directories.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

const FILES: &[&str] = &[
    // Debian, Ubuntu, Gentoo, Arch
    "/etc/ssl/certs/ca-certificates.crt",
    // Fedora, RHEL 7 and later
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    // RHEL 6
    "/etc/pki/tls/certs/ca-bundle.crt",
    // openSUSE
    "/etc/ssl/ca-bundle.pem",
    // OpenELEC
    "/etc/pki/tls/cacert.pem",
    // Alpine, OpenBSD, FreeBSD's base system
    "/etc/ssl/cert.pem",
    // FreeBSD's package ca_root_nss
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    // NetBSD
    "/etc/openssl/certs/ca-certificates.crt",
    // illumos and Solaris
    "/etc/certs/ca-certificates.crt",
    // Entware
    "/opt/etc/ssl/certs/ca-certificates.crt",
    // OpenHarmony
    "/etc/ssl/certs/cacert.pem",
    // NixOS
    "/etc/ssl/certs/ca-bundle.crt",
    // Termux
    "/data/data/com.termux/files/usr/etc/tls/cert.pem",
];

const DIRECTORIES: &[&str] = &[
    // Debian, Alpine, openSUSE, FreeBSD
    "/etc/ssl/certs",
    // Fedora, RHEL
    "/etc/pki/tls/certs",
    // Android
    "/system/etc/security/cacerts",
];

impl Default for Store {
    fn default() -> Self {
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect();
        Self {
            files: paths(FILES),
            directories: paths(DIRECTORIES),
        }
    }
}

impl Store {
    /// A store below another root directory.
    #[cfg(test)]
    pub(crate) fn below(root: &Path) -> Self {
        let below = |paths: Vec<PathBuf>| {
            paths
                .iter()
                .map(|path| root.join(path.strip_prefix("/").unwrap()))
                .collect()
        };
        let Self { files, directories } = Self::default();
        Self {
            files: below(files),
            directories: below(directories),
        }
    }

    /// Tolerant: unusable certificates are skipped, and listed in the source.
    pub(super) fn source(&self) -> Source {
        let mut source = Source::new(Origin::SystemStore { places: Vec::new() });
        let mut places = Vec::new();
        let mut directories = Directories::default();
        let is_there = |path: &&PathBuf| !is_absent(path);
        for path in self.files.iter().filter(is_there) {
            directories.add(path);
            let before = source.roots.len();
            add_leniently(path, read_file(path), &mut source);
            if source.roots.len() > before {
                places.push(path.clone());
                break;
            }
        }
        for directory in self.directories.iter().filter(is_there) {
            let before = source.roots.len();
            match directories.list(directory) {
                Ok(None) => {}
                Ok(Some(listing)) => {
                    let unreadable = listing.unreadable.iter();
                    let unreadable =
                        unreadable.map(|(path, why)| format!("{}: {why}", shown(path)));
                    source.skipped.extend(unreadable);
                    for (path, size) in listing.files {
                        add_leniently(&path, directories.read(&path, size), &mut source);
                    }
                }
                Err(why) => {
                    let name = shown(directory);
                    source.skipped.push(format!("{name}: {why}"));
                }
            }
            if source.roots.len() > before {
                places.push(directory.clone());
            }
        }
        source.origin = Origin::SystemStore { places };
        source
    }
}

/// Adds the usable certificates of a system's file, and lists what was skipped.
fn add_leniently(path: &Path, content: io::Result<Vec<u8>>, source: &mut Source) {
    let name = shown(path);
    let pem = match content {
        Ok(pem) => pem,
        Err(why) => return source.skipped.push(format!("{name}: {why}")),
    };
    let mut readable = Readable::new(&name, &pem, |line| line);
    // Only a text with errors is changed, so that nothing of a good one can be misread.
    if readable.errors > 0 {
        let lines = SeparatedLines::new(&pem);
        if lines.text != pem {
            readable = Readable::new(&name, &lines.text, |line| lines.line(line));
        }
    }
    let Readable {
        roots,
        shown_errors,
        errors,
    } = readable;
    source.roots.extend(roots);
    let more = errors - shown_errors.len();
    source.skipped.extend(shown_errors);
    if more > 0 {
        source.skipped.push(format!("{name}: {more} more errors"));
    }
}

/// What can be read of a file.
struct Readable {
    roots: Vec<SourceRoot>,
    /// The first of the errors.
    shown_errors: Vec<String>,
    errors: usize,
}

impl Readable {
    /// A file full of garbage must not fill the report.
    const MOST_ERRORS: usize = 20;

    /// `line_of` is the number that a line has in the file.
    fn new(name: &str, pem: &[u8], line_of: impl Fn(usize) -> usize) -> Self {
        let mut readable = Self {
            roots: Vec::new(),
            shown_errors: Vec::new(),
            errors: 0,
        };
        for root in parse_each(name, pem, PrivateKeys::Ignore) {
            let why = match root {
                Ok(root) => {
                    readable.roots.push(root.into());
                    continue;
                }
                Err(why) => why,
            };
            // The system's directories also hold other files.
            let Some(line) = why.line() else {
                continue;
            };
            readable.errors += 1;
            if readable.errors <= Self::MOST_ERRORS {
                let (line, why) = (line_of(line), why.reason());
                let error = format!("{name}, line {line}: {why}");
                readable.shown_errors.push(error);
            }
        }
        readable
    }
}

/// A dangling link is there, and is reported.
fn is_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|why| why.kind() == io::ErrorKind::NotFound)
}

#[cfg(all(test, unix))]
mod tests;
