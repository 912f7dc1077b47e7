//! hyper and reqwest against a server that speaks both HTTP/1.1 and HTTP/2.
//!
//! Separate from `it`, because it is also built without the feature `http2`.

// clippy.toml allows this in `#[test]` functions only; the helpers here need it too.
#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(missing_docs, reason = "a test binary has no users")]

#[path = "../it/echo.rs"]
mod echo;

use embedded_roots::Roots;
use embedded_roots_testing::authority::{root, server};
use http_body_util::{BodyExt as _, Empty};
use hyper::Version;
use hyper::body::Bytes;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Runtime;

use echo::{Done, assert_unknown_issuer, serve};

/// The version that HTTPS connections negotiate: HTTP/2 if and only if the feature is on.
const NEGOTIATED: Version = if cfg!(feature = "http2") {
    Version::HTTP_2
} else {
    Version::HTTP_11
};

struct TestServers {
    roots: Roots,
    https: String,
    http: String,
}

async fn world() -> TestServers {
    let ca = root("CA");
    let port = serve(Some(server(&ca, "localhost"))).await.port();
    TestServers {
        roots: Roots::builder().pem(ca.pem()).build().unwrap(),
        https: format!("https://localhost:{port}/"),
        http: format!("http://{}/", serve(None).await),
    }
}

#[tokio::test]
async fn hyper_asks_in_the_version_that_was_negotiated() -> Done {
    let TestServers { roots, https, http } = world().await;
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
async fn hyper_refuses_an_unknown_issuer() -> Done {
    let TestServers { https, http, .. } = world().await;
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
    let TestServers { roots, https, http } = world().await;
    let client = roots.reqwest_client()?;
    for (address, version) in [(https, NEGOTIATED), (http, Version::HTTP_11)] {
        let response = client.get(address).send().await?;
        assert_eq!(response.version(), version);
        assert_eq!(response.text().await?, format!("{version:?}"));
    }
    Ok(())
}

#[tokio::test]
async fn reqwest_refuses_an_unknown_issuer() -> Done {
    let TestServers { https, http, .. } = world().await;
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
    let TestServers { roots, https, http } = runtime.block_on(world());
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
