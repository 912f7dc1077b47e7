//! What live roots cost: a look at the generation, a refresh that changes nothing, and a config that
//! resumes no session.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that goes wrong has to stop; the macros write functions without docs"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use embedded_roots::{LiveRoots, Roots, mozilla};
use embedded_roots_testing::authority::{root, server};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::handshake::Pair;
use embedded_roots_testing::server::config;
use rustls::{ALL_VERSIONS, ClientConfig, HandshakeKind, ServerConfig};

criterion_group!(benches, live);
criterion_main!(benches);

const NAME: &str = "a.example";

fn live(criterion: &mut Criterion) {
    let ca = root("CA");
    let folder = Folder::new("bench");
    let path = folder.file("ca.pem", ca.pem());
    let policy = || Roots::builder().bundle(&mozilla::BUNDLE).pem_file(&path);
    let live = policy().build_live().unwrap();
    generation(criterion, &policy().build().unwrap(), &live);
    let server = Arc::new(config(server(&ca, NAME), ALL_VERSIONS));
    handshakes(criterion, &live, &server);
}

/// The config of a generation, compared with one that cannot change; and the refresh between them.
fn generation(criterion: &mut Criterion, fixed: &Roots, live: &LiveRoots) {
    let mut group = criterion.benchmark_group("live");
    group.bench_function("fixed", |bencher| {
        bencher.iter(|| black_box(fixed).client_config());
    });
    group.bench_function("generation", |bencher| {
        bencher.iter(|| black_box(live).client_config());
    });
    group.bench_function("unchanged refresh", |bencher| {
        bencher.iter(|| assert!(!live.refresh().unwrap()));
    });
    group.finish();
}

fn handshakes(criterion: &mut Criterion, live: &LiveRoots, server: &Arc<ServerConfig>) {
    let mut group = criterion.benchmark_group("live handshake");
    for (way, config, kind) in [
        ("resumed", live.client_config(), HandshakeKind::Resumed),
        ("following", live.following_config(), HandshakeKind::Full),
    ] {
        // The first one cannot be resumed.
        handshake(&config, server);
        group.bench_function(way, |bencher| {
            bencher.iter(|| assert_eq!(handshake(&config, server), kind));
        });
    }
    group.finish();
}

/// Both sides of a connection over TLS 1.3, with its tickets.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> HandshakeKind {
    Pair::new(client, server, NAME).finish().unwrap()
}
