//! Whom to trust, as a value.

pub(crate) mod builder;
#[cfg(feature = "crlite")]
mod crlite;
pub(crate) mod default;
pub(crate) mod live;
pub(crate) mod policy;
#[cfg(feature = "system")]
mod system;
#[cfg(all(test, unix, feature = "custom", feature = "ring", feature = "system"))]
mod tests;
