use std::fmt::Display;

/// A line at level debug for each line of the message, with the feature `log`.
#[cfg(feature = "log")]
pub(crate) fn debug(message: &dyn Display) {
    if ::log::log_enabled!(::log::Level::Debug) {
        message
            .to_string()
            .lines()
            .for_each(|line| ::log::debug!("{line}"));
    }
}

#[cfg(not(feature = "log"))]
pub(crate) fn debug(_: &dyn Display) {}
