//! The roots that Mozilla limits, compiled in with every bundle.

use crate::bundle::anchor::Anchor;

/// The roots of certs/ca-certificates.crt that carry an annotation.
pub(crate) static ANCHORS: &[Anchor] = include!(concat!(env!("OUT_DIR"), "/limited_anchors.rs"));
