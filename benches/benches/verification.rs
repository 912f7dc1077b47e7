//! Verifies a real chain under Mozilla's roots, with `Verifier` and with rustls' own verifier.
//!
//! They alternate call by call, because the difference is smaller than the noise from one second to
//! the next. What is done before
//! the path search is smaller still, so it is measured by itself, in batches.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::alternation::medians;
use benches::{chain, median};
use std::time::Instant;

use embedded_roots::Roots;

const CALLS: usize = 40_001;
const BATCHES: usize = 201;
const BATCH: u32 = 1000;

/// For what is done before the path search, of a chain of three certificates.
const MOST_NANOS: f64 = 1000.0;

fn main() {
    let roots = Roots::embedded().unwrap();
    let verifiers = chain::verifiers(&roots);
    let verify = verifiers
        .each_ref()
        .map(|(_, verifier)| chain::verification(&**verifier));
    let micros = medians(CALLS, [&|_| verify[0](), &|_| verify[1]()]);
    let micros = micros.map(|nanos| nanos / 1000.0);
    for ((way, _), median) in verifiers.iter().zip(micros) {
        let ratio = median / micros[0];
        println!("verification | {way} | {median:.1} µs | {ratio:.3}");
    }

    let verifier = roots.verifier();
    let screen = chain::screening(&verifier);
    let nanos = (0..BATCHES).map(|_| {
        let start = Instant::now();
        (0..BATCH).for_each(|_| screen());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH)
    });
    let median = median(nanos.collect());
    let (whole, share) = (micros[0] * 1000.0, median / (micros[0] * 1000.0));
    println!("before the path search | embedded-roots | {median:.0} ns of {whole:.0} | {share:.4}");
    assert!(median < MOST_NANOS, "{median} ns for a chain of three");
}
