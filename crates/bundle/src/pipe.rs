//! Reads the pipes of a process substitution, `<(command)`, within bounds.

use std::io;
use std::path::Path;

use crate::file::read_file;

/// Like [`read_file`], and also reads a pipe if the path is that of an open descriptor of this process: the shell
/// replaces `<(command)` by such a path, `/dev/fd/63`.
///
/// A pipe can be read once. It is read to its end, within the size of [`read_file`] and ten seconds. Other pipes are
/// refused, because they have no writer that the user has just started.
///
/// # Errors
///
/// Fails like [`read_file`], and if the pipe is empty or its writer does not end in time.
pub fn read_file_or_descriptor(path: &Path) -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    if is_descriptor(path) && is_pipe(path) {
        return open_pipe::read(path, TIME);
    }
    read_file(path)
}

#[cfg(unix)]
const TIME: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(unix)]
fn is_descriptor(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    let folders = [&b"/dev/fd/"[..], b"/proc/self/fd/"];
    let mut numbers = folders
        .iter()
        .filter_map(|folder| path.strip_prefix(*folder));
    numbers.any(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;

    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(unix)]
mod open_pipe {
    use std::io::{self, Read as _};
    use std::os::unix::fs::FileTypeExt as _;
    use std::path::Path;
    use std::sync::{Arc, Condvar, Mutex, PoisonError};
    use std::thread;
    use std::time::{Duration, Instant};

    use crate::file::{MAX_FILE_SIZE, open, too_large};

    /// All that is written into the pipe, by a thread of its own. On Linux, the descriptor is opened again, and reading
    /// it does not block. On other systems, opening it duplicates it, so that reading may block: then the thread
    /// ends with the writer, and this function earlier.
    pub(super) fn read(path: &Path, time: Duration) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + time;
        // Not a channel, of which std compiles three kinds into every program.
        let shared = Arc::new((Mutex::new(None), Condvar::new()));
        let (path, of_thread) = (path.to_owned(), Arc::clone(&shared));
        thread::Builder::new().spawn(move || {
            let (content, ready) = &*of_thread;
            let read = read_until(&path, deadline);
            *content.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
            ready.notify_one();
        })?;
        let (content, ready) = &*shared;
        let content = content.lock().unwrap_or_else(PoisonError::into_inner);
        // The thread has a little longer, since its error is the same.
        let time = time + INTERVAL * 10;
        let waited = ready.wait_timeout_while(content, time, |content| content.is_none());
        let (mut content, _) = waited.unwrap_or_else(PoisonError::into_inner);
        content.take().unwrap_or_else(|| Err(too_late()))
    }

    fn read_until(path: &Path, deadline: Instant) -> io::Result<Vec<u8>> {
        let mut pipe = open(path)?;
        // By now the number may be that of another file.
        if !pipe.metadata()?.file_type().is_fifo() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a pipe"));
        }
        let mut content = Vec::new();
        let mut part = vec![0; 64 * 1024];
        loop {
            if Instant::now() >= deadline {
                return Err(too_late());
            }
            match pipe.read(&mut part) {
                Ok(0) if content.is_empty() => return Err(empty()),
                Ok(0) => return Ok(content),
                Ok(length) => content.extend(part.iter().take(length)),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => thread::sleep(INTERVAL),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
            if content.len() as u64 > MAX_FILE_SIZE {
                return Err(too_large(MAX_FILE_SIZE));
            }
        }
    }

    fn too_late() -> io::Error {
        let why = "its writer has not ended in time (10 seconds)";
        io::Error::new(io::ErrorKind::TimedOut, why)
    }

    fn empty() -> io::Error {
        let why = "the pipe is empty: it can be read once, so write a file if it is read again";
        io::Error::new(io::ErrorKind::UnexpectedEof, why)
    }

    const INTERVAL: Duration = Duration::from_millis(2);
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "the helpers of tests need it, too")]
mod tests {
    use std::os::fd::AsRawFd as _;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    /// A process that writes into a pipe, and the path of the pipe's end in this process.
    struct Writer(Child);

    impl Writer {
        fn new(script: &str) -> Self {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            Self(command.spawn().unwrap())
        }

        fn paths(&self) -> [String; 2] {
            let number = self.0.stdout.as_ref().unwrap().as_raw_fd();
            ["/dev/fd", "/proc/self/fd"].map(|folder| format!("{folder}/{number}"))
        }
    }

    impl Drop for Writer {
        fn drop(&mut self) {
            // It may have ended.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn descriptor_is_a_pipe_that_is_read_to_its_end_once() {
        for nth in 0..2 {
            let writer = Writer::new("echo one; sleep 0.1; echo two");
            let path = &writer.paths()[nth];
            let content = read_file_or_descriptor(Path::new(path)).unwrap();
            assert_eq!(content, b"one\ntwo\n");
            let again = read_file_or_descriptor(Path::new(path)).unwrap_err();
            assert_eq!(again.kind(), io::ErrorKind::UnexpectedEof);
            // Its path leads to nothing else.
            let why = read_file(Path::new(path)).unwrap_err().to_string();
            assert_eq!(why, "not a regular file");
        }
        // More than a pipe holds at a time.
        let writer = Writer::new("head -c 1000000 /dev/zero");
        let content = read_file_or_descriptor(Path::new(&writer.paths()[0]));
        assert_eq!(content.unwrap().len(), 1_000_000);
    }

    #[test]
    fn size_and_time_of_a_pipe_are_bounded() {
        let endless = Writer::new("cat /dev/zero");
        let why = read_file_or_descriptor(Path::new(&endless.paths()[0])).unwrap_err();
        assert_eq!(why.to_string(), "larger than 16 MiB");

        // They wait for their standard input, which stays open.
        for script in ["cat", "echo start; cat"] {
            let silent = Writer::new(script);
            let start = Instant::now();
            let read = open_pipe::read(Path::new(&silent.paths()[0]), Duration::from_millis(200));
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
            let time = start.elapsed();
            assert!(time < Duration::from_secs(5), "{time:?}");
        }
        let dripping = Writer::new("while echo drop; do sleep 0.01; done");
        let read = open_pipe::read(Path::new(&dripping.paths()[0]), Duration::from_millis(200));
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn paths_of_descriptors_are_those_of_the_shell() {
        for (path, is) in [
            ("/dev/fd/63", true),
            ("/proc/self/fd/0", true),
            ("/dev/fd/", false),
            ("/dev/fd/63/", false),
            ("/dev/fd/6x", false),
            ("/dev/fd/../zero", false),
            ("dev/fd/63", false),
            ("/proc/1/fd/63", false),
            ("/dev/stdin", false),
        ] {
            assert_eq!(is_descriptor(Path::new(path)), is, "{path}");
        }
    }
}
