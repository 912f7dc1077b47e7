//! What limits the trust in a root: dates and name constraints, and how a PEM file says them.

pub(crate) mod annotation;
pub(crate) mod base;
pub(crate) mod name_constraints;
pub(crate) mod outside;
pub(crate) mod subtree;
