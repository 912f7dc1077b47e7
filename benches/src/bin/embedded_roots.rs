//! The first client config of a program that has its roots from embedded-roots.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that goes wrong has to stop"
)]

fn main() {
    benches::fresh::print_time(|| embedded_roots::client_config().unwrap());
}
