//! TLS servers on loopback, in threads of the test. They end with the test's process.

use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::authority::Identity;

/// The server's side of a connection.
pub type Tls = StreamOwned<ServerConnection, TcpStream>;

/// The config of a server that speaks these versions of TLS and asks for no client certificate.
pub fn config(identity: Identity, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

/// Calls `answer` with each connection under TLS, in a thread of its own.
pub fn serve(
    config: ServerConfig,
    answer: impl Fn(&mut Tls) -> io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let config = Arc::new(config);
    listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        answer(&mut tls)?;
        tls.flush()
    })
}

/// Calls `answer` with each connection, in a thread of its own.
///
/// Errors are ignored: a client that refuses a certificate hangs up, and the test checks the client's error.
pub fn listen(answer: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    listen_at((Ipv4Addr::LOCALHOST, 0), answer)
}

/// Like [`listen`], at an address that the test chooses.
pub fn listen_at(
    address: impl ToSocketAddrs,
    answer: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// The head of an HTTP request, with the empty line at its end.
pub fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
    Ok(request)
}

/// Distinct ports on loopback that no program listens on.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
