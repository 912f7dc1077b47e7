//! Log records through the crate `log` (feature `log`).

use std::fmt::Display;

/// Logs each line of the message at level debug. Without the feature `log`, no message is created.
pub(crate) fn debug<M: Display>(message: impl FnOnce() -> Option<M>) {
    #[cfg(feature = "log")]
    record(log::Level::Debug, message);
    #[cfg(not(feature = "log"))]
    let _ = message;
}

/// Like [`debug`], at level info.
pub(crate) fn info<M: Display>(message: impl FnOnce() -> M) {
    #[cfg(feature = "log")]
    record(log::Level::Info, || Some(message()));
    #[cfg(not(feature = "log"))]
    let _ = message;
}

/// Like [`debug`], at level warn.
pub(crate) fn warn<M: Display>(message: impl FnOnce() -> M) {
    #[cfg(feature = "log")]
    record(log::Level::Warn, || Some(message()));
    #[cfg(not(feature = "log"))]
    let _ = message;
}

#[cfg(feature = "log")]
fn record<M: Display>(level: log::Level, message: impl FnOnce() -> Option<M>) {
    if log::log_enabled!(level) {
        let message = message().map(|message| message.to_string());
        let lines = message.iter().flat_map(|message| message.lines());
        lines.for_each(|line| log::log!(level, "{line}"));
    }
}
