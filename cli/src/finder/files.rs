//! The files of a directory, each once and without following symbolic links.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::location::Location;
use super::pattern::Exclusions;

/// What the kernel shows as files. Some of them do not end.
const NOT_ON_DISK: [&str; 3] = ["/dev", "/proc", "/sys"];

/// What is to be scanned.
pub(crate) enum Input {
    Standard,
    /// A pipe, as of `<(...)` in a shell.
    Pipe(PathBuf),
    /// With its size.
    File(PathBuf, u64),
    /// What cannot be looked into.
    Failure(PathBuf, io::Error),
}

/// All that the paths of a command line name, in the order in which it is reported.
pub(crate) struct Walk {
    /// Those that are left, the first one last.
    paths: Vec<PathBuf>,
    directory: Option<Directory>,
    /// Files that are under several names, by device and inode.
    seen: HashSet<(u64, u64)>,
    exclusions: Arc<Exclusions>,
}

/// A directory of the command line, at which the walk is.
struct Directory {
    not_on_disk: Vec<PathBuf>,
    /// A stack, since directories may be nested deeper than calls.
    todo: Vec<PathBuf>,
}

impl Input {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            // Nobody knows before the end.
            Self::Standard | Self::Pipe(_) => u64::MAX,
            Self::Failure(..) => 0,
        }
    }

    pub(crate) fn name_length(&self) -> usize {
        match self {
            Self::Standard => 0,
            Self::Pipe(path) | Self::File(path, _) | Self::Failure(path, _) => {
                path.as_os_str().len()
            }
        }
    }
}

impl Walk {
    /// Standard input is `-`.
    pub(crate) fn new(paths: &[PathBuf], exclusions: Arc<Exclusions>) -> Self {
        Self {
            paths: paths.iter().rev().cloned().collect(),
            directory: None,
            seen: HashSet::new(),
            exclusions,
        }
    }

    /// What a path of the command line is, unless it is a directory, which is walked through next.
    fn named(&mut self, path: PathBuf) -> Option<Input> {
        if path == Path::new("-") {
            return Some(Input::Standard);
        }
        // A link on the command line is followed.
        let metadata = fs::metadata(&path);
        let is_directory = metadata.as_ref().is_ok_and(Metadata::is_dir);
        if is_excluded(&self.exclusions, &path, is_directory) {
            return None;
        }
        match metadata {
            Ok(metadata) if metadata.is_dir() => match entries(&path) {
                Ok(todo) => {
                    let not_on_disk = not_on_disk(&path);
                    self.directory = Some(Directory { not_on_disk, todo });
                    None
                }
                Err(why) => Some(Input::Failure(path, why)),
            },
            Ok(metadata) if metadata.is_file() => self.file(path, &metadata),
            Ok(_) => Some(Input::Pipe(path)),
            Err(why) => Some(Input::Failure(path, why)),
        }
    }

    /// What a path in a directory is, unless there is nothing to scan in it, or it is a directory itself.
    fn below(&mut self, path: PathBuf) -> Option<Input> {
        let directory = self.directory.as_mut()?;
        let is_excluded = |is_directory| is_excluded(&self.exclusions, &path, is_directory);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                if !directory.not_on_disk.contains(&path) && !is_excluded(true) {
                    match entries(&path) {
                        Ok(entries) => directory.todo.extend(entries),
                        Err(why) => return Some(Input::Failure(path, why)),
                    }
                }
                None
            }
            Ok(metadata) if metadata.is_file() && is_excluded(false) => None,
            Ok(metadata) if metadata.is_file() => self.file(path, &metadata),
            // Links, devices, pipes and sockets.
            Ok(_) => None,
            Err(why) => Some(Input::Failure(path, why)),
        }
    }

    fn file(&mut self, path: PathBuf, metadata: &Metadata) -> Option<Input> {
        let is_new = identity(metadata).is_none_or(|identity| self.seen.insert(identity));
        is_new.then_some(Input::File(path, metadata.len()))
    }
}

impl Iterator for Walk {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        loop {
            let todo = self.directory.as_mut().map(|directory| &mut directory.todo);
            let input = if let Some(path) = todo.and_then(Vec::pop) {
                self.below(path)
            } else {
                self.directory = None;
                let path = self.paths.pop()?;
                self.named(path)
            };
            if input.is_some() {
                return input;
            }
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

fn is_excluded(exclusions: &Exclusions, path: &Path, is_directory: bool) -> bool {
    !exclusions.is_empty() && exclusions.exclude(&Location::from_path(path), is_directory)
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
    fn special_files_are_recognised_by_any_name() {
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
