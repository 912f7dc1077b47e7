//! The first client config of a program that leaves verification to rustls-platform-verifier.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that goes wrong has to stop"
)]

use std::sync::Arc;

use benches::{fresh, peers};
use rustls_platform_verifier::BuilderVerifierExt as _;

fn main() {
    fresh::print_time(|| {
        let builder = peers::builder().with_platform_verifier().unwrap();
        Arc::new(builder.with_no_client_auth())
    });
}
