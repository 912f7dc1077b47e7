//! No bundle is compiled in.

#[cfg(feature = "rustls")]
pub(crate) const SELECTED: Option<&crate::bundle::bundle::Bundle> = None;
