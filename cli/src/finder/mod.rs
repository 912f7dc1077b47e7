//! Finds roots in files of any kind.

mod ar;
mod checksum;
pub(crate) mod contents;
mod cpio;
pub(crate) mod date;
pub(crate) mod files;
pub mod fuzzing;
mod image;
mod keys;
pub(crate) mod limits;
pub(crate) mod location;
mod pem;
pub(crate) mod progress;
mod reader;
mod rpm;
pub(crate) mod search;
mod seven_zip;
mod spool;
mod squashfs;
mod tail;
pub(crate) mod union;
pub(crate) mod unpack;
mod unread;
mod wrapped;
mod xz;
mod zip;
mod zstd;
