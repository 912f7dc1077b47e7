//! A bundle with limits: each package enforces them or leaves the root out.
#![cfg(feature = "custom")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use drop_in_tests::{ca, constrained, dated, plain, provider};
use rustls::client::WebPkiServerVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
};
use rustls_platform_verifier::{BuilderVerifierExt as _, ConfigVerifierExt, Verifier};

const HOST: &str = "host.example";
const CORP: &str = "host.corp.example";

/// rustls' own verifier, which most clients have over the roots that they get.
fn webpki(store: RootCertStore) -> Arc<WebPkiServerVerifier> {
    let builder = WebPkiServerVerifier::builder_with_provider(store.into(), provider());
    builder.build().unwrap()
}

#[test]
fn webpki_roots_has_constraints_and_leaves_out_roots_with_a_date() {
    let store: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    assert_eq!(store.len(), 3);
    let verifier = webpki(store);
    plain().verdict(&*verifier, HOST, 2026).unwrap();
    dated().verdict(&*verifier, HOST, 2024).unwrap_err();
    constrained().verdict(&*verifier, CORP, 2026).unwrap();
    constrained().verdict(&*verifier, HOST, 2026).unwrap_err();
}

#[test]
fn rustls_native_certs_leaves_out_roots_with_limits() {
    let result = rustls_native_certs::load_native_certs();
    assert!(result.errors.is_empty(), "{:?}", result.errors);
    let mut store = RootCertStore::empty();
    assert_eq!(store.add_parsable_certificates(result.certs), (2, 0));
    let verifier = webpki(store);
    plain().verdict(&*verifier, HOST, 2026).unwrap();
    dated().verdict(&*verifier, HOST, 2024).unwrap_err();
    constrained().verdict(&*verifier, CORP, 2026).unwrap_err();
}

#[test]
fn rustls_platform_verifier_enforces_all_limits() {
    let verifier = Verifier::new(provider()).unwrap();
    plain().verdict(&verifier, HOST, 2026).unwrap();
    dated().verdict(&verifier, HOST, 2024).unwrap();
    let refused = dated().verdict(&verifier, HOST, 2026).unwrap_err();
    assert!(refused.to_string().contains("distrust"), "{refused}");
    constrained().verdict(&verifier, CORP, 2026).unwrap();
    constrained().verdict(&verifier, HOST, 2026).unwrap_err();
}

#[test]
fn extra_roots_are_trusted_apart_from_the_limits_of_others() {
    let (authority, extra) = ca("an extra CA");
    let other = Verifier::new(provider()).unwrap();
    let verifier = Verifier::new_with_extra_roots([extra], provider()).unwrap();
    authority.verdict(&verifier, HOST, 2026).unwrap();
    authority.verdict(&other, HOST, 2026).unwrap_err();
    // The default roots are as they were.
    plain().verdict(&verifier, HOST, 2026).unwrap();
    dated().verdict(&verifier, HOST, 2026).unwrap_err();
    constrained().verdict(&verifier, HOST, 2026).unwrap_err();

    // The verifier that knows the issuer explains.
    let refused = authority.verdict(&verifier, HOST, 2100).unwrap_err();
    assert!(refused.to_string().contains("not valid yet"), "{refused}");
    let refused = dated().verdict(&verifier, HOST, 2026).unwrap_err();
    assert!(refused.to_string().contains("distrust"), "{refused}");

    // None is not an error.
    let verifier = Verifier::new_with_extra_roots([], provider()).unwrap();
    plain().verdict(&verifier, HOST, 2026).unwrap();
}

#[test]
fn an_extra_root_that_is_not_a_ca_is_an_error() {
    let (leaf, _) = plain().issue(HOST, 2026);
    let (_, good) = ca("an extra CA");
    let error = Verifier::new_with_extra_roots([good, leaf], provider()).unwrap_err();
    assert!(error.to_string().contains("CA"), "{error}");
}

#[test]
fn a_verifier_for_debugging_has_one_root() {
    let (authority, root) = ca("a root");
    let verifier = rustls_platform_verifier::verifier_for_dbg(root, provider());
    authority.verdict(&*verifier, HOST, 2026).unwrap();
    plain().verdict(&*verifier, HOST, 2026).unwrap_err();
    assert!(!verifier.supported_verify_schemes().is_empty());
}

#[test]
fn configs_handshake_with_both_versions_of_tls() {
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
    config: ClientConfig,
    version: &'static SupportedProtocolVersion,
) -> Result<(), rustls::Error> {
    let (certificate, key) = plain().issue(HOST, 2026);
    let server = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), HOST.try_into().unwrap()).unwrap();
    while client.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut &wire[..]).unwrap();
        server.process_new_packets()?;
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut &wire[..]).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}
