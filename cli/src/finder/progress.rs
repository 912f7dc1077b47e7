//! What is told while files are searched.

pub(crate) trait Progress {
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
