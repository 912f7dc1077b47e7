//! Two ways that alternate call by call, because their difference is smaller than the noise from one second to the next.

use std::time::Instant;

use crate::median;

/// The median of each, in nanoseconds. A call is given its number.
pub fn medians(calls: usize, ways: [&dyn Fn(usize); 2]) -> [f64; 2] {
    let mut nanos = [(); 2].map(|()| Vec::with_capacity(calls));
    for call in 0..calls {
        for nth in [call % 2, 1 - call % 2] {
            let start = Instant::now();
            ways[nth](call);
            nanos[nth].push(start.elapsed().as_secs_f64() * 1e9);
        }
    }
    nanos.map(median)
}
