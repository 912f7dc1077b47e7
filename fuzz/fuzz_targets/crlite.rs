//! Any bytes as a CRLite filter: an error, or a filter that refuses an accepted chain as revoked, or not, and that
//! accepts no chain that is refused without it.

#![no_main]

use std::sync::{Arc, LazyLock};

use embedded_roots::{Crlite, Refusal, Roots, RootsBuilder};
use embedded_roots_bundle::certificate_to_pem;
use embedded_roots_fuzz::certificate::{Template, day, dns};
use embedded_roots_fuzz::signature::PROVIDER;
use libfuzzer_sys::fuzz_target;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::CertificateDer;

fuzz_target!(|filter: &[u8]| {
    let crlite = Crlite::filters([filter.to_vec()]);
    let Ok(roots) = policy().crlite(crlite).build() else {
        return;
    };
    let accepted = verdict(&roots, "a.example");
    if let Err(error) = &accepted {
        let refusal = Refusal::of(error).unwrap();
        assert!(refusal.is_revoked_by_crlite(), "{refusal}");
    }
    let report = roots.report().crlite().unwrap();
    let said = report.revoked() + report.not_revoked() + report.not_covered();
    assert_eq!(said, 1);
    assert_eq!(report.revoked() == 1, accepted.is_err());

    assert_eq!(
        verdict(&roots, "b.example").map_err(|error| error.to_string()),
        verdict(&WITHOUT, "b.example").map_err(|error| error.to_string())
    );
});

fn policy() -> RootsBuilder {
    let root = Template::root(1).certificate(&[]);
    let builder = Roots::builder().pem(certificate_to_pem(&root));
    builder.provider(Arc::clone(&PROVIDER))
}

fn verdict(roots: &Roots, name: &'static str) -> Result<(), rustls::Error> {
    let name = name.try_into().unwrap();
    let verifier = roots.verifier();
    let verdict = verifier.verify_server_cert(&LEAF, &[], &name, &[], day(32));
    verdict.map(drop)
}

static WITHOUT: LazyLock<Roots> = LazyLock::new(|| policy().build().unwrap());

/// Logged in the log of zeros and the log of ones, at times of the seeds.
static LEAF: LazyLock<CertificateDer<'static>> = LazyLock::new(|| {
    let template = Template {
        subject: 0,
        issuer: 1,
        key: 0,
        signer: 1,
        ca: Some(false),
        names: vec![dns("a.example")],
        timestamps: vec![([0; 32], 1000), ([1; 32], 2000)],
        ..Template::root(0)
    };
    template.certificate(&[])
});
