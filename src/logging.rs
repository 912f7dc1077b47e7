//! Debug lines through the crate `log` (feature `log`).

use std::fmt::Display;

/// Logs each line of the message at level debug. Without the feature `log`, no message is created.
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
