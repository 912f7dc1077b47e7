//! What unit tests share: a folder that contains a system's root directory, and certificates.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use embedded_roots_testing::authority::root;
use embedded_roots_testing::folder::Folder;

/// A folder of one test, which contains a system's root directory.
pub(crate) fn empty_world(name: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir(folder.join("root")).unwrap();
    folder
}

/// Ends a thread that goes on as long as this is false, whether the test fails or not.
pub(crate) struct Ends<'a>(pub(crate) &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The PEM of a CA with this name.
pub(crate) fn pem(name: &str) -> String {
    root(name).pem()
}
