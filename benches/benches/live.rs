//! What live roots cost: a look at the generation, a refresh that changes nothing, and a config that
//! resumes no session.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that goes wrong has to stop; the macros write functions without docs"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::{env, fs, process};

use criterion::{Criterion, criterion_group, criterion_main};
use embedded_roots::{LiveRoots, Roots, mozilla};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection};
use rustls_pki_types::PrivatePkcs8KeyDer;

criterion_group!(benches, live);
criterion_main!(benches);

fn live(criterion: &mut Criterion) {
    let ca = authority();
    let path = env::temp_dir().join(format!("embedded-roots-bench-{}.pem", process::id()));
    fs::write(&path, ca.pem()).unwrap();
    let policy = || Roots::builder().bundle(&mozilla::BUNDLE).pem_file(&path);
    let live = policy().build_live().unwrap();
    generation(criterion, &policy().build().unwrap(), &live);
    handshakes(criterion, &live, &server(&ca));
    fs::remove_file(path).unwrap();
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
            bencher.iter(|| assert_eq!(handshake(&config, server), Some(kind)));
        });
    }
    group.finish();
}

/// Both sides of a connection over TLS 1.3, with its tickets.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Option<HandshakeKind> {
    let name = "a.example".try_into().unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    let mut wire = Vec::new();
    while client.wants_write() || server.wants_write() {
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
        wire.clear();
    }
    client.handshake_kind()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn server(ca: &CertifiedIssuer<'static, KeyPair>) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    let chain = vec![params.signed_by(&key, ca).unwrap().der().clone()];
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.unwrap())
}
