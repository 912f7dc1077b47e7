//! The operating system's store (feature `system`).

#[cfg(not(feature = "system"))]
mod disabled;
#[cfg(feature = "system")]
mod enabled;

#[cfg(not(feature = "system"))]
pub(crate) use disabled::*;
#[cfg(feature = "system")]
pub(crate) use enabled::*;
