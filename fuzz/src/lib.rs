//! What each fuzz target checks: a function of bytes that panics if a promise is broken.
//!
//! The targets in fuzz_targets/ call these. So does `cargo test`, which runs the seeds with a stable
//! toolchain.

pub mod annotation;
pub mod custom_build;
pub mod join;
pub mod name;
pub mod pem;
mod pki;
pub mod verifier;

/// A root without limits.
const ROOT: &str = include_str!("../../crates/bundle/tests/data/root.pem");
