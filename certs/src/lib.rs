//! Mozilla's root certificates for TLS servers, as data: an annotated PEM text and its date.
//!
//! [`embedded-roots`](https://docs.rs/embedded-roots) compiles this text in under its feature
//! `mozilla`. The package is versioned by the date of the data, `1.YYYYMMDD.0`, so that
//!
//! ```sh
//! cargo update -p embedded-roots-mozilla
//! ```
//!
//! refreshes what a program trusts, and nothing else.
//!
//! # Should I use this?
//!
//! Probably not directly. The text is for the reader of `embedded-roots`, which enforces its
//! annotations. Any other PEM reader ignores them, and then trusts these roots without the limits
//! that Mozilla sets.
//!
//! # How was the data made?
//!
//! README.md names the source and its version, the digest of the set, and how to check it.
#![no_std]

/// The PEM text. Comments before each certificate show its subject, SHA-256 fingerprint and notAfter. A
/// limited root also has a line that starts with `# embedded-roots:`.
pub const ANNOTATED_PEM: &str = include_str!("../ca-certificates.crt");

/// The keys that no chain may contain, whatever root it leads to, because their private keys are public. Each
/// line has the SHA-256 digest of a `SubjectPublicKeyInfo`, its length in bytes, the day since which this is known,
/// advisories, and a name. Lines that start with `#` are comments.
pub const DISTRUSTED_KEYS: &str = include_str!("../distrusted-keys.txt");

/// What other root programs say of the roots. Each line has the SHA-256 digest of a certificate, and fields such as
/// `chrome-sct-not-after=2027-09-14T23:59:59Z` or `microsoft=absent` for what limits it there; `key-since` is the start of an
/// older certificate of the key. Lines that start with `#` are
/// comments.
pub const PROGRAMS: &str = include_str!("../programs.txt");

/// The day on which the roots were taken from their source: `YYYYMMDD`, the middle number of
/// this package's version.
pub const DATE: &str = env!("CARGO_PKG_VERSION_MINOR");
