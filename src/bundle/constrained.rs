//! The roots that Mozilla constrains, compiled in with every bundle.

use super::anchor::Anchor;

/// The roots of certs/ca-certificates.crt that carry an annotation.
pub(crate) static ANCHORS: &[Anchor] =
    include!(concat!(env!("OUT_DIR"), "/constrained_anchors.rs"));
