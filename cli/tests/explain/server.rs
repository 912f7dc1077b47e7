//! Servers in threads of the test.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use embedded_roots::rustls::crypto::ring;
use embedded_roots::rustls::server::{ClientHello, ResolvesServerCert};
use embedded_roots::rustls::sign::CertifiedKey;
use embedded_roots::rustls::version::{TLS12, TLS13};
use embedded_roots::rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use embedded_roots_testing::authority::Identity;
use embedded_roots_testing::server::listen;

/// What one connection was like to the server.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) handshake: bool,
    /// What the client said under TLS.
    pub(crate) said: Vec<u8>,
    /// The types of the TLS records that the client sent, as they are on the wire.
    pub(crate) records: Vec<u8>,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Conversation>>>,
}

impl Server {
    pub(crate) fn new(identity: &Identity) -> Self {
        Self::in_turn(&[identity])
    }

    /// A server that presents the next of these on each connection, as servers behind a balancer do.
    pub(crate) fn in_turn(identities: &[&Identity]) -> Self {
        Self::with(identities, &TLS13, |_| Ok(()))
    }

    pub(crate) fn tls12(identity: &Identity) -> Self {
        Self::with(&[identity], &TLS12, |_| Ok(()))
    }

    /// A server that says something in the clear before TLS.
    pub(crate) fn after(
        identity: &Identity,
        clear: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::with(&[identity], &TLS13, clear)
    }

    fn with(
        identities: &[&Identity],
        version: &'static SupportedProtocolVersion,
        clear: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let certified = identities.iter().map(|identity| {
            // Unchecked: some tests present a certificate of another key.
            let key = ring::sign::any_supported_type(&identity.key).unwrap();
            Arc::new(CertifiedKey::new(identity.chain.clone(), key))
        });
        let resolver = CertificateRotation {
            certified: certified.collect(),
            next: AtomicUsize::new(0),
        };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        let config = Arc::new(config);
        let seen = Arc::<Mutex<Vec<Conversation>>>::default();
        let all = Arc::clone(&seen);
        let port = serve(move |mut stream| {
            if clear(&mut stream).is_ok() {
                // One at a time, so that they are in their order.
                let mut all = all.lock().unwrap();
                all.push(of_tls(stream, &config));
            }
        });
        Self { port, seen }
    }

    /// Once as many connections have ended.
    pub(crate) fn seen(&self, connections: usize) -> Vec<Conversation> {
        for _ in 0..500 {
            if self.seen.lock().unwrap().len() >= connections {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

#[derive(Debug)]
struct CertificateRotation {
    certified: Vec<Arc<CertifiedKey>>,
    next: AtomicUsize,
}

impl ResolvesServerCert for CertificateRotation {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let nth = self.next.fetch_add(1, Ordering::Relaxed) % self.certified.len();
        self.certified.get(nth).cloned()
    }
}

/// A server that does this with each connection, in a thread of its own.
pub(crate) fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let address = listen(move |stream| {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        answer(stream);
        Ok(())
    });
    address.port()
}

fn of_tls(stream: TcpStream, config: &Arc<ServerConfig>) -> Conversation {
    let mut tap = Tap {
        stream,
        bytes: Vec::new(),
    };
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut seen = Conversation::default();
    while connection.is_handshaking() {
        match connection.complete_io(&mut tap) {
            Ok((0, 0)) | Err(_) => break,
            Ok(_) => {}
        }
    }
    seen.handshake = !connection.is_handshaking();
    // As far as the client goes, whether or not it ends well.
    while let Ok(1..) = connection.read_tls(&mut tap) {
        if connection.process_new_packets().is_err() {
            break;
        }
        drop(connection.reader().read_to_end(&mut seen.said));
    }
    seen.records = record_types(&tap.bytes);
    seen
}

/// Keeps what is read.
struct Tap {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.bytes.extend(&buffer[..read]);
        Ok(read)
    }
}

impl Write for Tap {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn record_types(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        types.push(*kind);
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        bytes = rest.get(length..).unwrap_or_default();
    }
    types
}
