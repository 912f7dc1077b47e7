//! Servers that answer one request or none, and a client that connects to them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use embedded_roots_testing::authority::Identity;
use embedded_roots_testing::server::{self, config, read_request};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, StreamOwned, SupportedProtocolVersion,
};

/// Serves one TLS version, and sends one byte after each handshake.
pub(crate) fn serve(identity: Identity, version: &'static SupportedProtocolVersion) -> SocketAddr {
    server::serve(config(identity, &[version]), |tls| tls.write_all(b"!"))
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
    note: impl Fn(HandshakeKind) + Send + Sync + 'static,
) -> SocketAddr {
    server::serve(config(identity, &[version]), move |tls| {
        read_request(tls)?;
        tls.conn.handshake_kind().into_iter().for_each(&note);
        tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        tls.conn.send_close_notify();
        Ok(())
    })
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
