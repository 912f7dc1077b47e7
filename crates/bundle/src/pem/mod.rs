//! PEM (RFC 7468): read into roots, and written.

mod boundary;
mod lines;
pub(crate) mod read;
pub(crate) mod write;
