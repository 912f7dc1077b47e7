//! The messages of refusals.

use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Refusal, Roots, RootsBuilder};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_testing::authority::{
    Identity, annotated, intermediate, intermediate_of, intermediate_with, key, root,
    self_signed_server_with, server, server_with,
};
use embedded_roots_testing::handshake::Pair;
use embedded_roots_testing::server::config as config_of_server;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, SanType, date_time_ymd};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{AlertDescription, CertificateError};

use crate::scratch::Package;
use crate::server::{handshake, serve};

const NAME: &str = "a.example";

fn refusal(builder: RootsBuilder, identity: Identity) -> Refusal {
    let roots = builder.build().unwrap();
    let error = handshake(roots.client_config(), serve(identity, &TLS13), NAME).unwrap_err();
    assert!(
        matches!(error, rustls::Error::InvalidCertificate(_)),
        "{error:?}"
    );
    Refusal::of(&error).unwrap().clone()
}

const INTERMEDIATE: &str = "the server sent 1 certificate: if the issuer is an intermediate CA, the \
                            server must also send that CA's certificate";
const PRIVATE: &str = "if it is a private CA, add its certificate (`RootsBuilder::pem_file`, \
                       `include_bundle!`, or the feature `custom`)";
const SYSTEM: &str = "if the operating system trusts it, add the system store (`Roots::embedded_and_system`, \
     with the feature `system`)";

#[test]
fn unknown_issuer_is_named_with_sources_and_advice() {
    let (ca, trusted) = (root("Private CA"), root("CA"));
    let builder = || {
        Roots::builder()
            .bundle(embedded_roots::bundle())
            .pem(trusted.pem())
    };
    let refusal = refusal(builder(), server(&ca, NAME));
    let sources = "bundle custom (2 roots), PEM text (1 root)";
    let text = format!("the issuer \"CN=Private CA\" is not trusted by {sources}");
    assert_eq!(refusal.to_string(), text);
    let advice = format!("{INTERMEDIATE}; {PRIVATE}; {SYSTEM}");
    assert_eq!(refusal.advice(), Some(advice.clone()));
    assert_eq!(format!("{refusal:?}"), format!("{text}; {advice}"));
    assert!(refusal.is_unknown_issuer() && !refusal.is_distrusted());
    assert_eq!(refusal.certificates_sent(), Some(1));
    assert_eq!(
        (refusal.issuer(), refusal.distrust_after()),
        (Some("CN=Private CA"), None)
    );

    // A policy that already uses the system's store must not be advised to add it.
    let refusal = self::refusal(builder().system(), server(&ca, NAME));
    let text = refusal.advice().unwrap();
    assert!(text.contains(PRIVATE) && !text.contains(SYSTEM), "{text}");
}

#[test]
fn the_issuer_is_the_last_that_the_server_did_not_send() {
    let ca = root("Private CA");
    let between = intermediate("Between", &ca);
    let below = intermediate("Below", &between);
    let builder = || Roots::builder().pem(root("CA").pem());
    for (identity, issuer) in [
        (server(&below, NAME), "CN=Below"),
        (server(&below, NAME).with(&below), "CN=Between"),
        (
            server(&below, NAME).with(&between).with(&below),
            "CN=Private CA",
        ),
        // Out of order, with the root included, and with an unrelated certificate.
        (
            server(&below, NAME).with(&ca).with(&between).with(&below),
            "CN=Private CA",
        ),
        (server(&below, NAME).with(&root("Other")), "CN=Below"),
    ] {
        assert_eq!(refusal(builder(), identity).issuer(), Some(issuer));
    }
}

#[test]
fn self_signed_certificate_is_named_as_such() {
    let key = key();
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Myself");
    params.is_ca = IsCa::ExplicitNoCa;
    let certificate = params.self_signed(&key).unwrap();
    let identity = Identity {
        chain: vec![certificate.der().clone()],
        key: rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    };
    let refusal = refusal(Roots::builder().pem(root("CA").pem()), identity);
    let text = "the self-signed certificate \"CN=Myself\" is not trusted by PEM text (1 root)";
    assert_eq!(refusal.to_string(), text);
    let pin = "if you know that this is the server's own certificate, pin it (`RootsBuilder::pinned_certificate`)";
    assert_eq!(refusal.advice().as_deref(), Some(pin));
}

