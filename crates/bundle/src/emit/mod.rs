//! Rust source, for `include!`.
//!
//! Each function returns one expression. A program links only the statics that it names, as long as
//! they are separate: every field is its own literal, and anchors, certificates and PEM belong in
//! separate files. The text depends only on the input.

mod bundle;
mod literal;
#[cfg(feature = "revocations")]
mod revocations;

pub use bundle::{
    ANCHOR_MARK, anchors, anchors_of, bundle, certificate_numbers, certificates, distrusted_keys,
    fingerprints, limited_roots, marked_anchors_of,
};
#[cfg(feature = "revocations")]
pub use revocations::MAX_REVOCATION_TABLES;
