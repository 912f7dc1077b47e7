//! The system's store, read by a fresh process up to the client config, by embedded-roots and by
//! rustls-native-certs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::{authorities, fresh, peers};
use std::path::Path;
use std::time::Instant;
use std::{env, fs, process};

use benches::fresh::{Comparison, Way};

const WAYS: &[(&str, Way)] = &[
    ("embedded-roots", || {
        millis(|| drop(embedded_roots::Roots::system().unwrap().client_config()))
    }),
    ("rustls-native-certs", || {
        millis(|| drop(peers::by_native_certs()))
    }),
];

fn main() {
    let folder = env::temp_dir().join(format!("embedded-roots-bench-{}", process::id()));
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
            variables: vec![("SSL_CERT_DIR", folder.display().to_string())],
        },
    ]);
    if !is_sample {
        fs::remove_dir_all(folder).unwrap();
    }
}

fn millis(read: fn()) -> f64 {
    let start = Instant::now();
    read();
    start.elapsed().as_secs_f64() * 1e3
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
