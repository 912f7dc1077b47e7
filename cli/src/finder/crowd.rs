//! What several threads have to do.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::files::Input;
use super::limits::{Reservation, Reserve, ScanLimits};
use super::shares::SharedWork;

/// What there is to do for all threads.
pub(crate) struct Crowd<'h, S> {
    state: Mutex<State<'h, S>>,
    changed: Condvar,
    memory: Arc<Reservation>,
}

struct State<'h, S> {
    batches: VecDeque<Batch>,
    /// How many were taken.
    taken: u64,
    /// What threads do not do alone.
    shared: Vec<Arc<dyn SharedWork<S> + 'h>>,
    is_over: bool,
}

/// A part of it, for one thread.
pub(super) enum Work<'h, S> {
    Batch(u64, Vec<Input>),
    Part(Arc<dyn SharedWork<S> + 'h>, usize),
}

impl<S> Default for Crowd<'_, S> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                batches: VecDeque::new(),
                taken: 0,
                shared: Vec::new(),
                is_over: false,
            }),
            changed: Condvar::new(),
            memory: Arc::default(),
        }
    }
}

impl<'h, S> Crowd<'h, S> {
    pub(super) fn give(&self, batch: Batch) {
        self.lock().batches.push_back(batch);
        self.changed.notify_one();
    }

    /// Waits for something to do.
    pub(super) fn work(&self) -> Option<Work<'h, S>> {
        let mut state = self.lock();
        loop {
            if state.is_over {
                return None;
            }
            // A large file first, which the others would wait for in the end.
            let mut shared = state.shared.iter();
            let part = shared.find_map(|shared| Some((Arc::clone(shared), shared.claim()?)));
            if let Some((shared, number)) = part {
                return Some(Work::Part(shared, number));
            }
            if let Some(batch) = state.batches.pop_front() {
                let number = state.taken;
                state.taken += 1;
                return Some(Work::Batch(number, batch.inputs));
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The part of the memory for one file that is there once for all threads.
    pub(crate) fn reserve(&self, limits: &ScanLimits) -> Reserve {
        let own = limits.in_memory / OWN_MEMORY;
        Reserve::new(Arc::clone(&self.memory), limits.in_memory - own)
    }

    /// Lets others do parts of something, as long as the guard is there.
    pub(crate) fn share<'c>(&'c self, work: Arc<dyn SharedWork<S> + 'h>) -> Share<'c, 'h, S> {
        self.lock().shared.push(Arc::clone(&work));
        self.changed.notify_all();
        Share { crowd: self, work }
    }

    /// There is nothing more to do.
    pub(super) fn close(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<'h, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something of which others do parts.
pub(crate) struct Share<'c, 'h, S> {
    crowd: &'c Crowd<'h, S>,
    work: Arc<dyn SharedWork<S> + 'h>,
}

impl<S> Share<'_, '_, S> {
    /// There may be parts again that nobody does.
    pub(crate) fn has_moved(&self) {
        self.crowd.changed.notify_one();
    }
}

impl<S> Drop for Share<'_, '_, S> {
    fn drop(&mut self) {
        let mut state = self.crowd.lock();
        state.shared.retain(|work| !Arc::ptr_eq(work, &self.work));
    }
}

/// What is given to a thread at once, so that it has more to do than to wait.
pub(super) struct Batch {
    pub(super) inputs: Vec<Input>,
    /// About how much memory it takes.
    pub(super) cost: usize,
}

/// Each thread has this part of the memory for one file for itself: with 40 MiB, two threads have 48 MiB.
const OWN_MEMORY: u64 = 5;
