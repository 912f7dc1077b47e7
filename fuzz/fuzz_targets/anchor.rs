//! Our reader makes the same trust anchor of any bytes as webpki, or none if webpki makes none.

#![no_main]

use embedded_roots_bundle::{Annotation, Root};
use libfuzzer_sys::fuzz_target;
use rustls::pki_types::CertificateDer;
use webpki::anchor_from_trusted_cert;

fuzz_target!(|data: &[u8]| {
    let certificate = CertificateDer::from(data);
    let theirs = anchor_from_trusted_cert(&certificate).ok();
    match Root::new(certificate.clone().into_owned(), Annotation::default(), 0) {
        Ok(root) => assert_eq!(Some(root.trust_anchor()), theirs.as_ref()),
        Err(error) if error.reason().contains("cannot be a root") => assert_eq!(theirs, None),
        // webpki reads constraints when it verifies a chain, and then it refuses these.
        Err(error) => {
            let constraints = theirs.and_then(|anchor| anchor.name_constraints);
            assert!(constraints.is_some(), "{error}");
        }
    }
});
