//! Code that the benches share.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a measurement that goes wrong has to stop"
)]
#![allow(
    missing_docs,
    clippy::must_use_candidate,
    reason = "its users are the benches beside it"
)]

pub mod alternation;
pub mod authorities;
pub mod chain;
pub mod fresh;
pub mod peers;

/// The middle one of an odd number of values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
