//! The anchors of the crate [webpki-roots](https://docs.rs/webpki-roots) (feature `webpki-roots`),
//! for those who track its releases.
//!
//! The constraints of Mozilla's list apply to them as well. That crate has neither certificates nor
//! PEM.

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::bundle::name::BundleName;

/// The anchors.
pub static BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/webpki_roots_anchors.rs"));
