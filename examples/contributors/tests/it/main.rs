//! Tests the program as a process, against a fake GitHub.

// clippy.toml allows these in `#[test]` functions only; the helpers here need it too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(missing_docs, reason = "a test binary has no users")]

mod answers;
mod app;
mod browser;
mod github;
mod load;
mod stopping;
