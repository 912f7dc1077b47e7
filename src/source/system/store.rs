//! The files and directories in which systems without an API keep their roots.

use std::path::{Path, PathBuf};
use std::{fs, io};

use embedded_roots_bundle::{PrivateKeys, parse_each, read_file};

use crate::source::directory::Directories;
use crate::source::origin::{Origin, shown};
use crate::source::root::{Source, SourceRoot};
use crate::source::system::joined::SeparatedLines;

/// The rule of Go's crypto/x509: the first file that has roots, and all directories.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    files: Vec<PathBuf>,
    /// Of each system the first that has roots.
    directories: Vec<Vec<PathBuf>>,
    /// Read only if nothing else has roots.
    last_directories: Vec<PathBuf>,
}

/// The sources are Go (`src/crypto/x509/root_linux.go`, `root_bsd.go`, `root_solaris.go`; BSD-3-Clause) and
/// openssl-probe 0.2.2 (`src/lib.rs`; MIT or Apache-2.0).
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
    // illumos (OpenIndiana) and Solaris
    "/etc/certs/ca-certificates.crt",
    // illumos (OmniOS): Go's root_solaris.go, and https://github.com/rustls/openssl-probe/pull/22
    "/etc/ssl/cacert.pem",
    // Entware
    "/opt/etc/ssl/certs/ca-certificates.crt",
    // OpenHarmony: https://github.com/rustls/openssl-probe/pull/42
    "/etc/ssl/certs/cacert.pem",
    // NixOS
    "/etc/ssl/certs/ca-bundle.crt",
    // Termux
    "/data/data/com.termux/files/usr/etc/tls/cert.pem",
    // Haiku: https://github.com/rustls/openssl-probe/pull/4
    "/boot/system/data/ssl/CARootCertificates.pem",
];

const DIRECTORIES: &[&[&str]] = &[
    // Debian, Alpine, openSUSE, FreeBSD
    &["/etc/ssl/certs"],
    // Fedora, RHEL
    &["/etc/pki/tls/certs"],
    // Android. Since version 14, the module Conscrypt has the roots and is updated apart from the system, whose
    // directory keeps the roots that the module has removed. Android itself reads one of the two
    // (Conscrypt's TrustedCertificateStore.java).
    &[
        "/apex/com.android.conscrypt/cacerts",
        "/system/etc/security/cacerts",
    ],
];

const LAST_DIRECTORIES: &[&str] = &[
    // OpenHarmony: https://github.com/rustls/openssl-probe/pull/38. On other systems, administrators keep servers'
    // certificates in a directory of this name, and some of them are CA certificates.
    "/etc/security/certificates",
];

impl Default for Store {
    fn default() -> Self {
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect();
        Self {
            files: paths(FILES),
            directories: DIRECTORIES.iter().map(|list| paths(list)).collect(),
            last_directories: paths(LAST_DIRECTORIES),
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
        let store = Self::default();
        Self {
            files: below(store.files),
            directories: store.directories.into_iter().map(below).collect(),
            last_directories: below(store.last_directories),
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
        for alternatives in &self.directories {
            add_first(alternatives, &mut directories, &mut source, &mut places);
        }
        if source.roots.is_empty() {
            add_first(
                &self.last_directories,
                &mut directories,
                &mut source,
                &mut places,
            );
        }
        source.origin = Origin::SystemStore { places };
        source
    }
}

/// Adds the roots of the first of these directories that has any.
fn add_first(
    alternatives: &[PathBuf],
    directories: &mut Directories,
    source: &mut Source,
    places: &mut Vec<PathBuf>,
) {
    for directory in alternatives.iter().filter(|path| !is_absent(path)) {
        let before = source.roots.len();
        match directories.list(directory) {
            Ok(None) => {}
            Ok(Some(listing)) => {
                let unreadable = listing.unreadable.iter();
                let unreadable = unreadable.map(|(path, why)| format!("{}: {why}", shown(path)));
                source.skipped.extend(unreadable);
                for (path, size) in listing.files {
                    add_leniently(&path, directories.read(&path, size), source);
                }
            }
            Err(why) => {
                let name = shown(directory);
                source.skipped.push(format!("{name}: {why}"));
            }
        }
        if source.roots.len() > before {
            places.push(directory.clone());
            break;
        }
    }
}

/// Adds the usable certificates of a system's file, and lists what was skipped.
fn add_leniently(path: &Path, content: io::Result<Vec<u8>>, source: &mut Source) {
    let name = shown(path);
    let pem = match content {
        Ok(pem) => pem,
        Err(why) => return source.skipped.push(format!("{name}: {why}")),
    };
    let mut readable = ReadableStore::new(&name, &pem, |line| line);
    // Only a text with errors is changed, so that nothing of a good one can be misread.
    if readable.errors > 0 {
        let lines = SeparatedLines::new(&pem);
        if lines.text != pem {
            readable = ReadableStore::new(&name, &lines.text, |line| lines.line(line));
        }
    }
    let ReadableStore {
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
struct ReadableStore {
    roots: Vec<SourceRoot>,
    /// The first of the errors.
    shown_errors: Vec<String>,
    errors: usize,
}

impl ReadableStore {
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
