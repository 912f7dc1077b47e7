//! Work in numbered parts, which whoever has time does, and whose results are wanted in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What one thread shares with others.
pub(crate) trait SharedWork<S>: Send + Sync {
    /// The number of a part that nobody does yet, for the caller to do it now.
    fn claim(&self) -> Option<usize>;

    /// Does a part that was claimed.
    fn work(&self, number: usize, worker: &mut S);
}

/// Who does which part, and the results that nobody has taken.
pub(crate) struct Shares<R> {
    state: Mutex<State<R>>,
    changed: Condvar,
}

struct State<R> {
    count: usize,
    /// The parts before this one were given to somebody.
    next: usize,
    /// The results before this one were taken.
    done: usize,
    /// None if a thread could not go on.
    ready: BTreeMap<usize, Option<R>>,
}

/// How many parts are done before the result of the first of them is taken.
const MAX_READY: usize = 64;

impl<R> Shares<R> {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            state: Mutex::new(State {
                count,
                next: 0,
                done: 0,
                ready: BTreeMap::new(),
            }),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn claim(&self) -> Option<usize> {
        let mut state = self.lock();
        let number = state.next;
        if number >= state.count || number >= state.done + MAX_READY {
            return None;
        }
        state.next += 1;
        Some(number)
    }

    /// Does a part that was claimed.
    pub(crate) fn work(&self, number: usize, work: impl FnOnce() -> R) {
        // Also if it panics, so that nobody waits for it.
        let mut claimed = Claim {
            shares: self,
            number,
            result: None,
        };
        claimed.result = Some(work());
    }

    /// The result of a part, after those of the parts before it. The caller does parts itself until it is there.
    pub(crate) fn take(&self, number: usize, mut work: impl FnMut(usize) -> R) -> R {
        loop {
            let ready = self.lock().ready.remove(&number);
            if let Some(result) = ready {
                let result = result.unwrap_or_else(|| work(number));
                self.lock().done = number + 1;
                return result;
            }
            if let Some(claimed) = self.claim() {
                self.work(claimed, || work(claimed));
                continue;
            }
            let state = self.lock();
            let is_missing = |state: &mut State<R>| !state.ready.contains_key(&number);
            drop(self.changed.wait_while(state, is_missing));
        }
    }

    /// No more parts are wanted.
    pub(crate) fn stop(&self) {
        self.lock().count = 0;
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Claim<'a, R> {
    shares: &'a Shares<R>,
    number: usize,
    result: Option<R>,
}

impl<R> Drop for Claim<'_, R> {
    fn drop(&mut self) {
        let result = self.result.take();
        self.shares.lock().ready.insert(self.number, result);
        self.shares.changed.notify_all();
    }
}
