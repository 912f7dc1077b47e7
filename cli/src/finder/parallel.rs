//! A scan by several threads, with the report that one of them would write.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::cache::Cache;
use super::crowd::{Batch, Crowd, Work};
use super::files::Walk;
use super::findings::Findings;
use super::limits::ScanLimits;
use super::pattern::Exclusions;
use super::search::Search;
use super::unpack::Scan;
use crate::input::opened::Passwords;
use crate::outcome::Result;

/// How a scan is done.
pub(crate) struct Workers {
    /// They make no difference in what is found.
    pub(crate) threads: NonZeroUsize,
    pub(crate) limits: ScanLimits,
    pub(crate) cache: Option<Arc<Cache>>,
    /// What is left out.
    pub(crate) exclusions: Arc<Exclusions>,
    /// For key stores.
    pub(crate) passwords: Passwords,
}

impl Default for Workers {
    /// As many as there are cores for this process.
    fn default() -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            threads,
            limits: ScanLimits::default(),
            cache: None,
            exclusions: Arc::default(),
            passwords: Passwords::default(),
        }
    }
}

impl Workers {
    /// A scan by one thread.
    pub(crate) fn one<'h>(&self, search: &Search<'h>) -> Scan<'h> {
        let mut scan = Scan::new(search.another(), self.limits.clone());
        // What is left out depends on where it is.
        if self.exclusions.is_empty() {
            scan.cache.clone_from(&self.cache);
        }
        scan.exclusions = Arc::clone(&self.exclusions);
        scan.passwords = self.passwords.clone();
        scan
    }

    /// Scans what the paths of a command line name.
    ///
    /// # Errors
    ///
    /// If no thread can be started. What cannot be read is in the result.
    pub(crate) fn scan<'h>(&self, paths: &[PathBuf], search: &Search<'h>) -> Result<Findings<'h>> {
        let digests = Arc::new(AtomicU64::new(self.limits.digests));
        let crowd = Arc::new(Crowd::default());
        let (sender, results) = mpsc::channel();
        let mut walk = Walk::new(paths, Arc::clone(&self.exclusions));
        thread::scope(|scope| {
            // The threads end when this function does, however it does.
            let crowd = CloseGuard(&crowd);
            for number in 0..self.threads.get() {
                let mut scan = self.one(search);
                scan.crowd = Some(Arc::clone(crowd.0));
                scan.digests = Arc::clone(&digests);
                let worker = Worker {
                    scan,
                    crowd: Arc::clone(crowd.0),
                    results: sender.clone(),
                };
                let thread = thread::Builder::new().stack_size(STACK);
                match thread.spawn_scoped(scope, || worker.run()) {
                    Ok(_) => {}
                    Err(why) if number == 0 => return Err(why.into()),
                    // Fewer do it, too.
                    Err(_) => break,
                }
            }
            drop(sender);
            let mut all = Findings::default();
            let mut ahead = ReadAhead::default();
            loop {
                while ahead.cost < MAX_AHEAD {
                    let Some(batch) = batch(&mut walk) else {
                        break;
                    };
                    ahead.give(&batch);
                    crowd.0.give(batch);
                }
                if ahead.costs.is_empty() {
                    return Ok(all);
                }
                let (number, findings) = results.recv()?;
                ahead.take(number, findings.ok_or("a thread has ended")?, &mut all);
            }
        })
    }
}

/// What is given away together: so many files, or so many bytes.
const BATCH: usize = 16;
const BATCH_BYTES: u64 = 256 << 10;
/// How much memory the names of the files take that were found and are not done.
const MAX_AHEAD: usize = 1 << 20;
/// As the first thread has, for archives in archives.
const STACK: usize = 8 << 20;

fn batch(walk: &mut Walk) -> Option<Batch> {
    let mut batch = Batch {
        inputs: Vec::new(),
        cost: 64,
    };
    let mut bytes = 0;
    while batch.inputs.len() < BATCH && bytes < BATCH_BYTES {
        let Some(input) = walk.next() else {
            break;
        };
        bytes = input.size().saturating_add(bytes);
        batch.cost += 64 + input.name_length();
        batch.inputs.push(input);
    }
    (!batch.inputs.is_empty()).then_some(batch)
}

/// The batches that were given away and are not in the result.
#[derive(Default)]
struct ReadAhead<'h> {
    first: u64,
    costs: VecDeque<usize>,
    cost: usize,
    /// Those whose turn it is not yet.
    ready: BTreeMap<u64, Findings<'h>>,
}

impl<'h> ReadAhead<'h> {
    fn give(&mut self, batch: &Batch) {
        self.costs.push_back(batch.cost);
        self.cost += batch.cost;
    }

    fn take(&mut self, number: u64, findings: Findings<'h>, all: &mut Findings<'h>) {
        self.ready.insert(number, findings);
        while let Some(next) = self.ready.remove(&self.first) {
            all.add(next);
            self.first += 1;
            self.cost -= self.costs.pop_front().unwrap_or_default();
        }
    }
}

struct CloseGuard<'c, 'h>(&'c Arc<Crowd<'h, Scan<'h>>>);

impl Drop for CloseGuard<'_, '_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Worker<'h> {
    scan: Scan<'h>,
    crowd: Arc<Crowd<'h, Scan<'h>>>,
    /// Nothing if the thread cannot go on.
    results: Sender<(u64, Option<Findings<'h>>)>,
}

impl Worker<'_> {
    fn run(mut self) {
        while let Some(work) = self.crowd.work() {
            match work {
                Work::Part(shared, number) => shared.work(number, &mut self.scan),
                Work::Batch(number, inputs) => {
                    for input in inputs {
                        self.scan.input(input);
                    }
                    let findings = self.scan.take_findings();
                    // Nobody waits for it after an error.
                    let _ = self.results.send((number, Some(findings)));
                }
            }
        }
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.results.send((0, None));
        }
    }
}
