#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "rustls"), no_std)]
// clippy.toml allows them in tests, but a function beside the tests is none to clippy.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)
)]

mod bundle;
#[cfg(feature = "rustls")]
mod config;
#[cfg(feature = "rustls")]
mod connect;
#[cfg(feature = "rustls")]
mod error;
#[cfg(feature = "rustls")]
mod files;
#[cfg(feature = "rustls")]
mod log;
#[cfg(feature = "rustls")]
mod refusal;
#[cfg(feature = "rustls")]
mod roots;
#[cfg(feature = "rustls")]
mod system;
#[cfg(feature = "rustls")]
mod verify;

pub use bundle::*;
#[cfg(feature = "hyper")]
pub use connect::hyper;
#[cfg(feature = "reqwest")]
pub use connect::reqwest;
#[cfg(feature = "rustls")]
pub use error::Error;
#[cfg(feature = "rustls")]
pub use refusal::Refusal;
#[cfg(feature = "rustls")]
pub use roots::{
    Report, Roots, RootsBuilder, SourceReport, client_config, client_config_builder, root_store,
    roots, verifier,
};
#[cfg(feature = "rustls")]
pub use verify::Verifier;

/// The recipes of docs/policy.md compile.
#[cfg(all(doctest, feature = "rustls"))]
#[doc = include_str!("../docs/policy.md")]
struct Policies;
