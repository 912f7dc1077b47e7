//! A bundle that is compiled in as text and parsed when the program starts, which is what Kelsey
//! Hightower's Go program of 2014 does.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::{fresh, peers};
use rustls::RootCertStore;

fn main() {
    fresh::print_time(|| {
        let mut store = RootCertStore::empty();
        let mut pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
        let certificates = rustls_pemfile::certs(&mut pem).map(Result::unwrap);
        store.add_parsable_certificates(certificates);
        peers::config_of(store)
    });
}
