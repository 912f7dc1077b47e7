//! Cold start: the first client config of a fresh process, ours and that of others.
//!
//! Each way is a program in src/bin, timed from the first line of its `main` to the config.

use benches::fresh::{Comparison, Unit};

fn main() {
    let comparison = Comparison {
        name: "cold start",
        unit: Unit::Micros,
        samples: 301,
        ways: &[
            ("embedded-roots", env!("CARGO_BIN_EXE_embedded_roots")),
            ("webpki-roots", env!("CARGO_BIN_EXE_webpki_roots")),
            ("PEM at run time", env!("CARGO_BIN_EXE_pem_at_run_time")),
            (
                "rustls-native-certs",
                env!("CARGO_BIN_EXE_rustls_native_certs"),
            ),
            (
                "rustls-platform-verifier",
                env!("CARGO_BIN_EXE_rustls_platform_verifier"),
            ),
            ("no roots", env!("CARGO_BIN_EXE_no_roots")),
        ],
        variables: Vec::new(),
    };
    comparison.print();
}
