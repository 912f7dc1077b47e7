//! What a verification costs whose signatures were seen before, compared with rustls' own verifiers.
//!
//! The two verify the same chains in turns. A figure is the median of single verifications, or of all of them
//! where that is what a program pays.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement that goes wrong has to stop"
)]

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use benches::alternation::medians;
use benches::authorities::Ca;
use benches::chain::{self, now};
use benches::median;
use embedded_roots::Roots;
use embedded_roots_testing::authority::{
    Authority, client, intermediate_of, key, server, server_params,
};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    RevokedCertParams, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

const NAME: &str = "a.example";
const CURVES: [(&str, &SignatureAlgorithm); 2] = [
    ("P-256", &PKCS_ECDSA_P256_SHA256),
    ("P-384", &PKCS_ECDSA_P384_SHA384),
];

fn main() {
    for (curve, algorithm) in CURVES {
        let ca = Ca::new(algorithm);
        let calls = if curve == "P-256" { 4000 } else { 400 };
        seen_before(curve, &ca, calls);
        new_leaves(curve, &ca, calls / 4);
        first_sight(curve, algorithm, calls / 8);
        clients(curve, &ca, calls);
        crls(curve, &ca, calls, 1);
        crls(curve, &ca, calls / 4, 20_000);
    }
    rsa();
    many_hosts();
    threads();
}

/// A chain of a new certificate.
fn chain_of(ca: &Ca) -> Vec<CertificateDer<'static>> {
    server(&ca.intermediate, NAME).with(&ca.intermediate).chain
}

fn roots(ca: &Ca) -> Roots {
    Roots::builder().pem(ca.root.pem()).build().unwrap()
}

/// Our verifier, and rustls' own.
fn verifiers(ca: &Ca) -> [Arc<dyn ServerCertVerifier>; 2] {
    chain::verifiers(&roots(ca)).map(|(_, verifier)| verifier)
}

