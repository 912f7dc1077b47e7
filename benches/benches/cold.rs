//! Cold start: the first client config of a fresh process, ours and that of others.
//!
//! Each way is timed inside of its process, from the first line of `main` to the config.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::{fresh, peers};
use std::sync::Arc;
use std::time::Instant;

use rustls::{ClientConfig, RootCertStore};

use benches::fresh::Comparison;

/// A bundle that is compiled in as text and parsed at start-up: what Kelsey Hightower's Go program of
/// 2014 does.
const PEM: &str = embedded_roots_mozilla::ANNOTATED_PEM;

fn main() {
    fresh::main(&[Comparison {
        name: "cold start",
        unit: "µs",
        samples: 301,
        ways: &[
            ("embedded-roots", || micros(ours)),
            ("webpki-roots", || micros(by_webpki_roots)),
            ("PEM at run time", || micros(by_pemfile)),
            ("rustls-native-certs", || micros(peers::by_native_certs)),
            ("rustls-platform-verifier", || micros(by_platform_verifier)),
            // What rustls itself takes.
            ("no roots", || micros(by_no_roots)),
        ],
        variables: Vec::new(),
    }]);
}

fn micros(make: fn() -> Arc<ClientConfig>) -> f64 {
    let start = Instant::now();
    let config = make();
    let time = start.elapsed();
    drop(config);
    time.as_secs_f64() * 1e6
}

fn ours() -> Arc<ClientConfig> {
    embedded_roots::client_config().unwrap()
}

fn by_webpki_roots() -> Arc<ClientConfig> {
    peers::config_of(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    })
}

fn by_no_roots() -> Arc<ClientConfig> {
    peers::config_of(RootCertStore::empty())
}

fn by_pemfile() -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    let mut pem = PEM.as_bytes();
    let certificates = rustls_pemfile::certs(&mut pem).map(Result::unwrap);
    store.add_parsable_certificates(certificates);
    peers::config_of(store)
}

fn by_platform_verifier() -> Arc<ClientConfig> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    let builder = peers::builder().with_platform_verifier().unwrap();
    Arc::new(builder.with_no_client_auth())
}
