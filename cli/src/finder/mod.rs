//! Finds roots in files of any kind.

mod ar;
pub(crate) mod contents;
mod cpio;
pub(crate) mod date;
mod elf;
pub(crate) mod files;
pub mod fuzzing;
mod keys;
pub(crate) mod limits;
pub(crate) mod location;
pub(crate) mod marked;
pub(crate) mod nss;
pub(crate) mod parallel;
mod parts;
mod pem;
pub(crate) mod progress;
mod range;
mod reader;
mod rpm;
pub(crate) mod search;
mod tail;
pub(crate) mod union;
pub(crate) mod unpack;
mod unread;
mod wrapped;
mod xz;
mod zstd;
