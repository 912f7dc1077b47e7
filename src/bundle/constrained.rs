//! The roots on which Mozilla imposes something, known whichever bundle is compiled in.

use super::{Anchor, Bundle};

/// Those of certs/ca-certificates.crt that carry an annotation.
pub(crate) static BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/constrained_anchors.rs"));
