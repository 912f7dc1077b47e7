//! Finds roots in files of any kind.

mod ar;
pub(crate) mod contents;
mod cpio;
pub(crate) mod date;
pub(crate) mod files;
pub mod fuzzing;
mod keys;
pub(crate) mod limits;
pub(crate) mod location;
mod material;
mod needles;
mod pem;
pub(crate) mod progress;
mod reader;
mod rpm;
pub(crate) mod search;
#[cfg(test)]
mod spellings;
mod tail;
mod text;
pub(crate) mod union;
pub(crate) mod unpack;
mod unread;
mod xz;
mod zstd;
