//! `registry:HOST/NAME:TAG`: images that are read from their registry, by the OCI distribution API.
//!
//! The code is an optional feature. Without it, such a source is an error.

#[cfg_attr(feature = "registry", path = "enabled/mod.rs")]
#[cfg_attr(not(feature = "registry"), path = "disabled.rs")]
mod images;

use serde::Serialize;

pub(crate) use self::images::{Registries, RegistryOptions};

/// What a source in a registry begins with.
pub(crate) const PREFIX: &str = "registry:";

/// An image that was scanned.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ScannedImage {
    /// That of its manifest.
    pub(crate) digest: String,
    /// None if its config says none, as that of an artifact.
    pub(crate) platform: Option<String>,
}
