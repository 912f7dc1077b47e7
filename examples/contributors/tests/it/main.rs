//! The program as a process, against a GitHub of our own.

// The lint's exception for tests is for functions with `#[test]`; all of this is test code.
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
