//! QUIC, against a server of quinn's: nginx in Debian 12 has none.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clients::quinn_client;
use embedded_roots::rustls::ServerConfig;
use embedded_roots_testing::authority::Identity;
use quinn::crypto::rustls::QuicServerConfig;

use crate::authority::{Authority, Done, Reason, authorities, refused, refusing};

fn serve(ca: &Authority) -> Result<SocketAddr, Box<dyn Error>> {
    let Identity { chain, key } = ca.server();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"test".to_vec()];
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(config)?));
    let server = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into())?;
    let address = server.local_addr()?;
    tokio::spawn(async move {
        while let Some(incoming) = server.accept().await {
            tokio::spawn(async move {
                let connection = incoming.await?;
                let mut stream = connection.open_uni().await?;
                stream.write_all(b"hello").await?;
                stream.finish()?;
                connection.closed().await;
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            });
        }
    });
    Ok(address)
}

#[tokio::test]
async fn quinn() -> Done {
    let (ca, other) = authorities();
    let server = serve(&ca)?;

    let endpoint = quinn_client::endpoint(&ca.roots(), "test")?;
    let connection = endpoint.connect(server, "localhost")?.await?;
    let mut stream = connection.accept_uni().await?;
    assert_eq!(stream.read_to_end(5).await?, b"hello");

    for (roots, reason) in refusing(&ca, &other) {
        let endpoint = quinn_client::endpoint(&roots, "test")?;
        let error = endpoint.connect(server, "localhost")?.await.unwrap_err();
        // QUIC sends the reason to the server, so quinn keeps it as text.
        let words = match reason {
            Reason::UnknownIssuer => "is not trusted by",
            Reason::Distrusted => "1970-01-01T00:00:00Z",
        };
        refused(&error, words);
    }
    Ok(())
}
