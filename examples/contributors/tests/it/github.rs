//! A fake GitHub, with its API and its pictures. The requested owner selects the answer.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use embedded_roots_testing::authority::{Authority, server_with};
use embedded_roots_testing::server::{config, listen_at};
use rcgen::SanType;
use rustls::{ALL_VERSIONS, ServerConfig, ServerConnection, StreamOwned};

pub(crate) struct GitHub {
    pub(crate) address: SocketAddr,
    /// The head of each request to the API, in lower case.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl GitHub {
    /// Serves plain HTTP on a port of its own.
    pub(crate) fn plain() -> Self {
        Self::start("127.0.0.1:0", |stream, requests| {
            let mut stream = stream;
            while answer(&mut stream, requests)? {}
            Ok(())
        })
    }

    /// Serves HTTPS at this address, with a certificate of `authority`.
    pub(crate) fn tls(at: &str, authority: &Authority) -> Self {
        let config = Arc::new(server_config(authority));
        Self::start(at, move |stream, requests| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, stream);
            while answer(&mut tls, requests)? {}
            tls.conn.send_close_notify();
            tls.flush()
        })
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}", self.address.port())
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn start(
        at: &str,
        serve: impl Fn(TcpStream, &Mutex<Vec<String>>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::<Mutex<_>>::default();
        let seen = Arc::clone(&requests);
        let address = listen_at(at, move |stream| serve(stream, &seen));
        Self { address, requests }
    }
}

/// The config of a server with GitHub's names and localhost.
fn server_config(ca: &Authority) -> ServerConfig {
    let identity = server_with(ca, "localhost", |params| {
        let names = ["api.github.com", "avatars.githubusercontent.com"];
        let names = names.map(|name| SanType::DnsName(name.try_into().unwrap()));
        params.subject_alt_names.extend(names);
    });
    config(identity, ALL_VERSIONS)
}

/// Answers one request; returns whether another may follow.
fn answer(stream: &mut (impl Read + Write), requests: &Mutex<Vec<String>>) -> io::Result<bool> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Ok(false);
        }
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    if let Some(number) = path.strip_prefix("/u/") {
        let number = number.split('?').next().unwrap();
        respond(
            stream,
            "200 OK",
            "content-type: image/svg+xml\r\n",
            &picture(number),
        )?;
        return Ok(true);
    }
    requests.lock().unwrap().push(head.to_ascii_lowercase());
    let owner = path.split('/').nth(2).unwrap_or_default();
    let reset = "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 4102444800\r\n";
    match owner {
        "computing" => respond(stream, "202 Accepted", "", "{}")?,
        "eventually" => {
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            match ASKED.fetch_add(1, Ordering::Relaxed) {
                0 => respond(stream, "202 Accepted", "", "{}")?,
                _ => respond(stream, "200 OK", "", &people(&[("octocat", 1)]))?,
            }
        }
        "forbidden" => respond(stream, "403 Forbidden", reset, "{}")?,
        "limited" => respond(stream, "429 Too Many Requests", "retry-after: 60\r\n", "{}")?,
        "missing" => respond(stream, "404 Not Found", "", "{\"message\": \"Not Found\"}")?,
        "failing" => respond(stream, "500 Internal Server Error", "", "")?,
        "empty" => respond(stream, "204 No Content", "", "")?,
        "invalid" => respond(stream, "200 OK", "", "{\"total\": ")?,
        "large" => {
            let piece = vec![b' '; 1 << 20];
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n"
            )?;
            for _ in 0..1024 {
                stream.write_all(&piece)?;
            }
        }
        "silent" => {
            thread::sleep(Duration::from_secs(3600));
            return Ok(false);
        }
        "slow" => {
            thread::sleep(Duration::from_secs(1));
            respond(stream, "200 OK", "", &people(&[("octocat", 1)]))?;
        }
        "soon" => {
            thread::sleep(Duration::from_millis(300));
            respond(stream, "200 OK", "", &people(&[("octocat", 1)]))?;
        }
        "hostile" => {
            let login = "<script>alert(1)</script>";
            respond(
                stream,
                "200 OK",
                "",
                &people(&[(login, 3), ("\\\" onload=alert(1) x=\\\"", 2)]),
            )?;
        }
        _ => {
            let many = [
                ("ann", 12),
                ("bob", 1),
                ("carla-with-a-rather-long-name", 340),
                ("dora", 12),
                ("emil", 7),
            ];
            respond(stream, "200 OK", "", &people(&many))?;
        }
    }
    Ok(true)
}

fn respond(stream: &mut impl Write, status: &str, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )?;
    stream.flush()
}

/// Statistics in GitHub's format, with made-up logins and numbers.
fn people(people: &[(&str, u64)]) -> String {
    let mut entries = Vec::new();
    for (nth, (login, commits)) in people.iter().enumerate() {
        let mut weeks = String::new();
        for week in 0..50 {
            let start = 1_700_000_000 + week * 604_800;
            write!(weeks, "{{\"w\":{start},\"a\":10,\"d\":2,\"c\":1}},").unwrap();
        }
        entries.push(format!(
            "{{\"total\":{commits},\"weeks\":[{}],\"author\":{{\"login\":\"{login}\",\"id\":{nth},\
             \"avatar_url\":\"https://avatars.githubusercontent.com/u/{nth}?v=4\",\"type\":\"User\"}}}}",
            weeks.trim_end_matches(',')
        ));
    }
    format!("[{}]", entries.join(","))
}

/// A face whose colour depends on the number.
fn picture(number: &str) -> String {
    let hue = number.parse::<u32>().unwrap_or(0) * 67 % 360;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"200\" viewBox=\"0 0 10 10\">\
         <rect width=\"10\" height=\"10\" fill=\"hsl({hue} 60% 70%)\"/>\
         <circle cx=\"5\" cy=\"4\" r=\"2\" fill=\"hsl({hue} 50% 35%)\"/>\
         <path d=\"M1 10a4 4 0 0 1 8 0z\" fill=\"hsl({hue} 50% 35%)\"/></svg>"
    )
}
