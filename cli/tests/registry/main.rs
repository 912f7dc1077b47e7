//! Images in registries on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "all of this is test code"
)]

#[cfg(unix)]
mod debian;
#[cfg(unix)]
mod fleet;
mod hostile;
mod image;
mod list;
mod program;
mod pull;
mod server;
