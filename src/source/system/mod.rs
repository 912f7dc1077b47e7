//! The operating system's store (feature `system`).

#[cfg(not(feature = "system"))]
mod disabled;
#[cfg(feature = "system")]
mod enabled;
#[cfg(feature = "system")]
#[cfg_attr(
    any(windows, target_os = "macos"),
    allow(dead_code, reason = "the system has an API")
)]
mod joined;
// The paths are data, so every system's layout can be tested on every system.
#[cfg(feature = "system")]
#[cfg_attr(
    any(windows, target_os = "macos"),
    allow(dead_code, reason = "the system has an API")
)]
mod store;

#[cfg(not(feature = "system"))]
pub(crate) use disabled::*;
#[cfg(feature = "system")]
pub(crate) use enabled::*;
