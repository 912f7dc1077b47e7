//! The public API of [webpki-roots](https://docs.rs/webpki-roots) over the selected bundle of
//! embedded-roots: `custom`, else `mozilla`.
//!
//! A [`TrustAnchor`] carries name constraints but no distrust date, so roots with a date are left
//! out. The constant is fixed when the program is compiled: `Roots::install_default` does not
//! change it.
#![no_std]

use pki_types::{Der, TrustAnchor};

/// The anchors of the bundle, sorted by subject and key.
pub const TLS_SERVER_ROOTS: &[TrustAnchor<'static>] =
    include!(concat!(env!("OUT_DIR"), "/anchors.rs"));
