//! HTTP clients that trust the roots, one file per client.

#[cfg(feature = "hyper")]
pub mod hyper_client;
#[cfg(feature = "reqwest")]
pub mod reqwest_client;
#[cfg(feature = "ureq")]
pub mod ureq_client;
