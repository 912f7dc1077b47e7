//! The roots on which Mozilla imposes something, known whichever bundle is compiled in.

use super::anchor::Anchor;

/// Those of certs/ca-certificates.crt that carry an annotation.
pub(crate) static ANCHORS: &[Anchor] =
    include!(concat!(env!("OUT_DIR"), "/constrained_anchors.rs"));
