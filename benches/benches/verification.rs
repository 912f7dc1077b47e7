//! Verifies a real chain under Mozilla's roots, with `Verifier` and with rustls' own verifier.
//!
//! They alternate call by call, because the difference is smaller than the noise from one second to
//! the next.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use benches::chain;
use std::time::Instant;

use embedded_roots::Roots;

const CALLS: usize = 40_001;

fn main() {
    let verifiers = chain::verifiers(&Roots::embedded().unwrap());
    let verify = verifiers
        .each_ref()
        .map(|(_, verifier)| chain::verification(&**verifier));
    let mut nanos = [(); 2].map(|()| Vec::with_capacity(CALLS));
    for call in 0..CALLS {
        for nth in [call % 2, 1 - call % 2] {
            let start = Instant::now();
            verify[nth]();
            nanos[nth].push(start.elapsed().as_nanos());
        }
    }
    let micros = nanos.map(|mut nanos| {
        nanos.sort_unstable();
        f64::from(u32::try_from(nanos[CALLS / 2]).unwrap()) / 1000.0
    });
    for ((way, _), median) in verifiers.iter().zip(micros) {
        let ratio = median / micros[0];
        println!("verification | {way} | {median:.1} µs | {ratio:.3}");
    }
}
