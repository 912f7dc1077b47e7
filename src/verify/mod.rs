//! The certificates of servers and clients under a set of anchors and their limits.

mod algorithms;
mod chain_verifier;
pub(crate) mod client_verifier;
mod completion;
mod dates;
mod explanation;
mod paths;
mod pinned;
mod reason;
pub(crate) mod refusal;
pub(crate) mod revocation;
mod screening;
mod search;
#[cfg(feature = "serde")]
mod serialize;
mod signatures;
pub(crate) mod verifier;
