//! The system's store, read by a fresh process up to the client config, by embedded-roots and by
//! rustls-native-certs.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that goes wrong has to stop"
)]

use std::path::Path;
use std::{env, fs, process};

use benches::authorities;
use benches::fresh::{Comparison, Unit};

fn main() {
    let comparison = |name, variables| Comparison {
        name,
        unit: Unit::Millis,
        samples: 101,
        ways: &[
            (
                "embedded-roots",
                env!("CARGO_BIN_EXE_embedded_roots_system"),
            ),
            (
                "rustls-native-certs",
                env!("CARGO_BIN_EXE_rustls_native_certs"),
            ),
        ],
        variables,
    };
    comparison("system store", Vec::new()).print();

    let folder = env::temp_dir().join(format!("embedded-roots-bench-{}", process::id()));
    fill(&folder, 300);
    let variables = vec![("SSL_CERT_DIR", folder.display().to_string())];
    comparison("300 hashed files", variables).print();
    fs::remove_dir_all(folder).unwrap();
}

/// A folder as `openssl rehash` leaves it: one file per certificate, named by a hash.
fn fill(folder: &Path, count: u32) {
    fs::create_dir_all(folder).unwrap();
    for (nth, root) in (0_u32..).zip(authorities::roots(count)) {
        // Spreads the names as hashes would. They are unique, because the factor is odd.
        let hash = nth.wrapping_mul(0x9e37_79b9);
        fs::write(folder.join(format!("{hash:08x}.0")), root.pem()).unwrap();
    }
}
