//! Chains, one of them of a real server, and the verifiers to compare.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Roots, Verifier};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

const CHAIN: [&[u8]; 3] = [
    include_bytes!("../../tests/data/aws.amazon.com/1.der"),
    include_bytes!("../../tests/data/aws.amazon.com/2.der"),
    include_bytes!("../../tests/data/aws.amazon.com/3.der"),
];

/// `Verifier`, and rustls' own verifier over the same roots.
pub fn verifiers(roots: &Roots) -> [(&'static str, Arc<dyn ServerCertVerifier>); 2] {
    let provider = Arc::new(default_provider());
    let builder = WebPkiServerVerifier::builder_with_provider(roots.root_store(), provider);
    [
        ("embedded-roots", roots.verifier()),
        ("rustls", builder.build().unwrap()),
    ]
}

/// What a `Verifier` does with a chain before webpki searches a path: it looks for distrusted certificates, and bounds
/// the search. The verdict would be the same without.
pub fn screening(verifier: &Verifier) -> impl Fn() {
    let [end_entity, intermediates @ ..] = CHAIN.map(CertificateDer::from);
    move || {
        let usable = verifier.count_usable(&end_entity, &intermediates);
        assert_eq!(black_box(usable).ok(), Some(2));
    }
}

/// One verification, which must succeed.
pub fn verification(verifier: &dyn ServerCertVerifier) -> impl Fn() {
    let chain = CHAIN.map(CertificateDer::from);
    let name = ServerName::try_from("aws.amazon.com").unwrap();
    move || verify(verifier, &chain, &name, now()).unwrap()
}

/// Verifies the chain of a server.
pub fn verify(
    verifier: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = chain.split_first().unwrap();
    let verdict = verifier.verify_server_cert(end_entity, intermediates, name, &[], now);
    verdict.map(drop)
}

/// 2026-08-01
pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_785_542_400))
}
