//! What a running program pays: a second call, and the verification of a chain.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a measurement that goes wrong has to stop; the macros write functions without docs"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use embedded_roots::{Roots, mozilla};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

criterion_group!(benches, second_call, verification, growth);
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

/// Of a chain that a server has sent, under the roots of Mozilla.
fn verification(criterion: &mut Criterion) {
    let roots = Roots::embedded().unwrap();
    verify(criterion, "verification", &roots);
}

/// The same with so many roots beside its own.
fn growth(criterion: &mut Criterion) {
    let roots = |count| {
        let others = certificates(count);
        let builder = Roots::builder().bundle(&mozilla::BUNDLE);
        builder.certificates(others).build().unwrap()
    };
    for count in [100, 1_000, 10_000] {
        verify(criterion, &format!("growth {count}"), &roots(count));
    }
}

fn verify(criterion: &mut Criterion, name: &str, roots: &Roots) {
    let provider = Arc::new(default_provider());
    let theirs = WebPkiServerVerifier::builder_with_provider(roots.root_store(), provider);
    let verifiers: [(_, Arc<dyn ServerCertVerifier>); 2] = [
        ("embedded-roots", roots.verifier()),
        ("rustls", theirs.build().unwrap()),
    ];
    let chain = [
        include_bytes!("../tests/data/letsencrypt.org/1.der").as_slice(),
        include_bytes!("../tests/data/letsencrypt.org/2.der"),
        include_bytes!("../tests/data/letsencrypt.org/3.der"),
    ];
    let [end_entity, intermediates @ ..] = chain.map(CertificateDer::from);
    let server = ServerName::try_from("letsencrypt.org").unwrap();
    // 2026-08-01
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_785_542_400));

    let mut group = criterion.benchmark_group(name);
    group.measurement_time(Duration::from_secs(5));
    for (name, verifier) in verifiers {
        group.bench_with_input(
            BenchmarkId::from_parameter(name),
            &verifier,
            |bencher, verifier| {
                bencher.iter(|| {
                    let verdict =
                        verifier.verify_server_cert(&end_entity, &intermediates, &server, &[], now);
                    verdict.unwrap()
                });
            },
        );
    }
    group.finish();
}

/// Of roots that have a key in common, but no name.
fn certificates(count: u32) -> Vec<CertificateDer<'static>> {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = |nth| {
        let mut params = rcgen::CertificateParams::default();
        let name = format!("Example Root CA {nth}");
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&key).unwrap().der().clone()
    };
    (0..count).map(certificate).collect()
}
