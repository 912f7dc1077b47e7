//! A bundle with limits: each package enforces them or leaves the root out.
#![cfg(feature = "custom")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use drop_in_tests::{
    ca, plain, provider, self_signed, verdict, with_distrust_date, with_permitted_names,
};
use embedded_roots::Refusal;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;

const HOST: &str = "host.example";
const CORP: &str = "host.corp.example";

/// rustls' own verifier, which most clients have over the roots that they get.
fn webpki(store: RootCertStore) -> Arc<WebPkiServerVerifier> {
    let builder = WebPkiServerVerifier::builder_with_provider(store.into(), provider());
    builder.build().unwrap()
}

#[test]
fn webpki_roots_has_name_constraints_and_leaves_out_roots_with_a_distrust_date() {
    let store: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    assert_eq!(store.len(), 3);
    let verifier = webpki(store);
    plain().verdict(&*verifier, HOST, 2026).unwrap();
    with_distrust_date()
        .verdict(&*verifier, HOST, 2024)
        .unwrap_err();
    with_permitted_names()
        .verdict(&*verifier, CORP, 2026)
        .unwrap();
    with_permitted_names()
        .verdict(&*verifier, HOST, 2026)
        .unwrap_err();
}

#[test]
fn rustls_native_certs_leaves_out_roots_with_limits() {
    let result = rustls_native_certs::load_native_certs();
    assert!(result.errors.is_empty(), "{:?}", result.errors);
    let mut store = RootCertStore::empty();
    assert_eq!(store.add_parsable_certificates(result.certs), (2, 0));
    let verifier = webpki(store);
    plain().verdict(&*verifier, HOST, 2026).unwrap();
    with_distrust_date()
        .verdict(&*verifier, HOST, 2024)
        .unwrap_err();
    with_permitted_names()
        .verdict(&*verifier, CORP, 2026)
        .unwrap_err();
}

#[test]
fn rustls_platform_verifier_enforces_all_limits() {
    let verifier = Verifier::new(provider()).unwrap();
    plain().verdict(&verifier, HOST, 2026).unwrap();
    with_distrust_date().verdict(&verifier, HOST, 2024).unwrap();
    let refused = with_distrust_date()
        .verdict(&verifier, HOST, 2026)
        .unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_distrusted(), "{refused}");
    with_permitted_names()
        .verdict(&verifier, CORP, 2026)
        .unwrap();
    with_permitted_names()
        .verdict(&verifier, HOST, 2026)
        .unwrap_err();
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
    with_distrust_date()
        .verdict(&verifier, HOST, 2026)
        .unwrap_err();
    with_permitted_names()
        .verdict(&verifier, HOST, 2026)
        .unwrap_err();

    // The verifier that knows the issuer explains.
    let refused = authority.verdict_on_another_name(&verifier).unwrap_err();
    assert!(
        refused.to_string().contains("not valid for name"),
        "{refused}"
    );
    let refused = with_distrust_date()
        .verdict(&verifier, HOST, 2026)
        .unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_distrusted(), "{refused}");

    // None is not an error.
    let verifier = Verifier::new_with_extra_roots([], provider()).unwrap();
    plain().verdict(&verifier, HOST, 2026).unwrap();
}

#[test]
fn extra_certificate_of_a_server_is_accepted_as_that_server() {
    let server = self_signed(HOST);
    let (authority, extra) = ca("an extra CA");
    let certificate = server.chain[0].clone();
    let verifier =
        Verifier::new_with_extra_roots([extra, certificate.clone()], provider()).unwrap();
    verdict(&verifier, &server, HOST).unwrap();
    verdict(&verifier, &server, "other.example").unwrap_err();
    verdict(&verifier, &self_signed(HOST), HOST).unwrap_err();
    authority.verdict(&verifier, HOST, 2026).unwrap();
    let alone = Verifier::new_with_extra_roots([certificate], provider()).unwrap();
    verdict(&alone, &server, HOST).unwrap();
    plain().verdict(&alone, HOST, 2026).unwrap();
}

/// As in a file with the whole chain of a server.
#[test]
fn extra_certificate_that_is_not_a_ca_issues_nothing() {
    let (authority, good) = ca("an extra CA");
    let server = plain().issue("other.example", 2026);
    let leaf = server.chain[0].clone();
    let verifier = Verifier::new_with_extra_roots([good, leaf], provider()).unwrap();
    authority.verdict(&verifier, HOST, 2026).unwrap();
    verdict(&verifier, &server, "other.example").unwrap();
    let unreadable = CertificateDer::from(vec![0x30, 0]);
    Verifier::new_with_extra_roots([unreadable], provider()).unwrap_err();
}

#[test]
fn a_verifier_for_debugging_has_one_root() {
    let (authority, root) = ca("a root");
    let verifier = rustls_platform_verifier::verifier_for_dbg(root, provider());
    authority.verdict(&*verifier, HOST, 2026).unwrap();
    plain().verdict(&*verifier, HOST, 2026).unwrap_err();
    assert!(!verifier.supported_verify_schemes().is_empty());
}
