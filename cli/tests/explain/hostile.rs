//! Servers that answer nothing, nonsense, or without end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use embedded_roots_testing::authority::{root, server};
use embedded_roots_testing::server::free_ports;

use crate::authority::{HOST, with_another_key};
use crate::program::Explain;
use crate::server::{Server, serve};

/// That this ends in time, without a verdict. `why` is in its error.
fn ends(protocol: Option<&str>, why: &str, answer: impl Fn(TcpStream) + Send + Sync + 'static) {
    let port = serve(answer);
    ends_at(port, protocol, why);
}

fn ends_at(port: u16, protocol: Option<&str>, why: &str) {
    let start = Instant::now();
    let roots = root("CA").pem();
    let mut explain = Explain::new(&roots, &roots).args(&["--timeout", "3"]);
    if let Some(protocol) = protocol {
        explain = explain.args(&["--starttls", protocol]);
    }
    let explained = explain.run(port);
    assert!(
        explained.errors.contains(why),
        "{protocol:?}: {}",
        explained.errors
    );
    assert_eq!(explained.status, 2);
    // Another 17 seconds for a machine under load.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

const PROTOCOLS: [Option<&str>; 4] = [None, Some("smtp"), Some("imap"), Some("postgres")];

#[test]
fn silence() {
    for protocol in PROTOCOLS {
        ends(protocol, "no answer in time (`--timeout`)", |stream| {
            thread::sleep(Duration::from_secs(25));
            drop(stream);
        });
    }
}

/// A balancer whose second server is down.
#[test]
fn silent_server_on_the_second_connection() {
    let ca = root("CA");
    let connections = AtomicUsize::new(0);
    let server = Server::after(&server(&ca, HOST), move |_| {
        if connections.fetch_add(1, Ordering::Relaxed) > 0 {
            thread::sleep(Duration::from_secs(25));
        }
        Ok(())
    });
    let start = Instant::now();
    let explain = Explain::new(&ca.pem(), &ca.pem()).args(&["--timeout", "3"]);
    let explained = explain.run(server.port);
    // What the first connection has shown is not lost.
    let accepted = "accepted by roots.pem: the chain ends in its root \"CA\"";
    assert_eq!(explained.verdict("roots.pem"), accepted);
    assert!(explained.has_line("handshake failed: no answer in time (`--timeout`)"));
    let why = "no handshake: no answer in time (`--timeout`)";
    assert!(explained.errors.contains(why), "{}", explained.errors);
    assert_eq!(explained.status, 2);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn slow_server() {
    for protocol in PROTOCOLS
        .into_iter()
        .filter(|protocol| *protocol != Some("postgres"))
    {
        ends(protocol, "no answer in time (`--timeout`)", |mut stream| {
            // The start of a long handshake record, or of a line.
            drop(stream.write_all(&[22, 3, 3, 0x20, 0]));
            while stream.write_all(b"2").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        });
    }
}

#[test]
fn a_closed_connection() {
    ends(None, "no TLS handshake", |_| {});
    for protocol in PROTOCOLS.into_iter().flatten() {
        ends(
            Some(protocol),
            "the server closed the connection before TLS",
            |stream| {
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                drop((&stream).read_to_end(&mut Vec::new()));
            },
        );
    }
}

#[test]
fn a_line_without_end() {
    for protocol in ["smtp", "imap"] {
        ends(
            Some(protocol),
            "the server sends a line that is too long",
            |mut stream| {
                while stream.write_all(&[b'2'; 4096]).is_ok() {}
            },
        );
    }
}

#[test]
fn lines_without_end() {
    ends(
        Some("smtp"),
        "the server sends too many lines",
        |mut stream| {
            while stream.write_all(b"220-and so on\r\n").is_ok() {}
        },
    );
    ends(
        Some("imap"),
        "the server sends too many lines",
        |mut stream| {
            drop(stream.write_all(b"* OK ready\r\n"));
            while stream.write_all(b"* and so on\r\n").is_ok() {}
        },
    );
}

#[test]
fn garbage() {
    let garbage = "\x1b]0;title\x07\u{202e}HTTP/1.1 400 Bad Request\r\n\r\n";
    for protocol in PROTOCOLS {
        let why = match protocol {
            None => "no TLS handshake",
            Some(_) => "the server answers \"\\u{1b}]0;title\\u{7}\\u{202e}HTTP/1.1 400",
        };
        ends(protocol, why, move |mut stream| {
            drop(stream.write_all(garbage.as_bytes()));
            drop(stream.read_to_end(&mut Vec::new()));
        });
    }
}

#[test]
fn plain_http() {
    let why =
        "the server does not speak TLS on this port: it sent something that is not a TLS record";
    ends(None, why, |mut stream| {
        drop(stream.read(&mut [0; 4096]));
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
    });
}

#[test]
fn records_without_end() {
    // Alerts that only warn.
    ends(None, "no TLS handshake", |mut stream| {
        while stream.write_all(&[21, 3, 3, 0, 2, 1, 90]).is_ok() {}
    });
}

#[test]
fn connection_refused() {
    let [port] = free_ports();
    ends_at(port, None, "refused");
}

/// The chain alone proves nothing: everyone can send it.
#[test]
fn a_server_without_the_key_of_its_certificate() {
    let ca = root("CA");
    let copied = with_another_key(server(&ca, HOST));
    let server = Server::new(&copied);
    let explained = Explain::new(&ca.pem(), &ca.pem()).run(server.port);
    let line = "handshake failed: the server does not have the key of its certificate";
    assert!(
        explained.output.lines().any(|other| other == line),
        "{}",
        explained.output
    );
    assert_eq!(explained.status, 1);
}

#[test]
fn a_certificate_that_cannot_be_read() {
    let mut identity = server(&root("CA"), HOST);
    identity.chain[0] = b"\x30\x03abc".to_vec().into();
    let port = Server::new(&identity).port;
    ends_at(
        port,
        None,
        "the server's certificate cannot be read: the certificate cannot be read",
    );
}
