#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "rustls"), no_std)]
// clippy.toml allows these in test functions; helpers beside the tests need it here.
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
mod logging;
#[cfg(feature = "rustls")]
mod roots;
#[cfg(feature = "rustls")]
mod source;
#[cfg(feature = "rustls")]
mod trust;
#[cfg(feature = "rustls")]
mod verify;
#[cfg(all(test, unix, feature = "rustls"))]
mod world;

pub use bundle::*;
#[cfg(feature = "hyper")]
pub use connect::hyper_client as hyper;
#[cfg(feature = "reqwest")]
pub use connect::reqwest_client as reqwest;
#[cfg(feature = "rustls")]
pub use error::Error;
#[cfg(feature = "rustls")]
pub use roots::Roots;
#[cfg(feature = "rustls")]
pub use roots::builder::RootsBuilder;
#[cfg(feature = "rustls")]
pub use roots::default::{client_config, client_config_builder, root_store, roots, verifier};
/// The version of rustls whose types are in this API.
#[cfg(feature = "rustls")]
pub use rustls;
#[cfg(feature = "rustls")]
pub use trust::report::{LimitedRoot, Report, SourceReport};
#[cfg(feature = "rustls")]
pub use verify::refusal::Refusal;
#[cfg(feature = "rustls")]
pub use verify::verifier::Verifier;

/// The recipes of docs/policy.md compile.
#[cfg(all(doctest, feature = "rustls"))]
#[doc = include_str!("../docs/policy.md")]
struct Policies;
