//! Without the feature `system`, no policy can use the system's store.

use crate::error::Error;
use crate::source::root::Source;

/// The store as the default source of a process: none without the feature.
pub(crate) fn default_source() -> Option<Result<Source, Error>> {
    None
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Store;
