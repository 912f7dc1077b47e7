//! hyper and reqwest against nginx and OpenSSL's `s_server`.

use std::error::Error;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{Authority, Identity, intermediate, root, server};
use embedded_roots_testing::program::Program;
use embedded_roots_testing::server::free_ports;
use http_body_util::{BodyExt as _, Empty};
use hyper::Version;
use hyper::body::Bytes;

type Done = Result<(), Box<dyn Error>>;

/// A server under an intermediate of this authority.
fn identity(ca: &Authority) -> Identity {
    let between = intermediate("Between", ca);
    server(&between, "localhost").with(&between)
}

/// What both clients get from there under `roots`: the version of HTTP, and the body.
async fn answers(roots: &Roots, address: &str) -> Result<[(Version, String); 2], Box<dyn Error>> {
    let client = roots.hyper_client::<Empty<Bytes>>();
    let response = client.get(address.parse()?).await?;
    let version = response.version();
    let body = response.into_body().collect().await?.to_bytes();
    let by_hyper = (version, String::from_utf8(body.into())?);

    let response = roots.reqwest_client()?.get(address).send().await?;
    Ok([by_hyper, (response.version(), response.text().await?)])
}

/// That neither client accepts the server under another root.
async fn refused(address: &str, other: &Authority) -> Done {
    let roots = Roots::builder().pem(other.pem()).build()?;
    let hyper = roots.hyper_client::<Empty<Bytes>>();
    let hyper = hyper.get(address.parse()?).await.unwrap_err();
    let reqwest = roots.reqwest_client()?.get(address).send().await;
    let reqwest = reqwest.unwrap_err();
    for error in [&hyper as &dyn Error, &reqwest] {
        let refusal = Refusal::of(error).unwrap_or_else(|| panic!("another reason: {error:?}"));
        assert!(
            refusal.is_unknown_issuer() && refusal.issuer() == Some("CN=CA"),
            "{refusal}"
        );
    }
    Ok(())
}

/// As `listen`, `ssl_protocols` and `$ssl_protocol` of nginx name them, with the version of HTTP.
const LISTENERS: [(&str, &str, Version); 4] = [
    ("ssl", "TLSv1.2", Version::HTTP_11),
    ("ssl", "TLSv1.3", Version::HTTP_11),
    ("ssl http2", "TLSv1.2", Version::HTTP_2),
    ("ssl http2", "TLSv1.3", Version::HTTP_2),
];

#[tokio::test]
#[ignore = "needs nginx; .ci/run installs and runs it"]
async fn nginx_is_accepted_under_its_root_and_refused_under_another() -> Done {
    let (ca, other) = (root("CA"), root("Another CA"));
    let others: [u16; LISTENERS.len() - 1] = free_ports();
    let mut ports = others.to_vec();
    let nginx = Program::nginx(&identity(&ca), |port| {
        ports.push(port);
        let servers = LISTENERS
            .iter()
            .zip(&ports)
            .map(|((listen, tls, _), port)| {
                format!(
                    "server {{
                    listen 127.0.0.1:{port} {listen};
                    ssl_protocols {tls};
                    location / {{ return 200 \"$server_protocol over $ssl_protocol\"; }}
                }}\n"
                )
            });
        servers.collect()
    });
    assert_eq!(ports.last(), Some(&nginx.port()));

    let roots = Roots::builder().pem(ca.pem()).build()?;
    for ((_, tls, version), port) in LISTENERS.into_iter().zip(ports) {
        let address = format!("https://localhost:{port}/");
        let version = if cfg!(feature = "http2") {
            version
        } else {
            Version::HTTP_11
        };
        let shown = if version == Version::HTTP_2 {
            "HTTP/2.0"
        } else {
            "HTTP/1.1"
        };
        let expected = (version, format!("{shown} over {tls}"));
        assert_eq!(
            answers(&roots, &address).await?,
            [expected.clone(), expected]
        );
        refused(&address, &other).await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs openssl; .ci/run runs it"]
async fn s_server_is_accepted_under_its_root_and_refused_under_another() -> Done {
    let (ca, other) = (root("CA"), root("Another CA"));
    let roots = Roots::builder().pem(ca.pem()).build()?;
    for tls in ["-tls1_2", "-tls1_3"] {
        let s_server = Program::s_server(&identity(&ca), &["-HTTP", tls]);
        // `-HTTP` sends a file as it is.
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
        s_server.file("answer", answer);
        let address = format!("https://localhost:{}/answer", s_server.port());
        let expected = (Version::HTTP_11, "hello".to_owned());
        assert_eq!(
            answers(&roots, &address).await?,
            [expected.clone(), expected]
        );
        refused(&address, &other).await?;
    }
    Ok(())
}