fn verify(verifier: &dyn ServerCertVerifier, chain: &[CertificateDer<'static>]) {
    let name = NAME.try_into().unwrap();
    chain::verify(verifier, chain, &name, now()).unwrap();
}

/// Compares the verifiers by a chain that ours has seen.
fn compare_seen(figure: &str, calls: usize, verifiers: [&dyn ServerCertVerifier; 2], ca: &Ca) {
    let ([ours, theirs], chain) = (verifiers, chain_of(ca));
    verify(ours, &chain);
    compare(
        figure,
        calls,
        |_| verify(ours, &chain),
        |_| verify(theirs, &chain),
    );
}

/// Prints the ratio of the medians of the two, each called this often, in turns.
fn compare(figure: &str, calls: usize, ours: impl Fn(usize), theirs: impl Fn(usize)) {
    let [ours, theirs] = medians(calls, [&ours, &theirs]).map(|nanos| nanos / 1000.0);
    print_ratio(figure, ours, theirs, "µs");
}

fn print_ratio(figure: &str, ours: f64, theirs: f64, unit: &str) {
    let ratio = ours / theirs;
    println!("{figure} | {ours:.2} {unit} | {theirs:.2} {unit} | {ratio:.4}");
}

fn seen_before(curve: &str, ca: &Ca, calls: usize) {
    let [ours, theirs] = verifiers(ca);
    let figure = format!("a chain seen before, {curve}");
    compare_seen(&figure, calls, [&*ours, &*theirs], ca);
}

fn new_leaves(curve: &str, ca: &Ca, calls: usize) {
    let [ours, theirs] = verifiers(ca);
    verify(&*ours, &chain_of(ca));
    let chains: Vec<_> = (0..calls).map(|_| chain_of(ca)).collect();
    let figure = format!("a new certificate of a known intermediate, {curve}");
    let (ours, theirs) = (
        |nth: usize| verify(&*ours, &chains[nth]),
        |nth: usize| verify(&*theirs, &chains[nth]),
    );
    compare(&figure, calls, ours, theirs);
}

fn first_sight(curve: &str, algorithm: &'static SignatureAlgorithm, calls: usize) {
    let cas: Vec<_> = (0..calls).map(|_| Ca::new(algorithm)).collect();
    let chains: Vec<_> = cas.iter().map(chain_of).collect();
    let verifiers: Vec<_> = cas.iter().map(verifiers).collect();
    let figure = format!("a chain seen for the first time, {curve}");
    let [ours, theirs] = [0, 1].map(|which: usize| {
        let (verifiers, chains) = (&verifiers, &chains);
        move |nth: usize| verify(&*verifiers[nth][which], &chains[nth])
    });
    compare(&figure, calls, ours, theirs);
}

fn clients(curve: &str, ca: &Ca, calls: usize) {
    let chain = client(&ca.intermediate, NAME).with(&ca.intermediate).chain;
    let (end_entity, intermediates) = chain.split_first().unwrap();
    let verify = |verifier: &dyn ClientCertVerifier| {
        let verdict = verifier.verify_client_cert(end_entity, intermediates, now());
        verdict.unwrap();
    };
    let ours = roots(ca).client_cert_verifier();
    let (store, provider) = (roots(ca).root_store(), Arc::new(default_provider()));
    let theirs = WebPkiClientVerifier::builder_with_provider(store, provider);
    let theirs = theirs.build().unwrap();
    let figure = format!("a client seen before, {curve}");
    verify(&*ours);
    compare(&figure, calls, |_| verify(&*ours), |_| verify(&*theirs));
}

/// With a CRL that has this many entries.
fn crls(curve: &str, ca: &Ca, calls: usize, entries: u64) {
    let crl = crl(&ca.root, entries);
    let size = crl.len() / 1024;
    let roots = Roots::builder().pem(ca.root.pem()).crls([crl.clone()]);
    let roots = roots.allow_unknown_revocation_status().build().unwrap();
    let provider = Arc::new(default_provider());
    let theirs = WebPkiServerVerifier::builder_with_provider(roots.root_store(), provider);
    let theirs = theirs.with_crls([crl]).allow_unknown_revocation_status();
    let (ours, theirs) = (roots.verifier(), theirs.build().unwrap());
    let figure = format!("a chain seen before, with a CRL of {size} KiB, {curve}");
    compare_seen(&figure, calls, [&*ours, &*theirs], ca);
}

fn crl(ca: &Authority, entries: u64) -> CertificateRevocationListDer<'static> {
    let revoked_certs = (0..entries).map(|nth| RevokedCertParams {
        serial_number: SerialNumber::from(nth + 1_000_000_000_000),
        revocation_time: date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(4096, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked_certs.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(ca).unwrap().der().clone()
}

/// The chain of a real server.
fn rsa() {
    let roots = Roots::embedded().unwrap();
    let [ours, theirs] = chain::verifiers(&roots).map(|(_, verifier)| verifier);
    let (ours, theirs) = (chain::verification(&*ours), chain::verification(&*theirs));
    ours();
    compare(
        "a chain seen before, RSA-2048",
        4000,
        |_| ours(),
        |_| theirs(),
    );
}

/// A crawler: one core, and each host once.
fn many_hosts() {
    const HOSTS: usize = 100_000;

    let ca = Ca::new(&PKCS_ECDSA_P256_SHA256);
    let cas: Vec<_> = (0..20)
        .map(|nth| intermediate_of(&format!("Between {nth}"), &key().serialize_pem(), &ca.root))
        .collect();
    // One key for all hosts, whose generation would take longer than all else.
    let host_key = key();
    let chains: Vec<_> = (0..HOSTS)
        .map(|nth| {
            let between = &cas[nth % cas.len()];
            let mut params = server_params(NAME);
            params.serial_number = Some(SerialNumber::from(nth as u64));
            let certificate = params.signed_by(&host_key, between).unwrap();
            [certificate.der().clone(), between.der().clone()]
        })
        .collect();
    let verifiers = verifiers(&ca);
    let mut seconds = [0.0; 2];
    for part in chains.chunks(1000) {
        for (verifier, seconds) in verifiers.iter().zip(&mut seconds) {
            let start = Instant::now();
            for chain in part {
                verify(&**verifier, chain);
            }
            *seconds += start.elapsed().as_secs_f64();
        }
    }
    print_ratio(
        "100,000 hosts under 20 intermediates, P-256",
        seconds[0],
        seconds[1],
        "s",
    );
}

/// Eight threads with one verifier, compared with eight that have one each.
fn threads() {
    const CALLS: usize = 20_000;

    let ca = Ca::new(&PKCS_ECDSA_P256_SHA256);
    let chain = chain_of(&ca);
    let shared = roots(&ca).verifier();
    let own: Vec<_> = (0..8).map(|_| roots(&ca).verifier()).collect();
    let run = |verifier_of: &(dyn Fn(usize) -> Arc<embedded_roots::Verifier> + Sync)| {
        let start = Instant::now();
        thread::scope(|scope| {
            for nth in 0..8 {
                let (chain, verifier) = (&chain, verifier_of(nth));
                scope.spawn(move || (0..CALLS).for_each(|_| verify(&*verifier, chain)));
            }
        });
        start.elapsed().as_secs_f64()
    };
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..5 {
        seconds[0].push(run(&|_| Arc::clone(&shared)));
        seconds[1].push(run(&|nth| Arc::clone(&own[nth])));
    }
    let [shared, own] = seconds.map(median);
    print_ratio(
        "eight threads with one verifier, compared with one each",
        shared,
        own,
        "s",
    );
}
