//! No bundle is compiled in.

#[cfg(feature = "rustls")]
pub(crate) const SELECTED: Option<&super::Bundle> = None;