#[test]
fn cyclic_chain_terminates() {
    let (one, two) = (key().serialize_pem(), key().serialize_pem());
    // Two authorities that certify each other.
    let by_root = intermediate_of("One", &one, &root("Two"));
    let two_by_one = intermediate_of("Two", &two, &by_root);
    let one_by_two = intermediate_of("One", &one, &two_by_one);
    let identity = server(&one_by_two, NAME)
        .with(&one_by_two)
        .with(&two_by_one);
    let refusal = refusal(Roots::builder().pem(root("CA").pem()), identity);
    assert!(
        ["CN=One", "CN=Two"].contains(&refusal.issuer().unwrap()),
        "{refusal}"
    );
}

#[test]
fn distrusted_root_is_named_with_its_date() {
    let ca = root("Old CA");
    let trusted = annotated("distrust-after=2019-01-01T00:00:00Z", &ca);
    let refusal = refusal(Roots::builder().pem(trusted), server(&ca, NAME));
    assert!(refusal.is_distrusted() && !refusal.is_unknown_issuer());
    let text = "the root \"CN=Old CA\" is distrusted for certificates that start to be valid after \
                2019-01-01T00:00:00Z";
    assert_eq!(
        (refusal.to_string(), refusal.advice()),
        (text.to_owned(), None)
    );
}

/// `openssl x509 -text` does not show imposed name constraints to the operator.
#[test]
fn name_outside_name_constraints_is_named_with_root_and_limit() {
    let ca = root("Corp CA");
    let trusted = || Roots::builder().pem(annotated("permitted-dns=.corp.example", &ca));
    let refusal = refusal(trusted(), server(&ca, NAME));
    assert!(refusal.is_outside_constraints() && !refusal.is_unknown_issuer());
    let text = "the certificate is for \"a.example\", which is outside the name constraints of the \
                root \"CN=Corp CA\" (its own or imposed): permitted-dns=.corp.example";
    assert_eq!(refusal.to_string(), text);
    assert_eq!(
        (refusal.root(), refusal.issuer()),
        (Some("CN=Corp CA"), None)
    );
    assert_eq!(refusal.presented_name(), Some(NAME));
    assert_eq!(
        refusal.name_constraints(),
        Some("permitted-dns=.corp.example")
    );
    assert_eq!(
        (refusal.distrust_after(), refusal.certificates_sent()),
        (None, None)
    );

    // An intermediate's own.
    let own = root("CA");
    let between = intermediate_with("Between", &own, |params| {
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("b.example".into())],
            excluded_subtrees: Vec::new(),
        });
    });
    let identity = server(&between, NAME).with(&between);
    let refusal = self::refusal(Roots::builder().pem(own.pem()), identity);
    let text = "the certificate is for \"a.example\", which is outside the name constraints of the \
                intermediate \"CN=Between\": permitted-dns=b.example";
    assert_eq!(refusal.to_string(), text);
    assert!(refusal.is_outside_constraints());
    assert_eq!(
        (refusal.root(), refusal.presented_name()),
        (None, Some(NAME))
    );
}

#[test]
fn long_names_are_shortened() {
    let ca = root(&"x".repeat(10_000));
    let refusal = refusal(Roots::builder().pem(root("CA").pem()), server(&ca, NAME));
    assert!(
        refusal.issuer().unwrap().len() > 10_000 && refusal.to_string().len() <= 200,
        "{refusal}"
    );
}

fn refusal_at(roots: &Roots, identity: &Identity, name: &str, day: u64) -> Refusal {
    let name = ServerName::try_from(name).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(day * 86_400));
    let (end_entity, others) = identity.chain.split_first().unwrap();
    let verifier = roots.verifier();
    let error = verifier.verify_server_cert(end_entity, others, &name, &[], now);
    Refusal::of(&error.unwrap_err()).unwrap()
}

