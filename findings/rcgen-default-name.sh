#!/bin/sh
# A chain with rcgen's default names is trusted by rustls, and "self-signed" for OpenSSL.
#
# expected: a CA and a server certificate made with rcgen's defaults are a chain to every verifier, or
#   to none; and "self-signed certificate" means one that its own key has signed.
# happens: rcgen gives a certificate without a name the common name "rcgen self signed cert", the CA and
#   the server alike. OpenSSL takes equal names for a self-signed certificate without a look at the
#   signature, though the root is in its store. The root's key identifier in the server's certificate
#   is not enough to change its mind: the certificate's own has to be there and to differ, or a name.
#   rustls and cryptography's direct check find the root's signature in each case.
# versions: rcgen 0.14.10, rustls 0.23.46, pyOpenSSL 26.4.0 with cryptography 50.0.2 (OpenSSL 4.0.3);
#   needs cargo, a C compiler and python3 with venv.
# source: src/certificate.rs of rcgen (`impl Default for CertificateParams`).
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
rcgen = { version = "=0.14.10", default-features = false, features = ["pem", "ring"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std"] }
END
cat >src/main.rs <<'END'
use std::fs::write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::RootCertStore;

fn identified_by_issuer(params: &CertificateParams) -> CertificateParams {
    let mut params = params.clone();
    params.use_authority_key_identifier_extension = true;
    params
}

fn main() {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let root = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, &ca_key);
    write("root.pem", root.pem()).unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();

    let default = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    let mut both = identified_by_issuer(&default);
    both.is_ca = IsCa::ExplicitNoCa; // adds subjectKeyIdentifier
    let mut named = default.clone();
    named.distinguished_name.push(DnType::CommonName, "a.example");
    let identified = identified_by_issuer(&default);
    for (title, params) in [
        ("default", default),
        ("issuer's key identifier", identified),
        ("both key identifiers", both),
        ("named", named),
    ] {
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        write(format!("{title}.pem"), leaf.pem()).unwrap();
        let name = ServerName::try_from("a.example").unwrap();
        match verifier.verify_server_cert(leaf.der(), &[], &name, &[], UnixTime::now()) {
            Ok(_) => println!("{title}: rustls trusts it"),
            Err(error) => println!("{title}: rustls: {error}"),
        }
    }
}
END
cat >finding.py <<'END'
from cryptography import x509
from OpenSSL import SSL, crypto


def read(path):
    with open(path, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


print(*SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
root = read("root.pem")
for title in ("default", "issuer's key identifier", "both key identifiers", "named"):
    leaf = read(f"{title}.pem")
    leaf.verify_directly_issued_by(root)
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(root))
    try:
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf)).verify_certificate()
        print(f"{title}: OpenSSL trusts it")
    except crypto.X509StoreContextError as error:
        print(f"{title}: OpenSSL: {error}")
leaf = read("default.pem")
print("issuer and subject:", leaf.issuer.rfc4514_string(), "/", leaf.subject.rfc4514_string())
END
{
    python3 -m venv venv
    venv/bin/pip install --quiet cryptography==50.0.2 pyOpenSSL==26.4.0
    CARGO_TARGET_DIR=target cargo build --quiet
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'END'
rcgen 0.14.10
rustls 0.23.46
default: rustls trusts it
issuer's key identifier: rustls trusts it
both key identifiers: rustls trusts it
named: rustls trusts it
OpenSSL 4.0.3
default: OpenSSL: self-signed certificate
issuer's key identifier: OpenSSL: self-signed certificate
both key identifiers: OpenSSL trusts it
named: OpenSSL trusts it
issuer and subject: CN=rcgen self signed cert / CN=rcgen self signed cert
END
{
    for package in rcgen rustls; do
        cargo pkgid $package | sed 's/.*#\(.*@\)\{0,1\}/'"$package"' /'
    done
    target/debug/finding || exit 2
    venv/bin/python finding.py || exit 2
} >output
cat output
diff expected output
