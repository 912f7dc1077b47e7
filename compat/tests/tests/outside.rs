//! An installed default without certificates.
#![cfg(feature = "custom")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use drop_in_tests::{ca, provider};
use embedded_roots::Roots;
use rustls::RootCertStore;

#[test]
fn rustls_native_certs_says_that_an_anchor_has_no_certificate() {
    let mut store = RootCertStore::empty();
    store.add(ca("not in the bundle").1).unwrap();
    let roots = Roots::builder().anchors(store.roots);
    let roots = roots.provider(provider()).build().unwrap();
    roots.install_default().unwrap();

    let result = rustls_native_certs::load_native_certs();
    assert_eq!(result.certs, []);
    let [error] = &result.errors[..] else {
        panic!("{:?}", result.errors)
    };
    assert!(error.to_string().contains("not in the bundle"), "{error}");
}
