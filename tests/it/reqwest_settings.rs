//! TLS settings of reqwest's own builder have no effect. docs/clients.md has what to do instead.

use std::net::SocketAddr;
use std::sync::Arc;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{Authority, Identity, client, root, server};
use embedded_roots_testing::server::{self as tls_server, read_request};
use reqwest::blocking::ClientBuilder;
use reqwest::{Certificate, tls};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::version::{TLS12, TLS13};

use crate::server::serve_http;

const NAME: &str = "localhost";

fn trusting(ca: &Authority) -> Roots {
    Roots::builder().pem(ca.pem()).build().unwrap()
}

fn get(builder: ClientBuilder, address: SocketAddr) -> Result<u16, reqwest::Error> {
    let url = format!("https://{NAME}:{}/", address.port());
    let response = builder.build()?.get(url).send()?;
    Ok(response.status().as_u16())
}

/// A server that requires a client certificate of this CA.
fn mutual(ca: &Authority) -> SocketAddr {
    let Identity { chain, key } = server(ca, NAME);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(trusting(ca).client_cert_verifier())
        .with_single_cert(chain, key)
        .unwrap();
    tls_server::serve(config, |tls| {
        use std::io::Write as _;

        read_request(tls)?;
        tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        tls.conn.send_close_notify();
        Ok(())
    })
}

#[test]
fn settings_of_the_builder_have_no_effect() {
    let (ca, other) = (root("CA"), root("Other CA"));
    let roots = trusting(&ca);
    let builder = || roots.reqwest_blocking_client_builder();

    let tls12 = serve_http(server(&ca, NAME), &TLS12);
    let minimum = builder().min_tls_version(tls::Version::TLS_1_3);
    assert_eq!(get(minimum, tls12).unwrap(), 200);

    let stranger = serve_http(server(&other, NAME), &TLS13);
    let added = Certificate::from_der(other.der()).unwrap();
    for builder in [
        builder().tls_danger_accept_invalid_certs(true),
        builder().tls_certs_merge([added]),
    ] {
        let refused = get(builder, stranger).unwrap_err();
        assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());
    }

    let identity = client(&ca, NAME);
    let pem = identity.key_pem() + &identity.chain_pem();
    let identity = reqwest::Identity::from_pem(pem.as_bytes()).unwrap();
    get(builder().identity(identity), mutual(&ca)).unwrap_err();
}
