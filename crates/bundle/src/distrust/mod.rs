//! What is distrusted below the roots.

pub(crate) mod keys;
pub(crate) mod revocations;
