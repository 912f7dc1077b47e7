//! The first client config of a program that takes the system store through rustls-native-certs.

use benches::{fresh, peers};
use rustls::RootCertStore;

fn main() {
    fresh::print_time(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        peers::config_of(store)
    });
}
