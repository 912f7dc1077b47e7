//! Files of roots that the user names, strictly.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::{env, io};

use embedded_roots_bundle::{
    MAX_FILE_SIZE, PrivateKeys, parse, parse_each, read_file, read_known_file,
};

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
    // A link to nowhere is there, and not sound.
    let link = fs::symlink_metadata(path);
    if link.is_err_and(|why| why.kind() == io::ErrorKind::NotFound) {
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

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, strictly; `None` if neither is set.
///
/// They stand in the place of the system store, and mostly name it: what is known of a root's limits
/// holds for its copies there.
pub(crate) fn ssl_cert_env(variables: &Variables) -> Result<Option<Source>, Error> {
    let [file, directories] = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| variables.value(name));
    if file.is_none() && directories.is_none() {
        return Ok(None);
    }
    let mut origins = Vec::new();
    let mut source = Source::new("", Standing::Listed);
    let mut seen = Seen::default();
    if let Some(file) = file.map(PathBuf::from) {
        seen.add(&file);
        let named = anchors_of(&file).map_err(|why| why.of_variable("SSL_CERT_FILE"))?;
        source.anchors.extend(named);
        origins.push(format!("SSL_CERT_FILE={}", file.display()));
    }
    if let Some(directories) = directories {
        let of_variable = |why: Error| why.of_variable("SSL_CERT_DIR");
        let before = source.anchors.len();
        for directory in env::split_paths(&directories).filter(|path| !path.as_os_str().is_empty())
        {
            add_directory(&directory, &mut seen, &mut source).map_err(of_variable)?;
        }
        let shown = Path::new(&directories).display().to_string();
        if source.anchors.len() == before {
            let why = Error::invalid(format!("no certificate in {shown}"));
            return Err(of_variable(why));
        }
        origins.push(format!("SSL_CERT_DIR={shown}"));
    }
    source.origin = origins.join(", ");
    Ok(Some(source))
}

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

fn anchors_of(path: &Path) -> Result<Vec<Anchor>, Error> {
    let name = path.display().to_string();
    let pem = read_file(path).map_err(|why| Error::unreadable(&name, why))?;
    let roots = parse(&name, &pem, PrivateKeys::PassOver)?;
    Ok(roots.into_iter().map(Anchor::from).collect())
}

/// Adds the anchors of all files that have any; one file that is unsound is an error.
fn add_directory(directory: &Path, seen: &mut Seen, source: &mut Source) -> Result<(), Error> {
    let unreadable = |why| Error::unreadable(&directory.display().to_string(), why);
    for (path, size) in in_directory(directory, seen).map_err(unreadable)? {
        let name = path.display().to_string();
        let pem = read_known_file(&path, size).map_err(|why| Error::unreadable(&name, why))?;
        for root in parse_each(&name, &pem, PrivateKeys::PassOver) {
            match root {
                Ok(root) => source.anchors.push(Anchor::from(root)),
                // A note, a list of revoked ones.
                Err(why) if why.line().is_none() => source.skipped.push(why.to_string()),
                Err(why) => return Err(why.into()),
            }
        }
    }
    Ok(())
}

