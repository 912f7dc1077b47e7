//! CRLite (feature `crlite`): Mozilla's data on revoked end-entity certificates, in filters that are asked in memory.

#[cfg(feature = "crlite")]
mod data;
#[cfg(not(feature = "crlite"))]
mod disabled;
#[cfg(feature = "crlite")]
mod encoding;
#[cfg(feature = "crlite")]
mod filters;
#[cfg(feature = "crlite")]
mod folder;
#[cfg(feature = "crlite")]
mod octets;
#[cfg(feature = "crlite")]
pub(crate) mod policy;
pub(crate) mod status;

#[cfg(feature = "crlite")]
pub(crate) use data::CrliteData;
#[cfg(not(feature = "crlite"))]
pub(crate) use disabled::CrliteData;
