//! A default that is narrower than the bundle, installed for this process: what looks at the default
//! obeys it.
#![cfg(feature = "custom")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Once};

use drop_in_tests::{PLAIN, SECOND, ca, pem, plain, provider, second, with_permitted_names};
use embedded_roots::Roots;
use embedded_roots_testing::handshake::Pair;
use embedded_roots_testing::server::config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, SupportedProtocolVersion};
use rustls_platform_verifier::{BuilderVerifierExt as _, ConfigVerifierExt, Verifier};

const HOST: &str = "host.example";
const CORP: &str = "host.corp.example";

/// The plain CA of the bundle, and the second one with a name constraint that its certificate does
/// not have. Another CA is not in the bundle.
fn verifier() -> Verifier {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let constraint = "# embedded-roots: permitted-dns=corp.example";
        let roots = Roots::builder()
            .pem(pem(PLAIN))
            .pem(format!("{constraint}\n{}", pem(SECOND)))
            .certificates([ca("not in the bundle").1])
            .provider(provider())
            .build();
        roots.unwrap().install_default().unwrap();
    });
    Verifier::new(provider()).unwrap()
}

#[test]
fn rustls_platform_verifier_obeys_the_installed_default() {
    let verifier = verifier();
    plain().verdict(&verifier, HOST, 2026).unwrap();
    second().verdict(&verifier, CORP, 2026).unwrap();
    second().verdict(&verifier, HOST, 2026).unwrap_err();
    with_permitted_names()
        .verdict(&verifier, CORP, 2026)
        .unwrap_err();
}

#[test]
fn extra_roots_do_not_lift_the_limits_of_the_default() {
    let _ = verifier();
    let (extra, certificate) = ca("an extra CA");
    let verifier = Verifier::new_with_extra_roots([certificate], provider()).unwrap();
    extra.verdict(&verifier, HOST, 2026).unwrap();
    second().verdict(&verifier, HOST, 2026).unwrap_err();
    with_permitted_names()
        .verdict(&verifier, CORP, 2026)
        .unwrap_err();
}

#[test]
fn rustls_native_certs_obeys_the_installed_default() {
    let _ = verifier();
    let plain = CertificateDer::from_pem_slice(pem(PLAIN).as_bytes()).unwrap();
    let certificates = rustls_native_certs::load_native_certs().unwrap();
    // Not the second one, whose constraint would be lost.
    assert_eq!(certificates.len(), 2);
    let other = certificates.iter().find(|der| **der != plain).unwrap();
    let name = b"not in the bundle";
    assert!(other.windows(name.len()).any(|part| part == name));
}

#[test]
fn configs_handshake_with_both_versions_of_tls() {
    let _ = verifier();
    let config = <ClientConfig as ConfigVerifierExt>::with_platform_verifier();
    handshake(config.unwrap(), &TLS13).unwrap();
    for version in [&TLS12, &TLS13] {
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(&[version]).unwrap();
        let config = builder
            .with_platform_verifier()
            .unwrap()
            .with_no_client_auth();
        handshake(config, version).unwrap();
    }
}

/// A handshake in memory, with a server of the plain CA.
fn handshake(
    client: ClientConfig,
    version: &'static SupportedProtocolVersion,
) -> Result<HandshakeKind, rustls::Error> {
    let server = config(plain().issue(HOST, 2026), &[version]);
    Pair::new(&Arc::new(client), &Arc::new(server), HOST).finish()
}
