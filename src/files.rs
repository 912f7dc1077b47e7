//! Files of roots that the user names, strictly.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::{env, io};

use embedded_roots_bundle::{MAX_FILE_SIZE, PrivateKeys, parse, parse_each, read_file};

use crate::roots::{Source, Standing};
use crate::{Anchor, Error};

/// Where variables are looked up: a value, so that tests bring their own.
#[derive(Debug, Clone, Default)]
pub(crate) enum Variables {
    #[default]
    OfTheProcess,
    #[cfg(test)]
    Given(Vec<(&'static str, OsString)>),
}

impl Variables {
    /// One that is set to nothing counts as unset.
    fn value(&self, name: &str) -> Option<OsString> {
        let value = match self {
            Self::OfTheProcess => env::var_os(name),
            #[cfg(test)]
            Self::Given(values) => {
                let mut values = values.iter();
                values
                    .find(|(other, _)| *other == name)
                    .map(|(_, value)| value.clone())
            }
        };
        value.filter(|value| !value.is_empty())
    }
}

/// The roots of one PEM file, strictly.
pub(crate) fn pem_file(path: &Path) -> Result<Source, Error> {
    let mut source = Source::new(format!("file {}", path.display()), Standing::Given);
    source.anchors = anchors_of(path)?;
    Ok(source)
}

/// As [`pem_file`], for one that may be absent.
pub(crate) fn optional_pem_file(path: &Path) -> Result<Source, Error> {
    if is_absent(path) {
        let mut source = Source::new(format!("file {}", path.display()), Standing::Given);
        source.skipped.push("absent".to_owned());
        return Ok(source);
    }
    pem_file(path)
}

/// The file that a variable names, strictly; `None` if it is not set.
pub(crate) fn extra_env(variables: &Variables, name: &str) -> Result<Option<Source>, Error> {
    let Some(path) = variables.value(name).map(PathBuf::from) else {
        return Ok(None);
    };
    let mut source = Source::new(format!("{name}={}", path.display()), Standing::Given);
    source.anchors = anchors_of(&path).map_err(|why| why.of_variable(name))?;
    Ok(Some(source))
}

pub(crate) fn is_absent(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|why| why.kind() == io::ErrorKind::NotFound)
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, strictly; `None` if neither is set.
pub(crate) fn ssl_cert_env(variables: &Variables) -> Result<Option<Source>, Error> {
    let [file, directories] = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| variables.value(name));
    if file.is_none() && directories.is_none() {
        return Ok(None);
    }
    let mut origins = Vec::new();
    let mut anchors = Vec::new();
    if let Some(file) = file.map(PathBuf::from) {
        let named = anchors_of(&file).map_err(|why| why.of_variable("SSL_CERT_FILE"))?;
        anchors.extend(named);
        origins.push(format!("SSL_CERT_FILE={}", file.display()));
    }
    if let Some(directories) = directories {
        let of_variable = |why: Error| why.of_variable("SSL_CERT_DIR");
        let mut found = Vec::new();
        for directory in env::split_paths(&directories).filter(|path| !path.as_os_str().is_empty())
        {
            found.extend(anchors_in(&directory).map_err(of_variable)?);
        }
        let shown = Path::new(&directories).display().to_string();
        if found.is_empty() {
            let why = Error::invalid(format!("no certificate in {shown}"));
            return Err(of_variable(why));
        }
        anchors.extend(found);
        origins.push(format!("SSL_CERT_DIR={shown}"));
    }
    let mut source = Source::new(origins.join(", "), Standing::Given);
    source.anchors = anchors;
    Ok(Some(source))
}

/// The files of a directory, in the order of their names.
///
/// It is not descended. A directory with more in it than any store has is an error.
pub(crate) fn in_directory(directory: &Path) -> io::Result<Vec<PathBuf>> {
    const MOST_ENTRIES: usize = 4096;
    const MOST_BYTES: u64 = 4 * MAX_FILE_SIZE;

    let too_much = |what: String| {
        let why = format!("more than {what}: not a directory of roots");
        io::Error::new(io::ErrorKind::InvalidInput, why)
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        if paths.len() == MOST_ENTRIES {
            return Err(too_much(format!("{MOST_ENTRIES} entries")));
        }
        paths.push(entry?.path());
    }
    paths.sort();
    let mut bytes = 0;
    paths.retain(|path| {
        let file = fs::metadata(path).ok().filter(Metadata::is_file);
        bytes += file.as_ref().map_or(0, Metadata::len);
        file.is_some()
    });
    if bytes > MOST_BYTES {
        return Err(too_much(format!("{MOST_BYTES} bytes")));
    }
    Ok(paths)
}

/// Which files were read: a directory of roots is full of links to the same ones.
#[derive(Default)]
pub(crate) struct Seen(HashSet<(u64, u64)>);

impl Seen {
    /// Whether it is the first path to this file.
    pub(crate) fn is_new(&mut self, path: &Path) -> bool {
        let identity = fs::metadata(path)
            .ok()
            .and_then(|metadata| identity(&metadata));
        identity.is_none_or(|identity| self.0.insert(identity))
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

fn anchors_of(path: &Path) -> Result<Vec<Anchor>, Error> {
    let name = path.display().to_string();
    let pem = read_file(path).map_err(|why| Error::unreadable(&name, why))?;
    let roots = parse(&name, &pem, PrivateKeys::PassOver)?;
    Ok(roots.iter().map(Anchor::from).collect())
}

/// The anchors of all files that have any; one file that is unsound is an error.
fn anchors_in(directory: &Path) -> Result<Vec<Anchor>, Error> {
    let unreadable = |why| Error::unreadable(&directory.display().to_string(), why);
    let mut seen = Seen::default();
    let mut anchors = Vec::new();
    for path in in_directory(directory).map_err(unreadable)? {
        if !seen.is_new(&path) {
            continue;
        }
        let name = path.display().to_string();
        let pem = read_file(&path).map_err(|why| Error::unreadable(&name, why))?;
        for root in parse_each(&name, &pem, PrivateKeys::PassOver) {
            match root {
                Ok(root) => anchors.push(Anchor::from(&root)),
                // No certificate: a note, a list of revoked ones.
                Err(why) if why.line().is_none() => {}
                Err(why) => return Err(why.into()),
            }
        }
    }
    Ok(anchors)
}
