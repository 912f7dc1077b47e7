//! Mozilla's OneCRL, the certificates that Firefox treats as revoked, as data: a text and its date.
//!
//! [`embedded-roots`](https://docs.rs/embedded-roots) compiles this text in under its feature
//! `onecrl`. The package is versioned by the date of the data, `1.YYYYMMDD.0`, so that
//!
//! ```sh
//! cargo update -p embedded-roots-onecrl
//! ```
//!
//! refreshes what a program refuses, and nothing else.
//!
//! # Should I use this?
//!
//! Probably not directly. The text is for the reader of `embedded-roots`, which compiles it to tables
//! and looks up each certificate that a server sends. If you want the list itself, take it from
//! Mozilla, with the reason and the bug of each entry.
//!
//! # How was the data made?
//!
//! README.md names the source and its version, how to check it, and how Firefox uses it.
#![no_std]

/// OneCRL as text. Its lines are names, each followed by the serial numbers or the digests of keys that are
/// revoked under it. README.md describes them.
pub const REVOCATIONS: &str = include_str!("../onecrl.txt");

/// The day on which Mozilla last changed OneCRL: `YYYYMMDD`, the middle number of this package's
/// version.
pub const DATE: &str = env!("CARGO_PKG_VERSION_MINOR");
