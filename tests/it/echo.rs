//! A server that speaks both HTTP/1.1 and HTTP/2, for clients of both.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use embedded_roots::Refusal;
use embedded_roots_testing::authority::Identity;
use embedded_roots_testing::server::config;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ALL_VERSIONS;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// Echoes the HTTP version of each request, over TLS as `identity` or in plain text.
pub(crate) async fn serve(identity: Option<Identity>) -> SocketAddr {
    let acceptor = identity.map(|identity| {
        let mut config = config(identity, ALL_VERSIONS);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, acceptor.clone()));
        }
    });
    address
}

/// The refusal of a server whose certificate the root "CA" has issued, by a client that does not know it.
#[track_caller]
pub(crate) fn assert_unknown_issuer(error: &(dyn Error + 'static)) {
    let refusal = Refusal::of(error).unwrap_or_else(|| panic!("another reason: {error:?}"));
    assert!(
        refusal.is_unknown_issuer() && refusal.issuer() == Some("CN=CA"),
        "{refusal}"
    );
}

async fn answer(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let echo = service_fn(|request: Request<hyper::body::Incoming>| async move {
        let version = format!("{:?}", request.version());
        Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(version))))
    });
    let server = auto::Builder::new(TokioExecutor::new());
    match acceptor {
        None => server.serve_connection(TokioIo::new(stream), echo).await,
        Some(acceptor) => {
            let stream = acceptor.accept(stream).await?;
            server.serve_connection(TokioIo::new(stream), echo).await
        }
    }
}
