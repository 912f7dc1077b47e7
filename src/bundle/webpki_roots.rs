//! The anchors of the crate [webpki-roots](https://docs.rs/webpki-roots) (feature `webpki-roots`),
//! if you want to track its releases.
//!
//! The limits that Mozilla sets apply to them as well. That crate has neither certificates nor PEM.

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::bundle::name::BundleName;

/// The anchors.
pub static BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/webpki_roots_anchors.rs"));
