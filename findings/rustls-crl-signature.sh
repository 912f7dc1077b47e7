#!/bin/sh
# rustls checks the signature of a CRL in every handshake, over the whole list.
#
# expected: a verifier that is built with CRLs has read and checked them, so that a handshake costs a look-up
#   of the serial number, whatever the size of the list.
# happens: building checks the form alone. Each verification checks the signature of the CRL again, and hashes
#   all of it for that: with ECDSA P-256 and 20,000 entries, the list costs several times the chain itself.
# versions: rustls 0.23.46, rustls-webpki 0.103.17, rcgen 0.14.10; needs cargo and a C compiler.
# source: src/crl/mod.rs (`RevocationOptions::check`) of rustls-webpki.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
rcgen = { version = "=0.14.10", default-features = false, features = ["ring"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std"] }
rustls-webpki = { version = "=0.103.17", default-features = false, features = ["ring", "std"] }
END
cat >src/main.rs <<'END'
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

use rcgen::*;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{ring, CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateRevocationListDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, UnixTime,
};
use rustls::RootCertStore;

static CHECKS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Counting(&'static dyn SignatureVerificationAlgorithm);

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        CHECKS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(message.len(), Ordering::Relaxed);
        self.0.verify_signature(key, message, signature)
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

fn main() {
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Private Root");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let root = ca.self_signed(&key).unwrap();
    let issuer = Issuer::new(ca, &key);
    let mut leaf = CertificateParams::new(["a.example".to_string()]).unwrap();
    leaf.serial_number = Some(7_u64.into());
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();

    let entries = (0..20_000_u64).map(|nth| RevokedCertParams {
        serial_number: (nth + 1_000_000_000_000).into(),
        revocation_time: date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let crl = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2050, 1, 1),
        crl_number: 1_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: entries.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let crl: CertificateRevocationListDer<'static> = crl.signed_by(&issuer).unwrap().der().clone();

    let provider = ring::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    let all: Vec<_> = algorithms.all.iter().map(|algorithm| {
        &*Box::leak(Box::new(Counting(*algorithm))) as &'static dyn SignatureVerificationAlgorithm
    }).collect();
    let provider = Arc::new(CryptoProvider {
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: Box::leak(all.into_boxed_slice()),
            mapping: algorithms.mapping,
        },
        ..provider
    });
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let roots = Arc::new(roots);

    let name = ServerName::try_from("a.example").unwrap();
    let mut times = Vec::new();
    for crls in [vec![], vec![crl.clone()]] {
        let with = crls.len();
        let builder = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone());
        let verifier = builder.with_crls(crls).build().unwrap();
        println!("{with} CRLs, built: {} checks", CHECKS.swap(0, Ordering::Relaxed));
        let mut micros: Vec<_> = (0..51).map(|_| {
            CHECKS.store(0, Ordering::Relaxed);
            BYTES.store(0, Ordering::Relaxed);
            let start = Instant::now();
            verifier.verify_server_cert(leaf.der(), &[], &name, &[], UnixTime::now()).unwrap();
            start.elapsed().as_micros()
        }).collect();
        micros.sort();
        times.push(micros[25]);
        let (checks, bytes) = (CHECKS.swap(0, Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
        println!("{with} CRLs, each verification: {checks} checks of {bytes} bytes");
        assert_eq!(checks, 1 + with);
        assert_eq!(bytes > crl.len() / 2, with == 1);
    }
    let slower = times[1] / times[0].max(1);
    println!("with the CRL of {} KiB, a verification takes {slower} times as long", crl.len() / 1024);
    assert!(slower >= 3);
}
END
cargo run --quiet --release
