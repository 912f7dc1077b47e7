//! Intermediates that a policy knows, and that a peer did not send.

use std::fs;
use std::time::Duration;

use embedded_roots::{Refusal, Roots, RootsBuilder, include_intermediates};
use embedded_roots_bundle::{digest, subject_public_key_info};
use embedded_roots_testing::authority::{
    Authority, Identity, annotated, client, intermediate, intermediate_of, intermediate_with, key,
    root, root_with, server, server_with,
};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::random::numbers;
use rcgen::{GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, date_time_ymd};
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::version::TLS13;

use crate::revocation::crl;
use crate::server::{handshake, serve};

const NAME: &str = "a.example";

fn now() -> UnixTime {
    // 2026-12-01
    UnixTime::since_unix_epoch(Duration::from_secs(1_796_083_200))
}

fn verify(roots: &Roots, identity: &Identity) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = identity.chain.split_first().unwrap();
    let name = NAME.try_into().unwrap();
    let verdict =
        (roots.verifier()).verify_server_cert(end_entity, intermediates, &name, &[], now());
    verdict.map(drop)
}

fn der(certificates: &[&Authority]) -> Vec<CertificateDer<'static>> {
    certificates.iter().map(|each| each.der().clone()).collect()
}

fn trusting(ca: &Authority) -> RootsBuilder {
    Roots::builder().certificates([ca.der().clone()])
}

fn knowing(ca: &Authority, intermediates: &[&Authority]) -> Roots {
    trusting(ca)
        .intermediates(der(intermediates))
        .build()
        .unwrap()
}

#[track_caller]
fn refusal(verdict: Result<(), rustls::Error>) -> Refusal {
    let error = verdict.unwrap_err();
    Refusal::of(&error)
        .unwrap_or_else(|| panic!("{error:?}"))
        .clone()
}

#[test]
fn incomplete_chain_is_completed_in_clients_and_servers() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let below = intermediate("Below", &between);
    let roots = knowing(&ca, &[&below, &between]);
    for sent in [
        server(&below, NAME),
        server(&below, NAME).with(&below),
        server(&below, NAME).with(&between),
        server(&below, NAME).with(&below).with(&between),
    ] {
        let without = trusting(&ca).build().unwrap();
        assert_eq!(verify(&without, &sent).is_ok(), sent.chain.len() == 3);
        verify(&roots, &sent).unwrap();
    }
    let config = roots.client_config();
    handshake(config, serve(server(&below, NAME), &TLS13), NAME).unwrap();

    let client = client(&below, "a client");
    let clients = roots.client_cert_verifier();
    clients
        .verify_client_cert(&client.chain[0], &[], now())
        .unwrap();
    let without = trusting(&ca).build().unwrap().client_cert_verifier();
    without
        .verify_client_cert(&client.chain[0], &[], now())
        .unwrap_err();
}

#[test]
fn intermediates_are_not_trusted() {
    let (ca, other) = (root("CA"), root("Another CA"));
    let of_other = intermediate("Between", &other);
    let roots = knowing(&ca, &[&of_other]);
    let refused = refusal(verify(&roots, &server(&of_other, NAME)));
    // The walk to the last issuer goes through what is known.
    assert_eq!(
        (refused.issuer(), refused.certificates_sent()),
        (Some("CN=Another CA"), Some(1))
    );
    assert_eq!(roots.anchors().len(), 1);
    assert_eq!(roots.certificates().unwrap().len(), 1);
}

