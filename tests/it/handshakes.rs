//! Which servers are accepted and which refused, over TLS 1.2 and 1.3 with both crypto providers.

use std::sync::Arc;

use embedded_roots::{Refusal, Roots};
use embedded_roots_testing::authority::{
    Identity, annotated, intermediate, intermediate_with, root, root_with, server, server_params,
    server_with,
};
use rcgen::{GeneralSubtree, IsCa, NameConstraints, date_time_ymd};
use rustls::CertificateError;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::version::{TLS12, TLS13};

use crate::server::{handshake, serve};

const NAME: &str = "a.corp.example";

/// The verdict on this server, which must be the same for all four pairs of version and provider.
#[track_caller]
fn verdict(
    trusted: &str,
    identity: impl Fn() -> Identity,
    name: &str,
) -> Result<(), CertificateError> {
    let providers: [fn() -> CryptoProvider; 2] =
        [ring::default_provider, aws_lc_rs::default_provider];
    let mut verdicts = Vec::new();
    for version in [&TLS12, &TLS13] {
        let address = serve(identity(), version);
        for provider in providers {
            let roots = Roots::builder()
                .pem(trusted)
                .provider(Arc::new(provider()))
                .build()
                .unwrap();
            verdicts.push(handshake(roots.client_config(), address, name));
        }
    }
    // Compared as text, because `CertificateError::Other` never compares equal.
    let texts: Vec<_> = verdicts
        .iter()
        .map(|verdict| format!("{verdict:?}"))
        .collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    verdicts.remove(0).map_err(|error| match error {
        rustls::Error::InvalidCertificate(error) => error,
        other => panic!("refused for another reason than the certificate: {other}"),
    })
}

fn clone(identity: &Identity) -> Identity {
    Identity {
        chain: identity.chain.clone(),
        key: identity.key.clone_key(),
    }
}

#[test]
fn a_trusted_server_is_accepted() {
    let ca = root("CA");
    let identity = server(&ca, NAME);
    assert_eq!(verdict(&ca.pem(), || clone(&identity), NAME), Ok(()));

    let between = intermediate("Between", &ca);
    let identity = server(&between, NAME).with(&between);
    assert_eq!(verdict(&ca.pem(), || clone(&identity), NAME), Ok(()));
}

#[test]
fn an_unknown_authority_is_refused() {
    let (ca, other) = (root("CA"), root("Other"));
    let identity = server(&other, NAME);
    let refused = verdict(&ca.pem(), || clone(&identity), NAME).unwrap_err();
    assert!(
        format!("{refused:?}").contains("issuer \"CN=Other\" is not trusted by PEM text (1 root)")
    );
}

#[test]
fn an_authority_of_the_same_name_and_another_key_is_refused() {
    let (ca, impostor) = (root("CA"), root("CA"));
    let identity = server(&impostor, NAME);
    let refused = verdict(&ca.pem(), || clone(&identity), NAME).unwrap_err();
    assert!(
        Refusal::of(&rustls::Error::from(refused))
            .unwrap()
            .is_bad_signature()
    );
}

#[test]
fn a_wrong_name_is_refused() {
    let ca = root("CA");
    let identity = server(&ca, NAME);
    let refused = verdict(&ca.pem(), || clone(&identity), "b.corp.example").unwrap_err();
    assert!(
        matches!(refused, CertificateError::NotValidForNameContext { .. }),
        "{refused:?}"
    );
}

#[test]
fn an_expired_server_is_refused() {
    let ca = root("CA");
    let identity = server_with(&ca, NAME, |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let refused = verdict_without_time(&ca.pem(), &identity);
    assert_eq!(refused, CertificateError::Expired);
}

/// Like [`verdict`], for an expired certificate, whose error carries the time of the attempt.
fn verdict_without_time(trusted: &str, identity: &Identity) -> CertificateError {
    let address = serve(clone(identity), &TLS13);
    let roots = Roots::builder().pem(trusted).build().unwrap();
    match handshake(roots.client_config(), address, NAME).unwrap_err() {
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { .. }) => {
            CertificateError::Expired
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_entity_certificate_cannot_issue() {
    let ca = root("CA");
    let leaf = intermediate_with("a server", &ca, |params| {
        *params = server_params(NAME);
        params.is_ca = IsCa::ExplicitNoCa;
    });
    let identity = server(&leaf, NAME).with(&leaf);
    let refused = verdict(&ca.pem(), || clone(&identity), NAME).unwrap_err();
    assert!(
        format!("{refused:?}").contains("EndEntityUsedAsCa"),
        "{refused:?}"
    );
}

#[test]
fn the_authoritys_own_name_constraints_hold() {
    let ca = root_with("CA", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("corp.example".into())],
            excluded_subtrees: Vec::new(),
        });
    });
    let (inside, outside) = (server(&ca, NAME), server(&ca, "a.example"));
    assert_eq!(verdict(&ca.pem(), || clone(&inside), NAME), Ok(()));
    is_outside(verdict(&ca.pem(), || clone(&outside), "a.example"));
}

#[test]
fn annotated_name_constraints_hold() {
    let ca = root("CA");
    for (annotation, allowed, refused) in [
        ("permitted-dns=.corp.example", NAME, "corp.example"),
        (
            "permitted-dns=corp.example",
            "corp.example",
            "corp2.example",
        ),
        ("excluded-dns=corp.example", "a.example", NAME),
        ("permitted-ip=127.0.0.0/8", "127.0.0.1", "10.0.0.1"),
        ("excluded-ip=10.0.0.0/8", "127.0.0.1", "10.0.0.1"),
    ] {
        let trusted = annotated(annotation, &ca);
        let (inside, outside) = (server(&ca, allowed), server(&ca, refused));
        assert_eq!(
            verdict(&trusted, || clone(&inside), allowed),
            Ok(()),
            "{annotation}"
        );
        is_outside(verdict(&trusted, || clone(&outside), refused));
    }
}

#[test]
fn own_and_annotated_name_constraints_hold_together() {
    let ca = root_with("CA", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example".into())],
            excluded_subtrees: Vec::new(),
        });
    });
    let trusted = annotated(
        "permitted-dns=corp.example,corp.test excluded-dns=b.corp.example",
        &ca,
    );
    for name in [NAME, "corp.example"] {
        let identity = server(&ca, name);
        assert_eq!(verdict(&trusted, || clone(&identity), name), Ok(()));
    }
    for name in ["a.example", "corp.test", "b.corp.example"] {
        let identity = server(&ca, name);
        is_outside(verdict(&trusted, || clone(&identity), name));
    }
}

#[track_caller]
fn is_outside(verdict: Result<(), CertificateError>) {
    let refused = verdict.unwrap_err();
    assert!(
        format!("{refused:?}").contains("is outside the name constraints of the root"),
        "{refused:?}"
    );
}
