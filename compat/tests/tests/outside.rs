//! An installed default without any root of the bundle.
#![cfg(feature = "custom")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use drop_in_tests::{ca, provider};
use embedded_roots::Roots;

#[test]
fn rustls_native_certs_reports_that_no_certificate_is_left() {
    let roots = Roots::builder().certificates([ca("not in the bundle").1]);
    let roots = roots.provider(provider()).build().unwrap();
    roots.install_default().unwrap();

    let result = rustls_native_certs::load_native_certs();
    assert_eq!(result.certs, []);
    let [error] = &result.errors[..] else {
        panic!("{:?}", result.errors)
    };
    assert!(error.to_string().contains("none of them"), "{error}");
}