#[test]
fn known_copy_of_another_path_is_tried_beside_the_one_sent() {
    let (ca, other) = (root("CA"), root("Another CA"));
    let key = key().serialize_pem();
    let [by_ca, by_other] = [&ca, &other].map(|issuer| intermediate_of("Between", &key, issuer));
    let expired = intermediate_with("Between", &ca, |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let roots = knowing(&ca, &[&by_ca]);
    verify(&roots, &server(&by_other, NAME).with(&by_other)).unwrap();
    verify(&roots, &server(&by_ca, NAME).with(&expired)).unwrap();
}

#[test]
fn distrust_date_of_the_root_applies() {
    let ca = root("Old CA");
    let between = intermediate("Between", &ca);
    let dated = annotated("distrust-after=2024-01-01T00:00:00Z", &ca);
    let roots = Roots::builder().pem(dated).intermediates(der(&[&between]));
    let roots = roots.build().unwrap();
    verify(&roots, &server(&between, NAME)).unwrap();
    let late = server_with(&between, NAME, |params| {
        params.not_before = date_time_ymd(2024, 1, 2);
    });
    assert!(refusal(verify(&roots, &late)).is_distrusted());
}

#[test]
fn name_constraints_apply() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let limited = annotated("permitted-dns=b.example", &ca);
    let roots = Roots::builder()
        .pem(limited)
        .intermediates(der(&[&between]));
    let refused = refusal(verify(&roots.build().unwrap(), &server(&between, NAME)));
    assert_eq!(
        (refused.is_outside_constraints(), refused.root()),
        (true, Some("CN=CA"))
    );
    // Its own.
    let own = intermediate_with("Own", &ca, |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("b.example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let refused = refusal(verify(&knowing(&ca, &[&own]), &server(&own, NAME)));
    assert_eq!(
        (refused.is_outside_constraints(), refused.root()),
        (true, None)
    );
}

#[test]
fn distrusted_intermediate_is_ignored_and_named() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let key = digest::hex(&digest::sha256(
        subject_public_key_info(between.der()).unwrap(),
    ));
    let fingerprint = digest::hex(&digest::sha256(between.der()));
    for builder in [
        trusting(&ca).distrust_key(key),
        trusting(&ca).distrust_certificate(fingerprint),
    ] {
        let roots = builder.intermediates(der(&[&between])).build().unwrap();
        let report = &roots.report().intermediates()[0];
        assert_eq!(
            (report.certificates().len(), report.ignored().len()),
            (0, 1)
        );
        let refused = refusal(verify(&roots, &server(&between, NAME)));
        assert!(refused.is_distrusted_certificate());
        assert_eq!(refused.certificate(), Some("CN=Between"));
    }
}

#[test]
fn distrusted_intermediate_is_named_beside_a_namesake() {
    let (ca, other) = (root("CA"), root("Other CA"));
    let between = intermediate("Between", &ca);
    let namesake = intermediate("Between", &other);
    let fingerprint = digest::hex(&digest::sha256(between.der()));
    let build = |known: &[&Authority]| {
        let roots = trusting(&ca).distrust_certificate(&*fingerprint);
        roots.intermediates(der(known)).build().unwrap()
    };
    let refused = refusal(verify(
        &build(&[&namesake, &between]),
        &server(&between, NAME),
    ));
    assert_eq!(refused.certificate(), Some("CN=Between"));
    // Of another CA, and sent: its root is the reason.
    let sent = server(&namesake, NAME).with(&namesake);
    let refused = refusal(verify(&build(&[&between]), &sent));
    assert_eq!(refused.issuer(), Some("CN=Other CA"));
}

#[test]
fn crls_apply() {
    let ca = root_with("CA", |params| {
        params.key_usages.push(KeyUsagePurpose::CrlSign);
    });
    // The CRL revokes the serial number 1.
    for (serial, expected) in [(2_u64, Ok(())), (1, Err(CertificateError::Revoked.into()))] {
        let between = intermediate_with("Between", &ca, |params| {
            params.serial_number = Some(serial.into());
        });
        let roots = trusting(&ca)
            .intermediates(der(&[&between]))
            .crls([crl(&ca, 4096)])
            .allow_unknown_revocation_status();
        let verdict = verify(&roots.build().unwrap(), &server(&between, NAME));
        assert_eq!(verdict, expected);
    }
}

#[test]
fn expired_intermediate_is_ignored_and_reported() {
    let ca = root("CA");
    let expired = intermediate_with("Expired", &ca, |params| {
        params.not_after = date_time_ymd(2021, 1, 2);
    });
    let between = intermediate("Between", &ca);
    let roots = knowing(&ca, &[&expired, &between]);
    let [report] = roots.report().intermediates() else {
        panic!("{}", roots.report());
    };
    assert_eq!(
        (report.origin(), report.certificates()),
        ("the program", &["CN=Between".to_owned()][..])
    );
    assert_eq!(report.ignored(), ["\"CN=Expired\" expired on 2021-01-02"]);
    assert_eq!(
        roots.report().to_string().lines().last(),
        Some(
            "the program: 1 intermediate, not trusted as roots; ignored: \"CN=Expired\" expired on \
             2021-01-02"
        )
    );
    verify(&roots, &server(&between, NAME)).unwrap();
    assert!(refusal(verify(&roots, &server(&expired, NAME))).is_unknown_issuer());
}

#[test]
fn unusable_intermediates_are_errors() {
    let folder = Folder::new("intermediates-errors");
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let leaf = server(&ca, NAME).chain[0].clone();
    let no_ca = intermediate_with("Not a CA", &ca, |params| params.is_ca = IsCa::ExplicitNoCa);
    let error = |builder: RootsBuilder| format!("{:?}", builder.build().unwrap_err());
    for (certificate, says) in [
        (
            leaf,
            "\"CN=a server\" does not say that it is a CA (basic constraints)",
        ),
        (no_ca.der().clone(), "\"CN=Not a CA\""),
        (ca.der().clone(), "\"CN=CA\" is self-issued: it is a root"),
        (CertificateDer::from(vec![0x30, 0]), "intermediate 2: "),
    ] {
        let both = [between.der().clone(), certificate];
        let error = error(trusting(&ca).intermediates(both));
        assert!(
            error.contains("intermediate 2: ") && error.contains(says),
            "{error}"
        );
    }
    let says = |content: &str, says: &str| {
        let path = folder.file("intermediates.pem", content);
        let error = error(trusting(&ca).intermediates_file(path));
        assert!(
            error.contains("intermediates.pem") && error.contains(says),
            "{error}"
        );
    };
    says("", "no certificate");
    says(&ca.pem(), "line 1: \"CN=CA\" is self-issued");
    says(
        &format!("{}{}", between.pem(), &between.pem()[..60]),
        "line",
    );
    says(
        &annotated("permitted-dns=a.example", &between),
        "has an annotation, which only a root can have",
    );
    assert!(error(trusting(&ca).intermediates([])).contains("no certificate"));
    let absent = trusting(&ca).intermediates_file(folder.join("absent.pem"));
    assert!(error(absent).contains("cannot be read"));
    // An intermediate is no root.
    let alone = Roots::builder().intermediates(der(&[&between])).build();
    assert!(alone.unwrap_err().is_no_roots());
}

#[test]
fn file_is_read_again_at_a_refresh() {
    let folder = Folder::new("intermediates-live");
    let ca = root("CA");
    let [one, other] = ["One", "Other"].map(|name| intermediate(name, &ca));
    let path = folder.file("intermediates.pem", one.pem());
    let live = trusting(&ca)
        .intermediates_file(&path)
        .build_live()
        .unwrap();
    verify(&live.current(), &server(&one, NAME)).unwrap();
    assert!(!live.refresh().unwrap());
    fs::write(&path, "").unwrap();
    live.refresh().unwrap_err();
    verify(&live.current(), &server(&one, NAME)).unwrap();
    fs::write(&path, other.pem()).unwrap();
    assert!(live.refresh().unwrap());
    verify(&live.current(), &server(&other, NAME)).unwrap();
    verify(&live.current(), &server(&one, NAME)).unwrap_err();
}

/// Intermediates of other names do not count, and a cycle among them ends.
#[test]
fn other_intermediates_do_not_use_up_the_budget() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let (one_key, two_key) = (key().serialize_pem(), key().serialize_pem());
    let one = intermediate_of("One", &one_key, &ca);
    let two = intermediate_of("Two", &two_key, &one);
    let one_by_two = intermediate_of("One", &one_key, &two);
    let others: Vec<_> = (0..300)
        .map(|nth| intermediate(&format!("{nth}"), &ca))
        .collect();
    let mut known = vec![&between, &one, &two, &one_by_two];
    known.extend(&others);
    let roots = knowing(&ca, &known);
    for issuer in [&between, &two, &one_by_two, &others[150]] {
        verify(&roots, &server(issuer, NAME)).unwrap();
    }
}

