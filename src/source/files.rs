//! Files of roots that the user names, strictly.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use embedded_roots_bundle::{
    PrivateKeys, data_in_place_of_a_path, parse, parse_digests, parse_each, pem_in_place_of_a_path,
    read_file, read_file_or_descriptor,
};

use crate::error::Error;
use crate::source::directory::Directories;
use crate::source::origin::{Origin, shown, shown_of_variable};
use crate::source::root::{Source, SourceRoot};
use crate::source::variables::Variables;

/// The roots of one PEM file, strictly.
pub(crate) fn pem_file(path: &Path) -> Result<Source, Error> {
    let mut source = Source::new(Origin::File(path.to_owned()));
    source.roots = roots_of(path, &shown(path), read_file)?;
    Ok(source)
}

/// Like [`pem_file`], for a file that may be absent, empty or without anything but comments.
pub(crate) fn optional_pem_file(path: &Path) -> Result<Source, Error> {
    let mut source = Source::new(Origin::File(path.to_owned()));
    if is_absent(path) {
        source.skipped.push("absent".to_owned());
        return Ok(source);
    }
    match contents(path, &shown(path), read_file)? {
        Contents::Roots(roots) => source.roots = roots,
        Contents::Nothing(_) => source.skipped.push("empty, or only comments".to_owned()),
    }
    source.note_place(path, !source.roots.is_empty());
    Ok(source)
}

