//! The certificates of servers and clients under a set of anchors and their limits.

pub(crate) mod client_verifier;
mod dates;
mod paths;
pub(crate) mod refusal;
pub(crate) mod revocation;
mod screening;
pub(crate) mod verifier;
