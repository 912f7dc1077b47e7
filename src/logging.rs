//! Lines for the crate `log` (feature `log`).

use std::fmt::Display;

/// A line at level debug for each line of the message, if there is one, with the feature `log`.
#[cfg(feature = "log")]
pub(crate) fn debug<M: Display>(message: impl FnOnce() -> Option<M>) {
    if log::log_enabled!(log::Level::Debug) {
        let message = message().map(|message| message.to_string());
        let lines = message.iter().flat_map(|message| message.lines());
        lines.for_each(|line| log::debug!("{line}"));
    }
}

#[cfg(not(feature = "log"))]
pub(crate) fn debug<M: Display>(_: impl FnOnce() -> Option<M>) {}
