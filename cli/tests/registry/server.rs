//! A registry on loopback, whose answers a test decides on.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use embedded_roots_testing::authority::Identity;
use embedded_roots_testing::server::{config, listen, read_request, serve};

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// By names in small letters.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }
}

pub(crate) struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
    /// Whether the body is sent again and again.
    is_endless: bool,
}

impl Reply {
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: String::new(),
            body: body.into(),
            is_endless: false,
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::new("")
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers += &[name, ": ", value, "\r\n"].concat();
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn endless(mut self) -> Self {
        self.is_endless = true;
        self
    }

    fn send(&self, stream: &mut impl Write) -> io::Result<()> {
        let length = if self.is_endless {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", self.body.len())
        };
        let head = format!(
            "HTTP/1.1 {} Status\r\n{length}{}Connection: close\r\n\r\n",
            self.status, self.headers
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        if self.is_endless {
            // Until the client hangs up.
            loop {
                stream.write_all(&self.body)?;
            }
        }
        stream.flush()
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Speaks HTTP, and answers whoever wants TLS as servers in Go do.
    pub(crate) fn plain(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let address = listen(move |mut stream| {
            let mut first = [0];
            if stream.peek(&mut first)? == 1 && first[0] == 0x16 {
                return Reply::status(400).send(&mut stream);
            }
            respond(&mut stream, &log, &answer)
        });
        Self { address, requests }
    }

    pub(crate) fn tls(
        identity: Identity,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let versions = embedded_roots::rustls::ALL_VERSIONS;
        let address = serve(config(identity, versions), move |stream| {
            respond(stream, &log, &answer)?;
            stream.conn.send_close_notify();
            Ok(())
        });
        Self { address, requests }
    }

    /// Those so far, but for the one that asks what the server speaks.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        let requests = requests.iter().filter(|request| request.path != "/v2/");
        requests.cloned().collect()
    }
}

fn respond(
    stream: &mut (impl Read + Write),
    log: &Mutex<Vec<Request>>,
    answer: &impl Fn(&Request) -> Reply,
) -> io::Result<()> {
    let head = String::from_utf8(read_request(stream)?).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers: HashMap<String, String> = headers.collect();
    let length = headers.get("content-length");
    let length = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let request = Request {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    };
    log.lock().unwrap().push(request.clone());
    answer(&request).send(stream)
}