#[test]
fn known_intermediates_of_too_many_paths_do_not_refuse_a_complete_chain() {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    let namesakes: Vec<_> = (0..30).map(|_| intermediate("Between", &ca)).collect();
    let mut known: Vec<_> = namesakes.iter().collect();
    let complete = server(&between, NAME).with(&between);
    verify(&knowing(&ca, &known), &complete).unwrap();
    // The bound is for the search of all chains: one that is incomplete is judged as it was sent.
    known.push(&between);
    let roots = knowing(&ca, &known);
    verify(&roots, &complete).unwrap();
    let refused = refusal(verify(&roots, &server(&between, NAME)));
    assert_eq!(
        (refused.is_unknown_issuer(), refused.issuer()),
        (true, Some("CN=Between"))
    );
    // What was sent is bounded as before.
    let mut sent = server(&between, NAME).with(&between);
    for namesake in &namesakes {
        sent = sent.with(namesake);
    }
    assert!(refusal(verify(&roots, &sent)).is_too_complex());
    // A few are tried.
    verify(&knowing(&ca, &known[20..]), &server(&between, NAME)).unwrap();
}

#[test]
fn included_intermediate_completes_a_real_chain() {
    let leaf = CertificateDer::from(&include_bytes!("../data/aws.amazon.com/1.der")[..]);
    let verdict = |builder: RootsBuilder| {
        let name = "aws.amazon.com".try_into().unwrap();
        // 2026-08-01
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_785_542_400));
        let roots = builder
            .bundle(&embedded_roots::mozilla::BUNDLE)
            .build()
            .unwrap();
        let verdict = (roots.verifier()).verify_server_cert(&leaf, &[], &name, &[], now);
        verdict.map(drop)
    };
    assert!(refusal(verdict(Roots::builder())).is_unknown_issuer());
    let known = include_intermediates!("tests/data/intermediates.pem");
    assert_eq!(known.len(), 1);
    verdict(Roots::builder().intermediates(known)).unwrap();
}

