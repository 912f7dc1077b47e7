//! Finds roots in files of any kind.

mod embedded_zip;
pub(crate) mod files;
mod filled;
pub(crate) mod found;
pub mod fuzzing;
mod known;
pub(crate) mod limits;
pub(crate) mod list_date;
pub(crate) mod location;
mod pem;
pub(crate) mod progress;
pub(crate) mod search;
pub(crate) mod union;
pub(crate) mod unpack;
mod zstd;
