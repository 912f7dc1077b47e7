//! What the tests of all packages share: certificate authorities, temporary folders, and TLS servers on
//! loopback. What one test alone needs is in that test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot set up what it needs fails at once, and says where"
)]
#![allow(
    clippy::must_use_candidate,
    reason = "a test that ignores a certificate or a server is wrong by sight"
)]

pub mod authority;
pub mod crlite;
pub mod der;
pub mod folder;
pub mod handshake;
#[cfg(unix)]
pub mod program;
pub mod random;
pub mod real_size;
pub mod server;