/// The file that a variable names, strictly; `None` if it is not set.
pub(crate) fn extra_env(variables: &Variables, name: &str) -> Result<Option<Source>, Error> {
    let Some(path) = value(variables, name)?.map(PathBuf::from) else {
        return Ok(None);
    };
    let roots = roots_of_variable(&path).map_err(|why| why.of_variable(name))?;
    let name = name.to_owned();
    let mut source = Source::new(Origin::Variable { name, path });
    source.roots = roots;
    Ok(Some(source))
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`; `None` if neither is set. They replace the system's store.
///
/// A directory that is absent or has nothing is skipped where another place has roots, because people set both variables
/// and have only the file. Anything else that is wrong is an error, and so is a set that has no root.
pub(crate) fn ssl_cert_env(variables: &Variables) -> Result<Option<Source>, Error> {
    const FILE: &str = "SSL_CERT_FILE";
    const DIRECTORIES: &str = "SSL_CERT_DIR";

    let file = value(variables, FILE)?.map(PathBuf::from);
    let directories = value(variables, DIRECTORIES)?;
    if file.is_none() && directories.is_none() {
        return Ok(None);
    }
    let mut source = Source::new(Origin::SslCertEnv {
        file: file.clone(),
        directories: directories.clone(),
    });
    if let Some(file) = &file {
        source.roots = roots_of_variable(file).map_err(|why| why.of_variable(FILE))?;
    }
    // Why a directory has no roots.
    let mut reasons = Vec::new();
    if let Some(directories) = &directories {
        // SSL_CERT_FILE may point into one of these directories; it still counts there.
        let mut reader = Directories::default();
        let paths = env::split_paths(directories).filter(|path| !path.as_os_str().is_empty());
        let paths: Vec<_> = paths.collect();
        for path in &paths {
            let nothing = add_directory(path, &mut reader, &mut source)
                .map_err(|why| why.of_variable(DIRECTORIES))?;
            reasons.extend(nothing.map(|why| why.of_variable(DIRECTORIES)));
        }
        if paths.is_empty() {
            reasons.push(no_certificate_in(directories).of_variable(DIRECTORIES));
        }
    }
    if source.roots.is_empty() {
        let none = || Error::invalid("no certificate").of_variable(DIRECTORIES);
        return Err(reasons.into_iter().next().unwrap_or_else(none));
    }
    // `Debug` shows the causes.
    let reasons = reasons.iter().map(|why| format!("{why:?}"));
    source.skipped.splice(..0, reasons);
    Ok(Some(source))
}

/// The value of a variable that names paths; an error, which shows nothing of it, if it is PEM text.
fn value(variables: &Variables, name: &str) -> Result<Option<OsString>, Error> {
    let value = variables.value(name);
    let pem = value
        .as_ref()
        .and_then(|value| pem_in_place_of_a_path(&value.to_string_lossy()));
    match pem {
        Some(why) => Err(Error::invalid(why).of_variable(name)),
        None => Ok(value),
    }
}

/// The roots of a file that a variable names, strictly.
fn roots_of_variable(path: &Path) -> Result<Vec<SourceRoot>, Error> {
    // As in `SSL_CERT_FILE=<(command)`.
    let roots = roots_of(path, &shown_of_variable(path), read_file_or_descriptor);
    roots.map_err(|why| without_data(path, why))
}

/// The error of a path that a variable names, without the path if that is no path.
fn without_data(path: &Path, why: Error) -> Error {
    let data = why
        .is_unreadable()
        .then(|| data_in_place_of_a_path(&path.to_string_lossy()));
    data.flatten().map_or(why, Error::invalid)
}

/// A dangling link is there, and is invalid.
fn is_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|why| why.kind() == io::ErrorKind::NotFound)
}

/// The roots of a file, strictly.
fn roots_of(
    path: &Path,
    name: &str,
    read: impl Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Vec<SourceRoot>, Error> {
    match contents(path, name, read)? {
        Contents::Roots(roots) => Ok(roots),
        Contents::Nothing(why) => Err(why),
    }
}

/// What a file has.
enum Contents {
    Roots(Vec<SourceRoot>),
    /// Nothing, or only comments. The error is that of a source that must have roots.
    Nothing(Error),
}

/// The contents of a file, whose `name` is for errors.
fn contents(
    path: &Path,
    name: &str,
    read: impl Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Contents, Error> {
    let pem = read(path).map_err(|why| Error::unreadable(name, why))?;
    match parse(name, &pem, PrivateKeys::Ignore) {
        Ok(roots) => Ok(Contents::Roots(
            roots.into_iter().map(SourceRoot::from).collect(),
        )),
        Err(why) if has_only_comments(&pem) => {
            // A certificate that is commented out is not missed here. An annotation is no comment, and its error has a
            // line.
            let lines = pem.split_inclusive(|byte| *byte == b'\n');
            let others = lines.filter(|line| !line.windows(5).any(|part| part == b"-----"));
            match parse(
                name,
                &others.collect::<Vec<_>>().concat(),
                PrivateKeys::Ignore,
            ) {
                Err(other) if other.line().is_some() => Err(Error::invalid(other)),
                _ => Ok(Contents::Nothing(Error::invalid(why))),
            }
        }
        Err(why) => Err(Error::invalid(why)),
    }
}

/// Whether all lines are blank or begin with `#`.
fn has_only_comments(text: &[u8]) -> bool {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.all(|line| {
        let line = line.trim_ascii_start();
        line.is_empty() || line.starts_with(b"#")
    })
}

/// The digests in a file, strictly.
pub(crate) fn digests(path: &Path) -> Result<Vec<[u8; 32]>, Error> {
    let name = shown(path);
    let text = read_file(path).map_err(|why| Error::unreadable(&name, why))?;
    parse_digests(&name, &text).map_err(Error::invalid)
}

/// Adds the roots of all files that have any; one invalid file is an error, but a certificate
/// that is not a CA's is skipped. Returns why there are none, if the directory is absent or has nothing. One that is named
/// again counts once.
fn add_directory(
    directory: &Path,
    directories: &mut Directories,
    source: &mut Source,
) -> Result<Option<Error>, Error> {
    let listing = match directories.list(directory) {
        Ok(Some(listing)) => listing,
        Ok(None) => return Ok(None),
        Err(why) => {
            let why = Error::unreadable(&shown_of_variable(directory), why);
            let why = without_data(directory, why);
            if !(why.is_unreadable() && is_absent(directory)) {
                return Err(why);
            }
            source.note_place(directory, false);
            return Ok(Some(why));
        }
    };
    let skipped = &mut source.skipped;
    skipped.extend(listing.unreadable.iter().map(|(path, why)| {
        let path = shown_of_variable(path);
        format!("{path}: {why}")
    }));
    skipped.extend(listing.others.iter().map(|path| {
        let path = shown_of_variable(path);
        format!(
            "{path}: ignored, because it is not named *.pem, *.crt, *.cer or by a hash of OpenSSL"
        )
    }));
    let before = source.roots.len();
    for (path, size) in listing.files {
        let name = shown_of_variable(&path);
        let pem = directories.read(&path, size);
        let pem = pem.map_err(|why| Error::unreadable(&name, why))?;
        for root in parse_each(&name, &pem, PrivateKeys::Ignore) {
            match root {
                Ok(root) => source.roots.push(root.into()),
                // No certificate in it: a note, or a certificate revocation list.
                Err(why) if why.line().is_none() => skipped.push(why.to_string()),
                // A server's own certificate: Debian's package ssl-cert leaves one among the roots.
                // As an issuer, OpenSSL ignores it, too.
                Err(why) if why.is_refused_as_ca() => skipped.push(why.to_string()),
                Err(why) => return Err(Error::invalid(why)),
            }
        }
    }
    let has_roots = source.roots.len() > before || listing.has_seen_files;
    source.note_place(directory, has_roots);
    Ok((!has_roots).then(|| no_certificate_in(directory.as_os_str())))
}

fn no_certificate_in(directories: &OsStr) -> Error {
    let shown = shown_of_variable(Path::new(directories));
    Error::invalid(format_args!(
        "no certificate in {shown}, in files named *.pem, *.crt, *.cer or by a hash of OpenSSL"
    ))
}

#[cfg(all(test, unix))]
mod tests;
