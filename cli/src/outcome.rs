//! How a command ends.

use std::error;

/// The outcome of a command that worked.
pub(crate) enum Outcome {
    Clean,
    Findings,
}

impl Outcome {
    pub(crate) fn from_findings(are_any: bool) -> Self {
        if are_any { Self::Findings } else { Self::Clean }
    }
}

/// Its error can be that of another thread.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn error::Error + Send + Sync>>;
