//! Sources become one set of anchors, and a report of what became of each source.

pub(crate) mod certificates_report;
pub(crate) mod digest;
pub(crate) mod distrust;
pub(crate) mod intermediates;
pub(crate) mod listing;
pub(crate) mod merge;
pub(crate) mod pins;
pub(crate) mod report;
#[cfg(feature = "serde")]
mod serialize;
pub(crate) mod set;
