//! TLS servers on loopback, and a client that connects to them.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::crypto::ring;
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};

use crate::authority::Identity;

/// Serves one TLS version until the test ends, and sends one byte after each handshake.
pub(crate) fn serve(identity: Identity, version: &'static SupportedProtocolVersion) -> SocketAddr {
    serve_with(identity, version, |tls| tls.write_all(b"!"))
}

/// Like [`serve`], for a client that speaks HTTP.
pub(crate) fn serve_http(
    identity: Identity,
    version: &'static SupportedProtocolVersion,
) -> SocketAddr {
    serve_http_noting(identity, version, |_| {})
}

/// Like [`serve_http`]; tells of the handshake of each request.
pub(crate) fn serve_http_noting(
    identity: Identity,
    version: &'static SupportedProtocolVersion,
    note: impl Fn(HandshakeKind) + Send + 'static,
) -> SocketAddr {
    serve_with(identity, version, move |tls| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tls.read_exact(&mut byte)?;
            request.extend(byte);
        }
        tls.conn.handshake_kind().into_iter().for_each(&note);
        tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        tls.conn.send_close_notify();
        Ok(())
    })
}

/// Of a server that asks for no client certificate.
pub(crate) fn config(
    identity: Identity,
    version: &'static SupportedProtocolVersion,
) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

fn serve_with(
    identity: Identity,
    version: &'static SupportedProtocolVersion,
    answer: impl Fn(&mut Tls) -> io::Result<()> + Send + 'static,
) -> SocketAddr {
    let config = Arc::new(config(identity, version));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, stream);
            // A client that refuses the certificate hangs up; the test checks the client's error.
            let _ = answer(&mut tls).and_then(|()| tls.flush());
        }
    });
    address
}

/// Connects as a client that expects `name`, and reads the server's first byte.
pub(crate) fn handshake(
    config: Arc<ClientConfig>,
    address: SocketAddr,
    name: &str,
) -> Result<(), rustls::Error> {
    let name = name.to_owned().try_into().unwrap();
    let connection = ClientConnection::new(config, name).unwrap();
    let mut tls = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let mut byte = [0];
    tls.read_exact(&mut byte).map_err(|error| {
        let tls = error
            .get_ref()
            .and_then(|error| error.downcast_ref::<rustls::Error>());
        tls.expect("the handshake fails for no other reason")
            .clone()
    })
}
