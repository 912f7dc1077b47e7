//! The files of a directory, each once and without following symbolic links.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::location::Location;
use super::unpack::Scan;

/// What the kernel shows as files. Some of them do not end.
const NOT_ON_DISK: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Files that are under several names, by device and inode.
#[derive(Default)]
pub(crate) struct VisitedFiles(HashSet<(u64, u64)>);

/// Scans what a path of the command line names: standard input for `-`.
pub(crate) fn scan(path: &Path, seen: &mut VisitedFiles, scan: &mut Scan<'_>) {
    if path == Path::new("-") {
        return scan.reader("-", &mut io::stdin().lock());
    }
    // A link on the command line is followed.
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => directory(path, seen, scan),
        Ok(metadata) if metadata.is_file() => file(path, &metadata, seen, scan),
        // A pipe, as of `<(...)` in a shell.
        Ok(_) => match fs::File::open(path) {
            Ok(mut pipe) => scan.reader(&path.display().to_string(), &mut pipe),
            Err(why) => scan.failed(&location(path), &why),
        },
        Err(why) => scan.failed(&location(path), &why),
    }
}

fn directory(root: &Path, seen: &mut VisitedFiles, scan: &mut Scan<'_>) {
    let not_on_disk = not_on_disk(root);
    // A stack, since directories may be nested deeper than calls.
    let mut todo = vec![root.to_owned()];
    while let Some(path) = todo.pop() {
        let metadata = match fs::symlink_metadata(&path) {
            // The root may be a link itself.
            Ok(metadata) if metadata.is_symlink() && path == root => fs::metadata(&path),
            other => other,
        };
        match metadata {
            Ok(metadata) if metadata.is_dir() => {
                if not_on_disk.contains(&path) {
                    continue;
                }
                match entries(&path) {
                    Ok(entries) => todo.extend(entries),
                    Err(why) => scan.failed(&location(&path), &why),
                }
            }
            Ok(metadata) if metadata.is_file() => file(&path, &metadata, seen, scan),
            // Links, devices, pipes and sockets.
            Ok(_) => {}
            Err(why) => scan.failed(&location(&path), &why),
        }
    }
}

/// Those of [`NOT_ON_DISK`] that are below this directory, by the names that they have from there. No
/// link within it leads to one, since none is followed.
fn not_on_disk(root: &Path) -> Vec<PathBuf> {
    let Ok(real) = fs::canonicalize(root) else {
        return Vec::new();
    };
    let below = |path| Path::new(path).strip_prefix(&real).ok();
    let below = NOT_ON_DISK.into_iter().filter_map(below);
    // What the command line names itself is scanned.
    let below = below.filter(|path| !path.as_os_str().is_empty());
    below.map(|path| root.join(path)).collect()
}

/// The entries of a directory, the last one first.
fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<io::Result<_>>()?;
    paths.sort_unstable_by(|one, other| other.cmp(one));
    Ok(paths)
}

fn file(path: &Path, metadata: &Metadata, seen: &mut VisitedFiles, scan: &mut Scan<'_>) {
    if identity(metadata).is_none_or(|identity| seen.0.insert(identity)) {
        scan.file(path);
    }
}

fn location(path: &Path) -> Location {
    Location::file(path.display().to_string())
}

/// Only where the file may have another name.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    (metadata.nlink() > 1).then(|| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_on_disk_is_known_by_any_name() {
        let here = std::env::current_dir().unwrap();
        let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
        for root in [Path::new("/"), Path::new("/../"), Path::new("//."), &up] {
            let paths = not_on_disk(root);
            assert_eq!(paths.len(), NOT_ON_DISK.len(), "{}", root.display());
            // As they are met below the root.
            let entries = entries(root).unwrap();
            let met = paths.iter().filter(|path| entries.contains(path));
            let there = NOT_ON_DISK.iter().filter(|path| Path::new(path).exists());
            assert_eq!(met.count(), there.count(), "{}", root.display());
        }
        for root in ["/proc", "/usr", "/nowhere"] {
            assert!(not_on_disk(Path::new(root)).is_empty(), "{root}");
        }
    }
}
