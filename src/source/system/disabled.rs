//! Without the feature, no policy can ask for the store.

use crate::error::Error;
use crate::source::Source;

/// The store as the default source of a process: there is none.
pub(crate) fn default_source() -> Option<Result<Source, Error>> {
    None
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Store;
