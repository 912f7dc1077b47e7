#!/bin/sh
# rustls refuses eight public keys under any root, private ones included.
#
# expected: rustls knows nothing of any CA. What is trusted depends on the roots and CRLs that the
#   application supplies, so a certificate of a private root verifies whatever its key is.
# happens: rustls-webpki carries eight public keys in its source and refuses every path that holds
#   one of them, the end-entity's included, whichever root it leads to. No option lifts that.
#   rustls has no variant of CertificateError for it and shows it as `Other`.
# versions: rustls 0.23.46, rustls-webpki 0.103.17, rcgen 0.14.10; needs cargo and a C compiler.
# source: src/verify_cert.rs (`DISTRUSTED_SPKIS`) of rustls-webpki; the private halves of these keys
#   became public in October 2026 (CVE-2026-111943). The keys are read from the crate's own package.
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
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::RootCertStore;

/// The point of a P-384 key, which ends its SubjectPublicKeyInfo.
struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P384_SHA384
    }
}

fn main() {
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Private Root");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let root = ca.self_signed(&ca_key).unwrap();
    let ca = Issuer::new(ca, &ca_key);

    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let verdict = |key: &dyn Fn(&CertificateParams) -> rcgen::Certificate| {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a.example");
        let leaf = key(&params);
        let name = ServerName::try_from("a.example").unwrap();
        match verifier.verify_server_cert(leaf.der(), &[], &name, &[], UnixTime::now()) {
            Ok(_) => "trusted".to_owned(),
            Err(error) => format!("{error:?}"),
        }
    };

    let new = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    println!("new key: {}", verdict(&|leaf| leaf.signed_by(&new, &ca).unwrap()));
    let mut files: Vec<_> = std::fs::read_dir("vendor/rustls-webpki/src/data/distrusted")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let spki = std::fs::read(&file).unwrap();
        let point = Point(spki[spki.len() - 97..].to_vec());
        let verdict = verdict(&|leaf| leaf.signed_by(&point, &ca).unwrap());
        println!("{}: {verdict}", file.file_name().unwrap().to_str().unwrap());
    }
}
END
cargo vendor --quiet >/dev/null || exit 2
CARGO_TARGET_DIR=target cargo build --quiet || exit 2

cat >expected <<'END'
rustls-webpki 0.103.17
rustls 0.23.46
new key: trusted
EMDVTLSCAG3B.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMDVTLSCAG3C.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMEVTLSCAG3B.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMEVTLSCAG3C.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMOVCSCAG3B.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMOVCSCAG3C.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMOVTLSCAG3B.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
EMOVTLSCAG3C.spki.der: InvalidCertificate(Other(OtherError(CertDistrusted)))
END
{
    for package in rustls-webpki rustls; do
        cargo pkgid $package | sed 's/.*#\(.*@\)\{0,1\}/'"$package"' /'
    done
    target/debug/finding || exit 2
} >output
cat output
diff expected output
