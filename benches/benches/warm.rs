//! What a running program pays for a second call, and for roots that it does not need.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that goes wrong has to stop; the macros write functions without docs"
)]

use benches::{authorities, chain};
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use embedded_roots::{Roots, mozilla};

criterion_group!(benches, second_call, growth);
criterion_main!(benches);

fn second_call(criterion: &mut Criterion) {
    let config = embedded_roots::client_config().unwrap();
    let mut group = criterion.benchmark_group("second call");
    group.bench_function("embedded-roots", |bencher| {
        bencher.iter(|| embedded_roots::client_config().unwrap());
    });
    group.bench_function("Arc::clone", |bencher| {
        bencher.iter(|| Arc::clone(black_box(&config)));
    });
    group.finish();
}

/// Verifies a real chain under Mozilla's roots and a growing number of others.
fn growth(criterion: &mut Criterion) {
    for others in [0, 100, 1_000, 10_000] {
        let builder = Roots::builder().bundle(&mozilla::BUNDLE);
        let roots = match others {
            0 => builder,
            _ => builder.certificates(authorities::roots(others).map(Into::into)),
        };
        let roots = roots.build().unwrap();
        let mut group = criterion.benchmark_group(format!("growth {others}"));
        for (way, verifier) in chain::verifiers(&roots) {
            group.bench_function(way, |bencher| {
                bencher.iter(chain::verification(&*verifier));
            });
        }
        group.finish();
    }
}
