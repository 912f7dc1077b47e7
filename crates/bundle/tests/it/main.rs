//! Tests of the public API of embedded-roots-bundle.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them in tests, but clippy does not count helper functions as tests"
)]

mod accepted;
mod anchors;
mod annotations;
mod boundaries;
mod bundle;
mod ca;
mod ca_encodings;
mod ca_oracle;
mod constraints;
mod data;
mod each;
mod emit;
mod fields;
mod file;
mod forms;
mod headings;
mod mutated;
mod p11_kit;
mod pin;
mod refused;
mod revocations;
mod trusted_certificate;
