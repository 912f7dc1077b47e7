//! The system's store, read by a fresh process up to the client config, by embedded-roots and by
//! rustls-native-certs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::{authorities, fresh, peers};
use std::env;
use std::time::Instant;

use benches::fresh::{Comparison, Way};
use embedded_roots_testing::folder::Folder;

const WAYS: &[(&str, Way)] = &[
    ("embedded-roots", || {
        millis(|| drop(embedded_roots::Roots::system().unwrap().client_config()))
    }),
    ("rustls-native-certs", || {
        millis(|| drop(peers::by_native_certs()))
    }),
];

fn main() {
    let folder = Folder::new("bench");
    let is_sample = env::args().nth(2).is_some();
    if !is_sample {
        fill(&folder, 300);
    }
    fresh::main(&[
        Comparison {
            name: "system store",
            unit: "ms",
            samples: 101,
            ways: WAYS,
            variables: Vec::new(),
        },
        Comparison {
            name: "300 hashed files",
            unit: "ms",
            samples: 101,
            ways: WAYS,
            variables: vec![("SSL_CERT_DIR", folder.path().display().to_string())],
        },
    ]);
}

fn millis(read: fn()) -> f64 {
    let start = Instant::now();
    read();
    start.elapsed().as_secs_f64() * 1e3
}

/// A folder as `openssl rehash` leaves it: one file per certificate, named by a hash.
fn fill(folder: &Folder, count: u32) {
    for (nth, root) in (0_u32..).zip(authorities::roots(count)) {
        // Spreads the names as hashes would. They are unique, because the factor is odd.
        let hash = nth.wrapping_mul(0x9e37_79b9);
        folder.file(format!("{hash:08x}.0"), root.pem());
    }
}
