//! What a policy reads from its surroundings.

use std::time::SystemTime;

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

/// What time it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(pub(crate) fn() -> SystemTime);

impl Default for Clock {
    fn default() -> Self {
        Self(SystemTime::now)
    }
}
