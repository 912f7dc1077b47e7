//! What rustls itself takes: a client config that trusts nobody.

use benches::{fresh, peers};
use rustls::RootCertStore;

fn main() {
    fresh::print_time(|| peers::config_of(RootCertStore::empty()));
}
