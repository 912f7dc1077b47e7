//! The thread that refreshes, and those that wait for changes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::roots::live::live_roots::LiveRoots;
use crate::roots::policy::Roots;

/// Refreshes in the background, and waits for them
impl LiveRoots {
    /// Refreshes in a thread at this interval, until the guard is dropped. The first refresh is one
    /// interval from now.
    ///
    /// Files are read and compared rather than watched, because change notifications are lost on network
    /// file systems, and when a mounted volume is replaced by a link (Kubernetes).
    ///
    /// # Errors
    ///
    /// If the interval is zero, or the system cannot start a thread.
    pub fn refresh_every(&self, interval: Duration) -> Result<RefreshGuard, Error> {
        RefreshGuard::new(self.clone(), interval)
    }

    /// The changes of the roots from now on, for a thread that waits for them.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes::new(self.clone())
    }
}

/// Keeps the refreshing thread of [`LiveRoots::refresh_every`] running until it is dropped.
///
/// Dropping it does not wait for a refresh that is under way.
#[derive(Debug)]
#[must_use = "the roots are refreshed until it is dropped"]
pub struct RefreshGuard {
    _stop: StopGuard,
}

/// Requests the stop when it is dropped.
#[derive(Debug)]
struct StopGuard(Arc<Stop>);

/// The request to stop the refreshes.
#[derive(Debug, Default)]
struct Stop {
    is_requested: Mutex<bool>,
    requested: Condvar,
}

impl RefreshGuard {
    fn new(live: LiveRoots, interval: Duration) -> Result<Self, Error> {
        if interval.is_zero() {
            return Err(Error::invalid("the interval of `refresh_every` is zero"));
        }
        let stop = Arc::new(Stop::default());
        let of_thread = Arc::clone(&stop);
        let refresh = move || {
            while !of_thread.wait(interval) {
                // An error is in the log and the report. A panic must not end the refreshes.
                if catch_unwind(AssertUnwindSafe(|| live.refresh())).is_err() {
                    let why = "a refresh panicked, in a predicate of `retain` or in the logger";
                    live.note(&Error::invalid(why));
                }
            }
        };
        thread::Builder::new()
            .name("embedded-roots".to_owned())
            .spawn(refresh)
            .map_err(Error::no_thread)?;
        Ok(Self {
            _stop: StopGuard(stop),
        })
    }
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.request();
    }
}

impl Stop {
    fn request(&self) {
        *self.is_requested() = true;
        self.requested.notify_one();
    }

    /// Whether it is requested within this time.
    fn wait(&self, time: Duration) -> bool {
        let waited = self
            .requested
            .wait_timeout_while(self.is_requested(), time, |is_requested| !*is_requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn is_requested(&self) -> MutexGuard<'_, bool> {
        self.is_requested
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel that holds the latest change of the roots; see [`LiveRoots::changes`].
///
/// It is a channel and not a callback, so that none of your code runs during a refresh, where it could
/// block, panic or refresh again. Several changes between two calls count as one, because only the
/// current roots matter.
///
/// The iterator blocks until the roots have changed, and returns the current ones. It never ends, and
/// keeps the live roots alive:
///
/// ```no_run
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
/// use embedded_roots::Roots;
///
/// let live = Roots::builder().pem_file("/etc/corp/ca.pem").build_live()?;
/// let changes = live.changes();
/// std::thread::spawn(move || {
///     for roots in changes {
///         println!("{}", roots.report());
///         // Make new clients here, which ends the connections of the old ones.
///     }
/// });
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
#[derive(Debug)]
pub struct Changes {
    live: LiveRoots,
    /// The last generation that was seen.
    seen: u64,
}

impl Changes {
    fn new(live: LiveRoots) -> Self {
        let seen = live.generation();
        Self { live, seen }
    }

    /// The current roots, if they have changed since the last call, or change within this time.
    ///
    /// With [`Duration::ZERO`] it does not block.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Roots> {
        // A time that cannot be represented is as good as none.
        let end = Instant::now().checked_add(timeout);
        let shared = &self.live.shared;
        let mut state = shared.state();
        while shared.generations.number() == self.seen {
            state = match end {
                None => shared
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    let waited = shared.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        drop(state);
        // The number first: if the roots change in between, they are given twice rather than never.
        self.seen = shared.generations.number();
        Some(self.live.current())
    }
}

impl Iterator for Changes {
    type Item = Roots;

    fn next(&mut self) -> Option<Roots> {
        loop {
            if let Some(roots) = self.wait_timeout(Duration::MAX) {
                return Some(roots);
            }
        }
    }
}
