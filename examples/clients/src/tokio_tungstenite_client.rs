//! tokio-tungstenite: WebSockets.

use embedded_roots::Roots;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

/// A WebSocket to this `wss:` URL.
pub async fn connect(
    roots: &Roots,
    url: &str,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Error> {
    let tls = Connector::Rustls(roots.client_config());
    let (socket, _response) = connect_async_tls_with_config(url, None, false, Some(tls)).await?;
    Ok(socket)
}
