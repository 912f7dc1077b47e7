//! What is distrusted below the roots.

pub(crate) mod keys;
#[cfg(feature = "revocations")]
pub(crate) mod revocations;
