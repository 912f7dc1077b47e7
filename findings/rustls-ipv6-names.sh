#!/bin/sh
# rustls names the addresses of a refused certificate in a form that is not one of an IPv6 address.
#
# expected: the error of a server that is reached by another name lists the names of its certificate, an IPv6
#   address among them as std, OpenSSL and every log write it: 2001:db8:0:1::1, 2001:db8:0:1::.
# happens: each run of zero groups becomes "::", a single group too, so that 2001:db8:0:1::1 is shown as
#   2001:db8::1::1, which is no address. Zeros at the end are left out, so that 2001:db8:0:1:: is shown as
#   2001:db8::1, which is another host's.
# versions: rustls 0.23.46, rustls-webpki 0.103.17, rcgen 0.14.10; needs cargo and a C compiler.
# source: a list of addresses given to all. RFC 5952, 4.2, lets "::" stand once in an address.
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
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

fn main() {
    println!("rustls 0.23.46, rustls-webpki 0.103.17");
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "CA");
    let ca = params.self_signed(&ca_key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = verifier.build().unwrap();
    let issuer = Issuer::from_params(&params, &ca_key);
    for address in ["2001:db8:0:1::1", "2001:db8::1:0:0:1", "::1", "2001:db8::", "2001:db8:0:1::", "2001:db8:1:2:3:4:5:6"] {
        let address: Ipv6Addr = address.parse().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V6(address))];
        let server = params.signed_by(&key, &issuer).unwrap();
        // Accepted by its address, refused by a name.
        let verify = |name: ServerName<'_>| verifier.verify_server_cert(server.der(), &[], &name, &[], UnixTime::now());
        verify(ServerName::from(IpAddr::V6(address))).unwrap();
        let refused = verify("a.example".try_into().unwrap()).unwrap_err();
        let Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) = refused else {
            panic!("{refused:?}");
        };
        let shown = presented[0].trim_start_matches("IpAddress(").trim_end_matches(')');
        let is = match shown.parse::<Ipv6Addr>() {
            Ok(parsed) if parsed == address => "the address",
            Ok(_) => "another address",
            Err(_) => "no address",
        };
        println!("{address} is shown as {shown}: {is}");
    }
}
END
cat >expected <<'END'
rustls 0.23.46, rustls-webpki 0.103.17
2001:db8:0:1::1 is shown as 2001:db8::1::1: no address
2001:db8::1:0:0:1 is shown as 2001:db8::1::1: no address
::1 is shown as 0::1: the address
2001:db8:: is shown as 2001:db8: no address
2001:db8:0:1:: is shown as 2001:db8::1: another address
2001:db8:1:2:3:4:5:6 is shown as 2001:db8:1:2:3:4:5:6: the address
END
cargo run --quiet >output 2>build.log || { cat build.log; exit 2; }
cat output
diff expected output
