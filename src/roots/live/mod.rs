//! Roots that are read again while the program runs.

mod changes;
mod generation;
pub(crate) mod live_roots;
mod report;
#[cfg(all(test, unix, feature = "custom", feature = "ring", feature = "system"))]
mod tests;

pub use changes::{Changes, RefreshGuard};
pub use live_roots::LiveRoots;
pub use report::{FailedRefresh, LiveReport};
