//! Mozilla's OneCRL (feature `onecrl`): certificates that are revoked, whatever chain they are in.

#[cfg(not(feature = "onecrl"))]
mod disabled;
#[cfg(feature = "onecrl")]
mod enabled;
#[cfg(feature = "onecrl")]
mod table;
#[cfg(all(test, feature = "onecrl"))]
mod tests;

#[cfg(not(feature = "onecrl"))]
pub(crate) use disabled::*;
#[cfg(feature = "onecrl")]
pub(crate) use enabled::*;
