//! What a policy reads from its surroundings.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::UnixTime;

use crate::source::system::Store;
use crate::source::variables::Variables;

/// What a policy reads from its surroundings: a value, so that tests can inject their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    #[cfg_attr(not(feature = "system"), expect(dead_code, reason = "an empty one"))]
    pub(crate) store: Store,
    pub(crate) variables: Variables,
    pub(crate) clock: Clock,
}

impl Surroundings {
    /// A time before 1970 counts as 1970.
    pub(crate) fn now(&self) -> UnixTime {
        let now = (self.clock.0)();
        UnixTime::since_unix_epoch(now.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// What time it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(pub(crate) fn() -> SystemTime);

impl Default for Clock {
    fn default() -> Self {
        Self(SystemTime::now)
    }
}
