//! Mozilla's bundle, which is selected without the feature `custom`.
#![cfg(not(feature = "custom"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use drop_in_tests::{plain, provider};
use rustls_platform_verifier::Verifier;

#[test]
fn webpki_roots_is_the_bundle_without_roots_that_have_a_date() {
    let anchors = embedded_roots::bundle().anchors().iter();
    let without_date = anchors.filter(|anchor| anchor.distrust_after().is_none());
    let expected: Vec<_> = without_date
        .map(embedded_roots::Anchor::trust_anchor)
        .collect();
    assert!(expected.len() < embedded_roots::bundle().len());
    assert!(expected.len() > 100);
    assert_eq!(
        webpki_roots::TLS_SERVER_ROOTS.iter().collect::<Vec<_>>(),
        expected
    );
    let constrained =
        |anchor: &&rustls::pki_types::TrustAnchor<'_>| anchor.name_constraints.is_some();
    assert!(
        webpki_roots::TLS_SERVER_ROOTS
            .iter()
            .any(|anchor| constrained(&anchor))
    );
}

#[test]
fn rustls_native_certs_are_the_certificates_of_the_bundle() {
    let certificates = rustls_native_certs::load_native_certs().unwrap();
    assert_eq!(certificates, embedded_roots::certificates());
}

#[test]
fn rustls_platform_verifier_refuses_a_private_ca() {
    let verifier = Verifier::new(provider()).unwrap();
    let refused = plain()
        .verdict(&verifier, "host.example", 2026)
        .unwrap_err();
    assert!(refused.to_string().contains("bundle mozilla"), "{refused}");
}