#[test]
fn validity_is_told_with_the_clock() {
    let ca = root("CA");
    let roots = Roots::builder().pem(ca.pem()).build().unwrap();
    let identity = server_with(&ca, NAME, |params| {
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 2, 1);
    });
    // 2026-01-01
    let start = 20_454;
    let refused = refusal_at(&roots, &identity, NAME, start + 100);
    assert!(refused.is_expired() && !refused.is_not_yet_valid());
    assert_eq!(
        refused.to_string(),
        "a certificate of the chain expired at 2026-02-01T00:00:00Z, and it is 2026-04-11T00:00:00Z by the clock"
    );
    assert!(
        refused
            .advice()
            .unwrap()
            .starts_with("if the clock is right, ")
    );
    assert!(matches!(
        refused.replaced_error(),
        Some(rustls::Error::InvalidCertificate(
            CertificateError::ExpiredContext { .. }
        ))
    ));
    let refused = refusal_at(&roots, &identity, NAME, start - 1);
    assert!(refused.is_not_yet_valid() && !refused.is_expired());
    assert_eq!(
        refused.to_string(),
        "a certificate of the chain is not valid before 2026-01-01T00:00:00Z, and it is 2025-12-31T00:00:00Z by the \
         clock"
    );
}

#[test]
fn names_of_the_certificate_are_told() {
    let ca = root("CA");
    let roots = Roots::builder().pem(ca.pem()).build().unwrap();
    let today = UnixTime::now().as_secs() / 86_400;
    let with_names = |names: &[&str]| {
        server_with(&ca, NAME, |params| {
            let names = names.iter().map(|name| match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into().unwrap()),
            });
            params.subject_alt_names = names.collect();
        })
    };
    let long = "x".repeat(60);
    for (names, shown) in [
        (&["b.example"][..], "b.example, "),
        (&[], "no DNS name or IP address, "),
        (
            &["b.example", "192.0.2.1", "2001:db8::1"],
            "b.example, 192.0.2.1, an IPv6 address, ",
        ),
        (&["b", "c", "d", "e", "f"], "b, c, d and 2 more, "),
        (&["a\u{7f}\"\n", "c"], "a\\u{7f}\"\\n, c, "),
        (&[&long], &format!("{}..., ", &long[..30])),
    ] {
        let refused = refusal_at(&roots, &with_names(names), NAME, today);
        assert!(refused.is_wrong_name());
        assert_eq!(
            refused.to_string(),
            format!("the certificate is for {shown}and not for {NAME}")
        );
    }
    let refused = refusal_at(&roots, &with_names(&[]), NAME, today);
    let advice = refused.advice().unwrap();
    assert!(
        advice.ends_with("(`RootsBuilder::pinned_certificate_for`)"),
        "{advice}"
    );
    // Nobody asks for a server by a name of another kind.
    let refused = server_with(&ca, NAME, |params| {
        let uri = "spiffe://x/y".try_into().unwrap();
        params.subject_alt_names = vec![SanType::URI(uri)];
    });
    let refused = refusal_at(&roots, &refused, NAME, today);
    assert_eq!(
        refused.to_string(),
        format!("the certificate is for no DNS name or IP address, and not for {NAME}")
    );
    let many = vec![&*long; 100];
    let refused = refusal_at(
        &roots,
        &with_names(&many),
        &format!("{long}.example"),
        today,
    );
    assert!(refused.to_string().len() <= 200, "{refused}");
}

