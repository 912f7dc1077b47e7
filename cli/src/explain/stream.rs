//! Streams that end: at a deadline, and after so many bytes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A stream with an end.
pub(super) struct TimedStream {
    stream: TcpStream,
    deadline: Instant,
    /// The bytes that may still be read.
    left: usize,
}

impl TimedStream {
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self {
            stream,
            deadline,
            left: MOST_BYTES,
        }
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// As a mail server is told it (RFC 5321, section 4.1.3).
    pub(super) fn address_literal(&self) -> io::Result<String> {
        Ok(match self.stream.local_addr()? {
            SocketAddr::V4(address) => format!("[{}]", address.ip()),
            SocketAddr::V6(address) => format!("[IPv6:{}]", address.ip()),
        })
    }
}

impl Read for TimedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let time = remaining(self.deadline)?;
        self.stream.set_read_timeout(Some(time))?;
        let read = self.stream.read(buffer).map_err(or_timed_out)?;
        let left = self.left.checked_sub(read);
        self.left = left.ok_or_else(|| io::Error::other("the server sends too much"))?;
        Ok(read)
    }
}

impl Write for TimedStream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let time = remaining(self.deadline)?;
        self.stream.set_write_timeout(Some(time))?;
        self.stream.write(buffer).map_err(or_timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

pub(super) fn remaining(deadline: Instant) -> io::Result<Duration> {
    let time = deadline.saturating_duration_since(Instant::now());
    // Zero means no limit to a socket.
    (!time.is_zero()).then_some(time).ok_or_else(timed_out)
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, NO_ANSWER)
}

pub(super) const NO_ANSWER: &str = "no answer in time (`--timeout`)";

/// Unix calls a timeout `WouldBlock`, which rustls would take as a reason to try again.
fn or_timed_out(why: io::Error) -> io::Error {
    match why.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => timed_out(),
        _ => why,
    }
}

/// More than the largest handshake that rustls accepts takes.
const MOST_BYTES: usize = 1 << 20;
