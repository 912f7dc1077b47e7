//! What an archive may cost, since anybody may have made it.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The limits for one file of the command line or of a directory, with all that is in it.
#[derive(Clone, Debug)]
pub(crate) struct ScanLimits {
    /// Archives in archives.
    pub(crate) depth: usize,
    pub(crate) entries: u64,
    /// Bytes, unpacked.
    pub(crate) unpacked: u64,
    /// Unpacked bytes to a packed one. Deflate does not reach more than 1032.
    pub(crate) ratio: u64,
    /// The ratio does not matter up to this size: empty disk images are packed well.
    pub(crate) ratio_from: u64,
    /// Bytes of what decompressors keep of their output, of small archives in other archives that are read by seeking,
    /// and of what has to be kept of entries.
    pub(crate) in_memory: u64,
    /// Bytes of larger ones, which are in temporary files.
    pub(crate) on_disk: u64,
    /// Bytes of names and other data before an entry of a tar archive.
    pub(crate) about_entry: u64,
    /// Bytes of what is reported.
    pub(crate) report: u64,
    /// Digests to try passwords of key stores, for all files together: some ten seconds. A store that Java writes takes
    /// fifty thousand.
    pub(crate) digests: u64,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            depth: 8,
            entries: 1_000_000,
            unpacked: 64 << 30,
            ratio: 250,
            ratio_from: 256 << 20,
            in_memory: 40 << 20,
            on_disk: 8 << 30,
            about_entry: 1 << 20,
            report: 24 << 20,
            digests: 60_000_000,
        }
    }
}

/// A counter that several readers of one thread share. It is atomic so that what holds it can go to another thread
/// when that is done, and for no other reason: `take` is not one step.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<Count>);

#[derive(Default)]
struct Count {
    left: AtomicU64,
    was_short: AtomicBool,
    reserve: Option<Reserve>,
}

impl Counter {
    pub(crate) fn new(value: u64) -> Self {
        Self::with_reserve(value, None)
    }

    /// Of memory that several threads have, where the last bytes are there once for all of them.
    pub(crate) fn with_reserve(value: u64, reserve: Option<Reserve>) -> Self {
        Self(Arc::new(Count {
            left: AtomicU64::new(value),
            was_short: AtomicBool::new(false),
            reserve,
        }))
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.left.load(Relaxed)
    }

    pub(crate) fn set(&self, value: u64) {
        if let Some(reserve) = &self.0.reserve {
            reserve.claim(value < reserve.size);
        }
        self.0.left.store(value, Relaxed);
    }

    /// Whether that many were left, and now are taken.
    pub(crate) fn take(&self, count: u64) -> bool {
        let left = self.value().checked_sub(count);
        self.set(left.unwrap_or(0));
        if left.is_none() {
            self.note_short();
        }
        left.is_some()
    }

    /// Notes that there was not enough for what is scanned.
    pub(crate) fn note_short(&self) {
        self.0.was_short.store(true, Relaxed);
    }

    /// Whether there has ever been not enough.
    pub(crate) fn was_short(&self) -> bool {
        self.0.was_short.load(Relaxed)
    }

    pub(crate) fn give(&self, count: u64) {
        self.set(self.value().saturating_add(count));
    }
}

/// What is left of the limits for a file.
#[derive(Clone)]
pub(crate) struct Budget {
    pub(crate) entries: Counter,
    pub(crate) unpacked: Counter,
    pub(crate) in_memory: Counter,
    pub(crate) on_disk: Counter,
    pub(crate) report: Counter,
    /// Whether it was told that the report is full.
    pub(crate) is_full: bool,
}

impl Budget {
    pub(crate) fn new(limits: &ScanLimits, reserve: Option<Reserve>) -> Self {
        Self {
            entries: Counter::new(limits.entries),
            unpacked: Counter::new(limits.unpacked),
            in_memory: Counter::with_reserve(limits.in_memory, reserve),
            on_disk: Counter::new(limits.on_disk),
            report: Counter::new(limits.report),
            is_full: false,
        }
    }
}

/// What bzip2 needs for its largest blocks.
pub(crate) const BZIP2_MEMORY: u64 = 4 << 20;

/// What LZMA needs beside the dictionary, and more.
pub(crate) const LZMA_MEMORY: u64 = 1 << 20;

/// The failure of what needs more memory than there is.
pub(crate) fn too_little_memory(needed: u64, left: u64) -> io::Error {
    let message = format!("needs {needed} bytes of memory, and {left} are left");
    io::Error::other(message)
}

/// Memory that one thread at a time has, beside what each has for itself.
///
/// Who needs it waits for it, so that what can be read does not depend on what other threads read. Whoever has it waits
/// for nobody.
pub(crate) struct Reserve {
    taken: Arc<Reservation>,
    /// The bytes of it.
    size: u64,
    is_own: AtomicBool,
}

