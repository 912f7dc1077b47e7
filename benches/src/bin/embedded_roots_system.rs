//! The first client config of a program that takes the system store through embedded-roots.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that goes wrong has to stop"
)]

use embedded_roots::Roots;

fn main() {
    benches::fresh::print_time(|| Roots::system().unwrap().client_config());
}
