//! Cold start: the first client config of a fresh process, ours and that of others.
//!
//! `cargo bench --bench cold` runs itself anew for each sample, one way after the other in turn, and
//! prints medians in microseconds and as ratios of ours. Each way is timed inside of its process,
//! from the first line of `main` to the config.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement that goes wrong has to stop, and its figures have three digits"
)]

use std::env;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

/// As the program of the article carries its bundle.
const PEM: &[u8] = include_bytes!("../certs/ca-certificates.crt");

type Way = fn() -> Arc<ClientConfig>;

const WAYS: &[(&str, Way)] = &[
    ("embedded-roots", ours),
    ("webpki-roots", by_webpki_roots),
    ("pemfile", by_pemfile),
    ("native-certs", by_native_certs),
    ("platform-verifier", by_platform_verifier),
];

const SAMPLES: usize = 301;

fn main() {
    let mut arguments = env::args().skip(1);
    if let Some((_, way)) = arguments
        .next()
        .and_then(|name| WAYS.iter().find(|(other, _)| *other == name))
    {
        let start = Instant::now();
        let config = way();
        let time = start.elapsed();
        drop(config);
        print!("{}", time.as_nanos());
        return;
    }

    let mut samples = vec![Vec::new(); WAYS.len()];
    for round in 0..SAMPLES {
        // Whoever comes after a slow one finds colder caches, so that each takes its turn there.
        for turn in 0..WAYS.len() {
            let nth = (round + turn * (1 + round % (WAYS.len() - 1))) % WAYS.len();
            samples[nth].push(sample(WAYS[nth].0));
        }
    }
    let mut medians = samples.iter_mut().map(|samples| {
        samples.sort_unstable();
        samples[samples.len() / 2]
    });
    let ours = medians.next().unwrap();
    println!("cold start, medians of {SAMPLES}:");
    for ((name, _), median) in WAYS.iter().zip([ours].into_iter().chain(medians)) {
        let (micros, ratio) = (median as f64 / 1000.0, median as f64 / ours as f64);
        println!("{name:20} {micros:10.1} µs {ratio:8.2}");
    }
    std::io::stdout().flush().unwrap();
}

fn sample(name: &str) -> u64 {
    let mut command = Command::new(env::current_exe().unwrap());
    // The machine's own store, as a program finds it that nobody told of another.
    command
        .arg(name)
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR");
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().parse().unwrap()
}

fn ours() -> Arc<ClientConfig> {
    embedded_roots::client_config().unwrap()
}

fn by_webpki_roots() -> Arc<ClientConfig> {
    with_store(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    })
}

fn by_pemfile() -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    let mut pem = PEM;
    let certificates = rustls_pemfile::certs(&mut pem).map(Result::unwrap);
    store.add_parsable_certificates(certificates);
    with_store(store)
}

fn by_native_certs() -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    with_store(store)
}

fn by_platform_verifier() -> Arc<ClientConfig> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(
        builder
            .with_platform_verifier()
            .unwrap()
            .with_no_client_auth(),
    )
}

fn with_store(store: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(store).with_no_client_auth())
}
