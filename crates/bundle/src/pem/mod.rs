//! PEM (RFC 7468): read into roots, and written.

pub(crate) mod read;
pub(crate) mod write;
