//! A chain that differs from a remembered one has the verdict that it has where nothing is remembered.

#![no_main]

use std::sync::{Arc, LazyLock};

use embedded_roots::Roots;
use embedded_roots_bundle::certificate_to_pem;
use embedded_roots_fuzz::certificate::{Patch, Template, day, dns, patch};
use embedded_roots_fuzz::signature::{PROVIDER, count_checks};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::CertificateDer;

/// How the chain differs from the remembered one.
#[derive(Arbitrary, Debug)]
struct Input {
    /// Of the content of each certificate, which is signed after it.
    before_signature: [Option<Patch>; 3],
    /// Of each certificate as it is sent, its signature among it.
    after_signature: [Option<Patch>; 3],
    /// The keys that sign, and those that are certified.
    keys: [Option<(u8, u8)>; 3],
}

fuzz_target!(|input: Input| {
    let original = chain(&Input {
        before_signature: [None; 3],
        after_signature: [None; 3],
        keys: [None; 3],
    });
    assert_eq!(verdict(&REMEMBERING, &original).0, Ok(()));
    assert_eq!(verdict(&REMEMBERING, &original), (Ok(()), 0));

    let changed = chain(&input);
    let (expected, all) = verdict(&FORGETTING, &changed);
    let (ours, anew) = verdict(&REMEMBERING, &changed);
    assert_eq!(ours, expected);
    assert!(anew <= all, "{anew} checks, {all} without memory");
    if ours.is_ok() {
        // A new signature of the chain may have taken the place of an old one of it: the oldest in a set makes room. That one
        // is then among the newest, as are the others.
        assert_eq!(verdict(&REMEMBERING, &changed).0, Ok(()));
        assert_eq!(verdict(&REMEMBERING, &changed), (Ok(()), 0));
    }
});

/// A leaf and two intermediates.
fn chain(input: &Input) -> [CertificateDer<'static>; 3] {
    [0, 1, 2].map(|nth: u8| {
        let at = usize::from(nth);
        let (key, signer) = input.keys[at].unwrap_or((nth, nth + 1));
        let is_ca = nth > 0;
        let template = Template {
            subject: nth,
            issuer: nth + 1,
            key,
            signer,
            ca: Some(is_ca),
            names: if is_ca {
                Vec::new()
            } else {
                vec![dns("a.example")]
            },
            ..Template::root(nth)
        };
        let before = input.before_signature[at];
        let mut certificate = template.certificate(before.as_slice()).to_vec();
        patch(&mut certificate, input.after_signature[at].as_slice());
        certificate.into()
    })
}

/// The text of the error, and how many signatures were checked.
fn verdict(roots: &Roots, chain: &[CertificateDer<'static>; 3]) -> (Result<(), String>, usize) {
    let [end_entity, intermediates @ ..] = chain;
    let name = "a.example".try_into().unwrap();
    let verifier = roots.verifier();
    let verify = || verifier.verify_server_cert(end_entity, intermediates, &name, &[], day(1));
    let (verdict, checks) = count_checks(verify);
    (verdict.map(drop).map_err(|why| why.to_string()), checks)
}

static REMEMBERING: LazyLock<Roots> = LazyLock::new(|| roots(true));
static FORGETTING: LazyLock<Roots> = LazyLock::new(|| roots(false));

fn roots(remember: bool) -> Roots {
    Roots::builder()
        .pem(certificate_to_pem(&Template::root(3).certificate(&[])))
        .provider(Arc::clone(&PROVIDER))
        .remember_signatures(remember)
        .build()
        .unwrap()
}
