//! PEM (RFC 7468): read into roots, and written.

mod boundary;
pub(crate) mod form;
pub(crate) mod lines;
mod object;
pub(crate) mod read;
pub(crate) mod write;
