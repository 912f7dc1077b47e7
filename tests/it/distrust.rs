//! Distrust-after dates, in real handshakes.

use std::time::Duration;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{
    Authority, Identity, annotated, intermediate_of, intermediate_with, key, root, server_with,
};
use rcgen::date_time_ymd;
use rustls::version::TLS13;
use rustls::{CertificateError, Error};

use crate::server::{handshake, serve};

const NAME: &str = "a.example";
const ANNOTATION: &str = "distrust-after=2024-01-01T00:00:00Z";
const DATE: u64 = 1_704_067_200;

/// A server whose certificate has a notBefore `seconds` after the distrust date.
fn issued_after_date(issuer: &Authority, seconds: i64) -> Identity {
    let offset = Duration::from_secs(seconds.unsigned_abs());
    let date = date_time_ymd(2024, 1, 1);
    let not_before = if seconds < 0 {
        date - offset
    } else {
        date + offset
    };
    server_with(issuer, NAME, |params| params.not_before = not_before)
}

fn verdict(trusted: &str, identity: Identity) -> Result<(), Error> {
    let roots = Roots::builder().pem(trusted).build().unwrap();
    handshake(roots.client_config(), serve(identity, &TLS13), NAME)
}

#[track_caller]
fn distrusted(verdict: Result<(), Error>) -> Refusal {
    let error = verdict.unwrap_err();
    let refusal = Refusal::of(&error).unwrap().clone();
    assert!(refusal.is_distrusted(), "{refusal}");
    refusal
}

#[test]
fn distrust_date_is_inclusive_to_the_second() {
    let ca = root("Old CA");
    let trusted = annotated(ANNOTATION, &ca);
    assert_eq!(verdict(&trusted, issued_after_date(&ca, -1)), Ok(()));
    assert_eq!(verdict(&trusted, issued_after_date(&ca, 0)), Ok(()));

    let refused = verdict(&trusted, issued_after_date(&ca, 1));
    let text = "the root \"CN=Old CA\" is distrusted for certificates that start to be valid after \
                2024-01-01T00:00:00Z";
    // rustls shows the `Debug` of an `OtherError`.
    let shown = format!("invalid peer certificate: Other(OtherError({text}))");
    assert_eq!(refused.as_ref().unwrap_err().to_string(), shown);
    let why = distrusted(refused);
    assert_eq!(
        (why.root(), why.distrust_after().unwrap().as_secs()),
        (Some("CN=Old CA"), DATE)
    );
}

#[test]
fn distrust_date_does_not_affect_other_roots() {
    let (old, other) = (root("Old CA"), root("CA"));
    let trusted = annotated(ANNOTATION, &old) + &other.pem();
    assert_eq!(verdict(&trusted, issued_after_date(&other, 1)), Ok(()));
    distrusted(verdict(&trusted, issued_after_date(&old, 1)));
}

#[test]
fn distrust_date_applies_only_to_the_end_entity() {
    let ca = root("Old CA");
    // The intermediate's own notBefore is long after the distrust date.
    let between = intermediate_with("Between", &ca, |params| {
        params.not_before = date_time_ymd(2025, 1, 1);
    });
    let identity = issued_after_date(&between, 0).with(&between);
    assert_eq!(verdict(&annotated(ANNOTATION, &ca), identity), Ok(()));
}

#[test]
fn chain_is_accepted_if_one_of_two_roots_may_issue() {
    let (old, new) = (root("Old CA"), root("New CA"));
    let shared = key().serialize_pem();
    let by_old = intermediate_of("Between", &shared, &old);
    let by_new = intermediate_of("Between", &shared, &new);
    let presented = || {
        [
            issued_after_date(&by_old, 1).with(&by_old).with(&by_new),
            issued_after_date(&by_old, 1).with(&by_new).with(&by_old),
        ]
    };

    let later = "distrust-after=2024-01-01T00:00:01Z";
    for new in [new.pem(), annotated(later, &new)] {
        for identity in presented() {
            assert_eq!(
                verdict(&(annotated(ANNOTATION, &old) + &new), identity),
                Ok(())
            );
        }
    }
    // The chain is refused with the old root alone, and if both roots have a date that has passed.
    for identity in presented() {
        distrusted(verdict(&annotated(ANNOTATION, &old), identity));
    }
    let earlier = "distrust-after=2023-12-31T00:00:00Z";
    for identity in presented() {
        distrusted(verdict(
            &(annotated(ANNOTATION, &old) + &annotated(earlier, &new)),
            identity,
        ));
    }
}

#[test]
fn refusal_names_the_root_that_signed() {
    let roots = ["One", "Two", "Three"].map(root);
    let trusted = roots
        .each_ref()
        .map(|root| annotated(ANNOTATION, root))
        .concat();
    for root in &roots {
        let why = distrusted(verdict(&trusted, issued_after_date(root, 1)));
        let expected = format!("CN={}", name_of(root));
        assert_eq!(why.root(), Some(&*expected));
    }
}

fn name_of(root: &Authority) -> String {
    let (_, certificate) = x509_parser::parse_x509_certificate(root.der()).unwrap();
    certificate
        .subject()
        .iter_common_name()
        .next()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn distrust_date_hides_no_other_error() {
    let (old, unknown) = (root("Old CA"), root("Unknown CA"));
    let trusted = annotated(ANNOTATION, &old);
    let refused = verdict(&trusted, issued_after_date(&unknown, -1)).unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());

    // An error other than distrust must survive, even if roots without a date report otherwise.
    let trusted = trusted + &root("CA").pem();
    let expired = server_with(&old, NAME, |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let refused = verdict(&trusted, expired).unwrap_err();
    let Error::InvalidCertificate(CertificateError::ExpiredContext { .. }) = refused else {
        panic!("{refused:?}")
    };
}

#[test]
fn root_store_leaves_out_roots_with_a_distrust_date() {
    let (old, new) = (root("Old CA"), root("New CA"));
    let roots = Roots::builder()
        .pem(annotated(ANNOTATION, &old) + &new.pem())
        .build()
        .unwrap();
    assert_eq!(roots.root_store().len(), 1);
    let roots = Roots::builder()
        .pem(annotated(ANNOTATION, &old))
        .build()
        .unwrap();
    assert!(roots.root_store().is_empty());
}