/// Whether somebody has a reserve.
#[derive(Default)]
pub(crate) struct Reservation {
    is_taken: Mutex<bool>,
    changed: Condvar,
}

impl Reserve {
    pub(crate) fn new(taken: Arc<Reservation>, size: u64) -> Self {
        Self {
            taken,
            size,
            is_own: AtomicBool::new(false),
        }
    }

    /// Waits for it, or gives it back.
    fn claim(&self, is_needed: bool) {
        if self.is_own.swap(is_needed, Relaxed) == is_needed {
            return;
        }
        let Reservation { is_taken, changed } = &*self.taken;
        let taken = is_taken.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |taken: &mut bool| is_needed && *taken;
        let taken = changed.wait_while(taken, wait);
        *taken.unwrap_or_else(PoisonError::into_inner) = is_needed;
        changed.notify_one();
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.claim(false);
    }
}

/// Counts what is read.
pub(crate) struct CountingReader<R> {
    pub(crate) inner: R,
    pub(crate) count: Counter,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.give(read as u64);
        Ok(read)
    }
}

/// Fails once more is read than the allowance holds.
pub(crate) struct LimitedReader<R> {
    pub(crate) inner: R,
    pub(crate) left: Counter,
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if self.left.take(read as u64) {
            return Ok(read);
        }
        Err(io::Error::other("too much data about entries"))
    }
}

impl<R: Seek> Seek for LimitedReader<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

/// The output of a decompressor, which fails beyond the limits.
pub(crate) struct UnpackingReader<R> {
    inner: R,
    packed: Counter,
    /// How many bytes came out.
    written: u64,
    /// How much may still be unpacked, of all of the file.
    left: Counter,
    limits: ScanLimits,
    /// A decoder need not end if it is read again after an error.
    failure: Option<(io::ErrorKind, String)>,
}

impl<R> UnpackingReader<R> {
    pub(crate) fn new(inner: R, packed: Counter, left: Counter, limits: &ScanLimits) -> Self {
        Self {
            inner,
            packed,
            written: 0,
            left,
            limits: limits.clone(),
            failure: None,
        }
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for UnpackingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some((kind, why)) = &self.failure {
            return Err(io::Error::new(*kind, why.clone()));
        }
        let result = self.read_within(buffer);
        if let Err(why) = &result {
            if why.kind() != io::ErrorKind::Interrupted {
                self.failure = Some((why.kind(), why.to_string()));
            }
        }
        result
    }
}

impl<R: Read> UnpackingReader<R> {
    fn read_within(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)? as u64;
        self.written += read;
        if !self.left.take(read) {
            let limit = self.limits.unpacked;
            return Err(io::Error::other(format!(
                "unpacks to more than {limit} bytes"
            )));
        }
        let ratio = self.limits.ratio;
        let most = self.packed.value().saturating_mul(ratio);
        if self.written > self.limits.ratio_from && self.written > most {
            let message = format!("unpacks to more than {ratio} times its size");
            return Err(io::Error::other(message));
        }
        // Not more than the buffer's length, which is a usize.
        Ok(usize::try_from(read).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Each thread takes more than its own part again and again, and sees that nobody else does at that time.
    #[test]
    fn one_thread_at_a_time_has_the_reserve() {
        let taken = Arc::new(Reservation::default());
        let others = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                let (taken, others) = (Arc::clone(&taken), &others);
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        let reserve = Reserve::new(Arc::clone(&taken), 80);
                        let memory = Counter::with_reserve(100, Some(reserve));
                        assert!(memory.take(20));
                        assert!(memory.take(50));
                        assert_eq!(others.fetch_add(1, Relaxed), 0);
                        assert!(!memory.take(31));
                        memory.set(30);
                        assert_eq!(others.fetch_sub(1, Relaxed), 1);
                        memory.give(50);
                        assert!(memory.take(1));
                        assert_eq!(others.fetch_add(1, Relaxed), 0);
                        others.fetch_sub(1, Relaxed);
                        // It goes back when nobody counts any longer.
                    }
                });
            }
        });
        assert!(!*taken.is_taken.lock().unwrap());
    }

    /// Reads some, fails, and would go on.
    struct Failing(u32);

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 {
                return Err(io::Error::other("damaged"));
            }
            Ok(1)
        }
    }

    #[test]
    fn a_decoder_is_not_read_after_an_error() {
        let left = Counter::new(100);
        let packed = Counter::new(100);
        let limits = ScanLimits::default();
        let mut reader = UnpackingReader::new(Failing(0), packed, left, &limits);
        let mut buffer = [0; 10];
        assert_eq!(reader.read(&mut buffer).unwrap(), 1);
        for _ in 0..2 {
            let why = reader.read(&mut buffer).unwrap_err().to_string();
            assert_eq!(why, "damaged");
        }
        assert_eq!(reader.inner.0, 2);
    }
}