#[test]
fn end_entity_of_a_ca_is_told_to_be_pinned() {
    let identity = self_signed_server_with(NAME, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let refused = refusal(Roots::builder().pem(root("CA").pem()), identity);
    assert!(refused.is_ca_as_end_entity());
    assert_eq!(
        format!("{refused:?}"),
        "the certificate \"CN=a server\" is the certificate of a CA, which a server cannot use; if you know that this is the \
         server's own certificate, pin it (`RootsBuilder::pinned_certificate`)"
    );
}

/// The alert that the server receives.
#[test]
fn plain_errors_are_those_of_rustls_with_its_alerts() {
    let (ca, other) = (root("CA"), root("Other"));
    let expired = server_with(&ca, NAME, |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    for (identity, plain, alert, usual) in [
        (
            server(&other, NAME),
            Some(CertificateError::UnknownIssuer),
            AlertDescription::UnknownCA,
            AlertDescription::CertificateUnknown,
        ),
        (
            expired,
            None,
            AlertDescription::CertificateExpired,
            AlertDescription::CertificateExpired,
        ),
    ] {
        for (is_plain, alert) in [(true, alert), (false, usual)] {
            let builder = Roots::builder().pem(ca.pem());
            let builder = if is_plain {
                builder.plain_errors()
            } else {
                builder
            };
            let config = builder.build().unwrap().client_config();
            let identity = Identity {
                chain: identity.chain.clone(),
                key: identity.key.clone_key(),
            };
            let server = Arc::new(config_of_server(identity, &[&TLS13]));
            let mut pair = Pair::new(&config, &server, NAME);
            pair.tell_server().unwrap();
            let refused = pair.tell_client().unwrap_err();
            if let (true, Some(plain)) = (is_plain, &plain) {
                assert_eq!(refused, plain.clone().into());
                assert!(Refusal::of(&refused).is_none());
            } else {
                assert!(Refusal::of(&refused).is_some());
            }
            assert_eq!(pair.tell_server(), Err(rustls::Error::AlertReceived(alert)));
        }
    }
    // rustls has no error for it.
    let distrusting = Roots::builder().pem(ca.pem()).plain_errors();
    let identity = server(&ca, NAME);
    let distrusting = distrusting.distrust_certificate(hex(&sha256(&identity.chain[0])));
    assert!(refusal(distrusting, identity).is_distrusted_certificate());
}

#[test]
fn refusal_can_be_serialized() {
    let ca = root("CA");
    let refused = refusal(Roots::builder().pem(ca.pem()), server(&root("Other"), NAME));
    let value = serde_json::to_value(&refused).unwrap();
    assert_eq!(value["reason"], "unknown-issuer");
    assert_eq!(value["text"], refused.to_string());
    assert_eq!(value["advice"], refused.advice().unwrap());
    assert_eq!(value["issuer"], "CN=Other");
    assert!(value["distrust_after"].is_null() && value["certificate"].is_null());
    let trusted = annotated("distrust-after=2019-01-01T00:00:00Z", &ca);
    let refused = refusal(Roots::builder().pem(trusted), server(&ca, NAME));
    let value = serde_json::to_value(&refused).unwrap();
    assert_eq!(
        (&value["reason"], &value["distrust_after"], &value["root"]),
        (
            &"distrusted".into(),
            &"2019-01-01T00:00:00Z".into(),
            &"CN=CA".into()
        )
    );
}

/// Those that older verifiers return.
#[test]
fn errors_without_context_are_explained() {
    for (error, is) in [
        (
            CertificateError::Expired,
            Refusal::is_expired as fn(&_) -> _,
        ),
        (CertificateError::NotValidYet, Refusal::is_not_yet_valid),
        (CertificateError::NotValidForName, Refusal::is_wrong_name),
        (CertificateError::InvalidPurpose, Refusal::is_wrong_purpose),
    ] {
        let refusal = Refusal::of(&rustls::Error::from(error)).unwrap();
        assert!(is(&refusal), "{refusal}");
    }
}

#[test]
fn other_errors_have_no_refusal() {
    let unknown = rustls::Error::from(CertificateError::UnknownIssuer);
    assert!(Refusal::of(&unknown).is_none());
    assert!(Refusal::of(&std::fmt::Error).is_none());
    assert!(Refusal::of(&rustls::Error::DecryptError).is_none());
    let wrapped = std::io::Error::other(rustls::Error::DecryptError);
    assert!(Refusal::of(&wrapped).is_none());
}

#[test]
fn default_roots_explain_name_constraints() {
    let ca = root("Limited CA");
    let annotation = "permitted-dns=.corp.example";
    let package = Package::with_rustls("limited_default", &["custom", "ring", "rustls"]);
    let package = package.main(include_str!("../programs/limited_default.rs"));
    let chain = server(&ca, NAME).chain;
    for (nth, certificate) in chain.iter().enumerate() {
        package.file(&format!("{nth}.der"), certificate);
    }
    let bundle = package.file("bundle.pem", annotated(annotation, &ca));
    let package = package.env("EMBEDDED_ROOTS_FILE", &bundle);
    assert_eq!(
        package.run(),
        "the certificate is for \"a.example\", which is outside the name constraints of the root \
         \"CN=Limited CA\" (its own or imposed): permitted-dns=.corp.example"
    );
}
