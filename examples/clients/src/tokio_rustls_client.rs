//! tokio-rustls: a TLS stream over TCP.

use std::io;

use embedded_roots::Roots;
use embedded_roots::rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A TLS stream to this host.
pub async fn connect(roots: &Roots, host: &str, port: u16) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let tcp = TcpStream::connect((host, port)).await?;
    TlsConnector::from(roots.client_config())
        .connect(name, tcp)
        .await
}