#[cfg(all(test, unix, feature = "custom", feature = "ring", feature = "system"))]
mod tests {
    use std::fs::File;
    use std::os::unix::ffi::OsStringExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};
    use std::{process, thread};

    use super::*;
    use crate::roots::tests::{World, pem};

    /// The error for a variable of this value, which has to come soon.
    #[track_caller]
    fn refused(variable: &'static str, value: &Path) -> String {
        let start = Instant::now();
        let variables = Variables::Given(vec![(variable, value.into())]);
        let error = match variable {
            "EXTRA_CA" => extra_env(&variables, variable).unwrap_err(),
            _ => ssl_cert_env(&variables).unwrap_err(),
        };
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
        assert!(error.is_invalid_input());
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    }

    #[test]
    fn hostile_files_are_errors_at_once() {
        let world = World::new("hostile");
        let large = world.file("large", "");
        File::options()
            .write(true)
            .open(&large)
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
        let looped = world.path("loop");
        symlink(&looped, &looped).unwrap();
        let device = world.path("device");
        symlink("/dev/zero", &device).unwrap();
        let socket = world.path("socket");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, why) in [
            (Path::new("/dev/zero"), "not a regular file"),
            (&device, "not a regular file"),
            (&socket, "not a regular file"),
            (&world.path("root"), "not a regular file"),
            (&large, "larger than 16 MiB"),
            (&looped, "Too many levels of symbolic links (os error 40)"),
            (
                &world.path("absent"),
                "No such file or directory (os error 2)",
            ),
        ] {
            for variable in ["EXTRA_CA", "SSL_CERT_FILE"] {
                let shown = path.display();
                let text = format!("{variable}: {shown} cannot be read: {why}");
                assert_eq!(refused(variable, path), text);
            }
        }
    }

    #[test]
    #[ignore = "needs the program mkfifo; .ci/run runs it"]
    fn a_pipe_is_not_waited_for() {
        let world = World::new("pipe");
        let pipe = world.path("pipe");
        assert!(
            process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let text = format!(
            "EXTRA_CA: {} cannot be read: not a regular file",
            pipe.display()
        );
        assert_eq!(refused("EXTRA_CA", &pipe), text);
    }

    #[test]
    #[ignore = "needs the program mkfifo; .ci/run runs it"]
    fn a_file_that_becomes_a_pipe_is_not_waited_for() {
        let world = World::new("becomes");
        let path = world.file("ca.pem", pem("One"));
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let pipe = world.path("pipe");
                    process::Command::new("mkfifo").arg(&pipe).status().unwrap();
                    for _ in 0..100 {
                        let kept = world.path("kept");
                        fs::rename(&path, &kept).unwrap();
                        fs::rename(&pipe, &path).unwrap();
                        fs::rename(&path, &pipe).unwrap();
                        fs::rename(&kept, &path).unwrap();
                    }
                    fs::remove_file(&pipe).unwrap();
                }
            });
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(3) {
                // Whichever it is: it comes back.
                let _ = anchors_of(&path);
            }
            done.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_file_without_permission_is_what_the_system_says() {
        let world = World::new("permission");
        let path = world.file("secret.pem", pem("One"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read it all the same.
        let variables = Variables::Given(vec![("EXTRA_CA", path.clone().into())]);
        let readable = File::open(&path).is_ok();
        assert_eq!(extra_env(&variables, "EXTRA_CA").is_ok(), readable);
        if !readable {
            assert!(refused("EXTRA_CA", &path).contains("Permission denied"));
        }
    }

    #[test]
    fn a_directory_has_an_end() {
        let world = World::new("directory");
        for nth in 0..10_000 {
            world.file(&format!("full/{nth}.pem"), "");
        }
        for nth in 0..5 {
            let path = world.file(&format!("large/{nth}"), "");
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(MAX_FILE_SIZE)
                .unwrap();
        }
        let text = refused("SSL_CERT_DIR", &world.path("full"));
        assert!(
            text.contains("more than 4096 entries: not a directory of roots"),
            "{text}"
        );
        let text = refused("SSL_CERT_DIR", &world.path("large"));
        assert!(
            text.contains("more than 67108864 bytes: not a directory of roots"),
            "{text}"
        );
    }

    #[test]
    fn a_path_need_not_be_unicode() {
        let world = World::new("unicode");
        let name = OsString::from_vec(b"\xff\xfe.pem".to_vec());
        let path = world.path("root").join(name);
        let text = refused("EXTRA_CA", &path);
        assert!(text.contains("No such file"), "{text}");
        fs::write(&path, pem("One")).unwrap();
        let variables = Variables::Given(vec![("EXTRA_CA", path.into())]);
        assert_eq!(
            extra_env(&variables, "EXTRA_CA")
                .unwrap()
                .unwrap()
                .anchors
                .len(),
            1
        );
    }

    #[test]
    fn a_file_that_is_replaced_is_one_or_the_other() {
        let world = World::new("replaced");
        let (one, two) = (pem("One"), pem("Two").repeat(3));
        let path = world.file("ca.pem", &one);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for content in [&two, &one] {
                        fs::rename(world.file("next.pem", content), &path).unwrap();
                    }
                }
            });
            let mut counts = Vec::new();
            for _ in 0..500 {
                counts.push(anchors_of(&path).map(|anchors| anchors.len()));
            }
            done.store(true, Ordering::Relaxed);
            assert!(
                counts.iter().all(|count| matches!(count, Ok(1 | 3))),
                "{counts:?}"
            );
        });
    }
}