/// OpenSSL is given the same certificates as `-untrusted`.
#[test]
#[ignore = "needs openssl; .ci/run installs and runs it"]
fn chains_are_completed_as_by_openssl() {
    let folder = Folder::new("intermediates-openssl");
    let mut below = numbers();
    let mut accepted = 0;
    for nth in 0..100 {
        let (ca, other) = (root("CA"), root("Another CA"));
        let key = key().serialize_pem();
        let between = intermediate_of("Between", &key, &ca);
        let crossed = intermediate_of("Between", &key, &other);
        let deep = intermediate("Below", &between);
        let narrow = intermediate_with("Narrow", &between, |params| {
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName("b.example".to_owned())],
                excluded_subtrees: Vec::new(),
            });
        });
        let future = intermediate_with("Future", &ca, |params| {
            params.not_before = date_time_ymd(2090, 1, 1);
        });
        let all = [&between, &crossed, &deep, &narrow, &future];
        let leaf = server(all[below(all.len())], NAME);
        // One at least: neither takes an empty file.
        let mut known: Vec<_> = all.into_iter().filter(|_| below(3) > 0).collect();
        known.push(all[below(all.len())]);
        let ours = verify(&knowing(&ca, &known), &leaf);
        let is_known = |ca: &Authority| known.iter().any(|each| each.der() == ca.der());
        let (between, crossed) = (is_known(&between), is_known(&crossed));

        let pem = known.iter().map(|each| each.pem()).collect::<String>();
        let (ca, known) = (
            folder.file("ca.pem", ca.pem()),
            folder.file("known.pem", pem),
        );
        let leaf = folder.file("leaf.pem", leaf.chain_pem());
        let output = std::process::Command::new("openssl")
            .args([
                "verify",
                "-no-CApath",
                "-no-CAstore",
                "-attime",
                "1796083200",
                "-CAfile",
            ])
            .arg(ca)
            .arg("-untrusted")
            .args([known, leaf])
            .output()
            .unwrap();
        // OpenSSL tries one of two certificates of the same name and key, and not the other one after it.
        let has_both = between && crossed;
        let is_like_openssl = ours.is_ok() == output.status.success();
        assert!(
            is_like_openssl || has_both && ours.is_ok(),
            "{nth}: {ours:?}, {output:?}"
        );
        accepted += u32::from(ours.is_ok());
    }
    assert!((20..80).contains(&accepted), "{accepted}");
}
