//! What is told while files are searched.

/// By several threads.
pub(crate) trait Progress: Sync {
    /// A place is searched now.
    fn place(&self, name: &str);

    /// So many more bytes were searched.
    fn bytes(&self, count: u64);
}

/// Nobody is told.
impl Progress for () {
    fn place(&self, _: &str) {}

    fn bytes(&self, _: u64) {}
}
