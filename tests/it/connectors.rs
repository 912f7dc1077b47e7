//! hyper and reqwest against a server that speaks both HTTP/1.1 and HTTP/2.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use embedded_roots::{Refusal, Roots};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::authority::{Identity, root, server};

/// The version that HTTPS connections negotiate: HTTP/2 if and only if the feature is on.
const NEGOTIATED: Version = if cfg!(feature = "http2") {
    Version::HTTP_2
} else {
    Version::HTTP_11
};

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// Echoes the HTTP version of each request, over TLS as `identity` or in plain text.
pub(crate) async fn serve(identity: Option<Identity>) -> SocketAddr {
    let acceptor = identity.map(|identity| {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)
            .unwrap();
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

struct World {
    roots: Roots,
    https: String,
    http: String,
}

async fn world() -> World {
    let ca = root("CA");
    let port = serve(Some(server(&ca, "localhost"))).await.port();
    World {
        roots: Roots::builder().pem(ca.pem()).build().unwrap(),
        https: format!("https://localhost:{port}/"),
        http: format!("http://{}/", serve(None).await),
    }
}

#[tokio::test]
async fn hyper_asks_in_the_version_that_was_negotiated() -> Done {
    let World { roots, https, http } = world().await;
    let client = roots.hyper_client::<Empty<Bytes>>();
    for (address, version) in [(https, NEGOTIATED), (http, Version::HTTP_11)] {
        let response = client.get(address.parse()?).await?;
        assert_eq!(response.version(), version);
        let seen = response.into_body().collect().await?.to_bytes();
        assert_eq!(seen, format!("{version:?}"));
    }
    Ok(())
}

#[tokio::test]
async fn hyper_refuses_whom_the_default_roots_do_not_know() -> Done {
    let World { https, http, .. } = world().await;
    let client = embedded_roots::hyper::client::<Empty<Bytes>>()?;
    let error = client.get(https.parse()?).await.unwrap_err();
    assert_unknown_issuer(&error);
    assert!(client.get(http.parse()?).await?.status().is_success());

    let connector = embedded_roots::hyper::connector()?;
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .build::<_, Empty<Bytes>>(connector);
    assert_unknown_issuer(&client.get(https.parse()?).await.unwrap_err());
    Ok(())
}

#[tokio::test]
async fn reqwest_asks_in_the_version_that_was_negotiated() -> Done {
    let World { roots, https, http } = world().await;
    let client = roots.reqwest_client()?;
    for (address, version) in [(https, NEGOTIATED), (http, Version::HTTP_11)] {
        let response = client.get(address).send().await?;
        assert_eq!(response.version(), version);
        assert_eq!(response.text().await?, format!("{version:?}"));
    }
    Ok(())
}

#[tokio::test]
async fn reqwest_refuses_whom_the_default_roots_do_not_know() -> Done {
    let World { https, http, .. } = world().await;
    let clients = [
        embedded_roots::reqwest::client()?,
        embedded_roots::reqwest::client_builder()?.build()?,
    ];
    for client in clients {
        assert_unknown_issuer(&client.get(&https).send().await.unwrap_err());
        assert!(client.get(&http).send().await?.status().is_success());
    }
    Ok(())
}

#[test]
fn reqwest_blocks() -> Done {
    let runtime = Runtime::new()?;
    let World { roots, https, http } = runtime.block_on(world());
    let client = roots.reqwest_blocking_client()?;
    for (address, version) in [(&https, NEGOTIATED), (&http, Version::HTTP_11)] {
        let response = client.get(address).send()?;
        assert_eq!(response.version(), version);
        assert_eq!(response.text()?, format!("{version:?}"));
    }
    let clients = [
        embedded_roots::reqwest::blocking::client()?,
        embedded_roots::reqwest::blocking::client_builder()?.build()?,
    ];
    for client in clients {
        assert_unknown_issuer(&client.get(&https).send().unwrap_err());
    }
    Ok(())
}

#[track_caller]
pub(crate) fn assert_unknown_issuer(error: &(dyn Error + 'static)) {
    let refusal = Refusal::of(error).unwrap_or_else(|| panic!("another reason: {error:?}"));
    assert!(
        refusal.is_unknown_issuer() && refusal.issuer() == Some("CN=CA"),
        "{refusal}"
    );
}
