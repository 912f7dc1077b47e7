//! Server certificates under a set of anchors and their limits.

pub(crate) mod refusal;
pub(crate) mod revocation;
pub(crate) mod verifier;
