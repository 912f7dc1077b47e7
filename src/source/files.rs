//! Files of roots that the user names, strictly.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use embedded_roots_bundle::{
    PrivateKeys, data_in_place_of_a_path, parse, parse_digests, parse_each, pem_in_place_of_a_path,
    read_file,
};

use crate::error::Error;
use crate::source::directory::Directories;
use crate::source::origin::{Origin, shown, shown_of_variable};
use crate::source::root::{Source, SourceRoot};
use crate::source::variables::Variables;

/// The roots of one PEM file, strictly.
pub(crate) fn pem_file(path: &Path) -> Result<Source, Error> {
    let mut source = Source::new(Origin::File(path.to_owned()));
    source.roots = roots_of(path, &shown(path))?;
    Ok(source)
}

/// Like [`pem_file`], for a file that may be absent.
pub(crate) fn optional_pem_file(path: &Path) -> Result<Source, Error> {
    // A dangling link exists, and is invalid.
    let link = fs::symlink_metadata(path);
    if link.is_err_and(|why| why.kind() == io::ErrorKind::NotFound) {
        let mut source = Source::new(Origin::File(path.to_owned()));
        source.skipped.push("absent".to_owned());
        return Ok(source);
    }
    pem_file(path)
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

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, strictly; `None` if neither is set.
///
/// They replace the system's store.
pub(crate) fn ssl_cert_env(variables: &Variables) -> Result<Option<Source>, Error> {
    let file = value(variables, "SSL_CERT_FILE")?.map(PathBuf::from);
    let directories = value(variables, "SSL_CERT_DIR")?;
    if file.is_none() && directories.is_none() {
        return Ok(None);
    }
    let mut roots = Vec::new();
    let mut skipped = Vec::new();
    if let Some(file) = &file {
        roots = roots_of_variable(file).map_err(|why| why.of_variable("SSL_CERT_FILE"))?;
    }
    if let Some(directories) = &directories {
        let before = roots.len();
        // SSL_CERT_FILE may point into one of these directories; it still counts there.
        let mut reader = Directories::default();
        for directory in env::split_paths(directories).filter(|path| !path.as_os_str().is_empty()) {
            add_directory(&directory, &mut reader, &mut roots, &mut skipped)
                .map_err(|why| why.of_variable("SSL_CERT_DIR"))?;
        }
        if roots.len() == before {
            let shown = shown_of_variable(Path::new(directories));
            let why = Error::invalid(format_args!(
                "no certificate in {shown}, in files named *.pem, *.crt, *.cer or by a hash of \
                 OpenSSL"
            ));
            return Err(why.of_variable("SSL_CERT_DIR"));
        }
    }
    Ok(Some(Source {
        origin: Origin::SslCertEnv { file, directories },
        roots,
        skipped,
    }))
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

/// The roots of a file that a variable names.
fn roots_of_variable(path: &Path) -> Result<Vec<SourceRoot>, Error> {
    roots_of(path, &shown_of_variable(path)).map_err(|why| without_data(path, why))
}

/// The error of a path that a variable names, without the path if that is no path.
fn without_data(path: &Path, why: Error) -> Error {
    let data = why
        .is_unreadable()
        .then(|| data_in_place_of_a_path(&path.to_string_lossy()));
    data.flatten().map_or(why, Error::invalid)
}

fn roots_of(path: &Path, name: &str) -> Result<Vec<SourceRoot>, Error> {
    let pem = read_file(path).map_err(|why| Error::unreadable(name, why))?;
    let roots = parse(name, &pem, PrivateKeys::Ignore).map_err(Error::invalid)?;
    Ok(roots.into_iter().map(SourceRoot::from).collect())
}

/// The digests in a file, strictly.
pub(crate) fn digests(path: &Path) -> Result<Vec<[u8; 32]>, Error> {
    let name = shown(path);
    let text = read_file(path).map_err(|why| Error::unreadable(&name, why))?;
    parse_digests(&name, &text).map_err(Error::invalid)
}

/// Adds the roots of all files that have any; one invalid file is an error, but a certificate
/// that is not a CA's is skipped.
fn add_directory(
    directory: &Path,
    directories: &mut Directories,
    roots: &mut Vec<SourceRoot>,
    skipped: &mut Vec<String>,
) -> Result<(), Error> {
    let listing = directories.list(directory);
    let listing = listing.map_err(|why| {
        without_data(
            directory,
            Error::unreadable(&shown_of_variable(directory), why),
        )
    })?;
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
    for (path, size) in listing.files {
        let name = shown_of_variable(&path);
        let pem = directories.read(&path, size);
        let pem = pem.map_err(|why| Error::unreadable(&name, why))?;
        for root in parse_each(&name, &pem, PrivateKeys::Ignore) {
            match root {
                Ok(root) => roots.push(root.into()),
                // No certificate in it: a note, or a certificate revocation list.
                Err(why) if why.line().is_none() => skipped.push(why.to_string()),
                // A server's own certificate: Debian's package ssl-cert leaves one among the roots.
                // As an issuer, OpenSSL ignores it, too.
                Err(why) if why.is_refused_as_ca() => skipped.push(why.to_string()),
                Err(why) => return Err(Error::invalid(why)),
            }
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
