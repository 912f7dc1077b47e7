//! The first client config of a program that has its roots from webpki-roots.

use benches::{fresh, peers};
use rustls::RootCertStore;

fn main() {
    fresh::print_time(|| {
        peers::config_of(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
    });
}
