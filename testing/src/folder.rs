//! A temporary folder that removes itself.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

/// A temporary folder, which is removed on drop.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder. `name` is a part of its path, for people who find it after a test was killed.
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("embedded-roots-{}-{nth}-{name}", process::id());
        let path = env::temp_dir().join(name);
        // Another process had this number, and was killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The absolute path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in the folder, which may not exist.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, and the folders that it is in; returns its path.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: the system cleans up its temporary folder in the end.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_one_name_are_distinct_and_removed() {
        let (one, other) = (Folder::new("name"), Folder::new("name"));
        let file = one.file("below/a.txt", "a");
        assert_eq!(fs::read(&file).unwrap(), b"a");
        assert!(!other.join("below/a.txt").exists());
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().exists());
    }
}
