//! Servers whose own certificate is pinned.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::{Refusal, Roots, RootsBuilder};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::subject_public_key_info;
use embedded_roots_testing::authority::{
    Authority, Identity, ca_params, client, intermediate, key, pem, root, root_with,
    self_signed_server, self_signed_server_with, server, server_with,
};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::handshake::Pair;
use rcgen::{IsCa, date_time_ymd};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, crypto};

use crate::revocation::crl;
use crate::server::{handshake, serve};
use crate::verdict::{NAME, client_verdict, verdict};

fn pinning(identity: &Identity) -> RootsBuilder {
    Roots::builder().pinned_certificate(identity.chain[0].clone())
}

fn build(identity: &Identity) -> Roots {
    pinning(identity).build().unwrap()
}

/// What `openssl req -x509` makes: a self-signed certificate with CA true.
fn self_signed_ca() -> Identity {
    self_signed_server_with(NAME, |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    })
}

fn verdict_on(
    roots: &Roots,
    identity: &Identity,
    name: &str,
    day: u64,
) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(name).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(day * 86_400));
    let (end_entity, others) = identity.chain.split_first().unwrap();
    let verifier = roots.verifier();
    let verdict = verifier.verify_server_cert(end_entity, others, &name, &[], now);
    verdict.map(drop)
}

#[test]
fn certificates_of_both_kinds_are_accepted_in_handshakes() {
    for version in [&TLS12, &TLS13] {
        for identity in [self_signed_server(NAME), self_signed_ca(), {
            let ca = root("CA");
            server(&ca, NAME)
        }] {
            let roots = build(&identity);
            handshake(roots.client_config(), serve(identity, version), NAME).unwrap();
        }
    }
}

#[test]
fn server_needs_the_private_key() {
    let pinned = self_signed_server(NAME);
    let roots = build(&pinned);
    let provider = Arc::new(crypto::ring::default_provider());
    let answer = |key: PrivateKeyDer<'static>| {
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let key = provider.key_provider.load_private_key(key).unwrap();
        let certified = Arc::new(CertifiedKey::new(pinned.chain.clone(), key));
        let config = config
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        Pair::new(&roots.client_config(), &Arc::new(config), NAME).finish()
    };
    answer(pinned.key.clone_key()).unwrap();
    let refused = answer(self_signed_server(NAME).key).unwrap_err();
    assert_eq!(refused, CertificateError::BadSignature.into());
}

#[test]
fn another_certificate_is_refused() {
    let key = key();
    let server = self_signed_server_with(NAME, |_| {});
    let roots = build(&server);
    let params = || {
        let mut params = ca_params("a server");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
        params
    };
    // With the key and the names of the pinned one.
    let first = params().self_signed(&key).unwrap();
    let mut second = params();
    second.serial_number = Some(7_u64.into());
    let second = second.self_signed(&key).unwrap();
    let identity = |certificate: &rcgen::Certificate| Identity {
        chain: vec![certificate.der().clone()],
        key: server.key.clone_key(),
    };
    let roots_of_first = build(&identity(&first));
    verdict(&roots_of_first, &identity(&first)).unwrap();
    for (roots, other) in [
        (&roots_of_first, &identity(&second)),
        (&roots, &identity(&first)),
    ] {
        let refused = Refusal::of(&verdict(roots, other).unwrap_err()).unwrap();
        assert!(refused.is_ca_as_end_entity(), "{refused}");
        let advice = refused.advice().unwrap();
        assert!(
            advice.contains("`RootsBuilder::pinned_certificate`"),
            "{advice}"
        );
    }
    let refused = verdict(&roots_of_first, &self_signed_server(NAME)).unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());
}

/// It is not an anchor, whatever it says of itself.
#[test]
fn pinned_certificate_does_not_issue_others() {
    let ca = root_with("CA", |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
    });
    let roots = Roots::builder().pinned_certificate(ca.der().clone());
    let roots = roots.build().unwrap();
    assert!(roots.anchors().is_empty());
    assert!(roots.root_store().is_empty());
    assert!(roots.pem().unwrap_err().is_no_roots());
    let below = intermediate("Below", &ca);
    for identity in [
        server(&ca, NAME),
        server(&ca, NAME).with(&ca),
        server(&below, NAME).with(&below).with(&ca),
    ] {
        let refused = verdict(&roots, &identity).unwrap_err();
        assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());
    }
}

#[test]
fn client_is_not_authenticated_by_a_pinned_certificate() {
    let ca = root("CA");
    let identity = client(&ca, NAME);
    let roots = build(&identity);
    let refused = client_verdict(&roots, &identity).unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_unknown_issuer());
}

#[test]
fn names_of_the_certificate_apply() {
    let identity = self_signed_server(NAME);
    let today = UnixTime::now().as_secs() / 86_400;
    let refused = verdict_on(&build(&identity), &identity, "other.example", today).unwrap_err();
    let rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
        presented,
        ..
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(presented, [format!("DnsName({NAME:?})")]);
}

#[test]
fn given_name_replaces_those_of_the_certificate() {
    let identity = self_signed_server(NAME);
    let today = UnixTime::now().as_secs() / 86_400;
    let name = |name: &str| ServerName::try_from(name.to_owned()).unwrap();
    let certificate = || identity.chain[0].clone();
    let by_address = Roots::builder().pinned_certificate_for(&name("192.0.2.1"), certificate());
    let by_address = by_address.build().unwrap();
    verdict_on(&by_address, &identity, "192.0.2.1", today).unwrap();
    for other in ["192.0.2.2", NAME] {
        let refused = verdict_on(&by_address, &identity, other, today).unwrap_err();
        let refusal = Refusal::of(&refused).unwrap();
        assert!(refusal.is_wrong_name());
        assert_eq!(
            format!("{refusal:?}"),
            format!(
                "the certificate is pinned for 192.0.2.1, and not for {other}; pin it for this name, too \
                 (`RootsBuilder::pinned_certificate_for`)"
            )
        );
    }
    let both = Roots::builder()
        .pinned_certificate_for(&name("Device.Example"), certificate())
        .pinned_certificate(certificate());
    let both = both.build().unwrap();
    for name in ["device.example", NAME] {
        verdict_on(&both, &identity, name, today).unwrap();
    }
}

#[test]
fn validity_of_the_certificate_applies() {
    let identity = self_signed_server_with(NAME, |params| {
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 2, 1);
    });
    let roots = build(&identity);
    // 2026-01-01 and 2026-02-01
    let (first, last) = (20_454, 20_485);
    for day in [first, first + 10, last] {
        verdict_on(&roots, &identity, NAME, day).unwrap();
    }
    for (day, is_expired) in [(first - 1, false), (last + 1, true)] {
        let refused = verdict_on(&roots, &identity, NAME, day).unwrap_err();
        let rustls::Error::InvalidCertificate(refused) = refused else {
            panic!("{refused:?}");
        };
        let context = match refused {
            CertificateError::ExpiredContext { not_after, .. } => (true, not_after),
            CertificateError::NotValidYetContext { not_before, .. } => (false, not_before),
            other => panic!("{other:?}"),
        };
        let day = if is_expired { last } else { first };
        assert_eq!((context.0, context.1.as_secs()), (is_expired, day * 86_400));
    }
}

#[test]
fn certificate_under_a_root_is_still_accepted_for_its_names() {
    let ca = root("CA");
    let identity = server(&ca, NAME);
    let roots = Roots::builder().pem(ca.pem());
    let device = ServerName::try_from("device.example").unwrap();
    let roots = roots.pinned_certificate_for(&device, identity.chain[0].clone());
    verdict(&roots.build().unwrap(), &identity).unwrap();
}

#[test]
fn distrusted_certificate_is_ignored_and_refused() {
    let identity = self_signed_server(NAME);
    let certificate = &identity.chain[0];
    let key = hex(&sha256(subject_public_key_info(certificate).unwrap()));
    let ca = root("CA");
    for builder in [
        Roots::builder().distrust_key(key),
        Roots::builder().distrust_certificate(hex(&sha256(certificate))),
    ] {
        let roots = builder.pem(ca.pem());
        let roots = roots.pinned_certificate(certificate.clone());
        let roots = roots.build().unwrap();
        let [report] = roots.report().pinned() else {
            panic!("{}", roots.report());
        };
        assert_eq!(
            (report.certificates().len(), report.ignored().len()),
            (0, 1)
        );
        let refused = verdict(&roots, &identity).unwrap_err();
        assert!(Refusal::of(&refused).unwrap().is_distrusted_certificate());
    }
    let alone = pinning(&identity).distrust_certificate(hex(&sha256(certificate)));
    assert!(alone.build().unwrap_err().is_no_roots());
}

/// As with the last root: nobody is trusted from then on.
#[test]
fn last_pinned_certificate_can_be_distrusted_by_a_refresh() {
    let folder = Folder::new("pinned-distrusted");
    let identity = self_signed_server_with(NAME, |params| {
        params.not_before = date_time_ymd(2026, 3, 1);
    });
    let digests = folder.file("distrusted.txt", "0".repeat(64));
    let pinned = folder.file("pinned.pem", identity.chain_pem());
    let live = Roots::builder()
        .pinned_file(&pinned)
        .distrust_file(&digests);
    let live = live.build_live().unwrap();
    verdict(&live.current(), &identity).unwrap();
    fs::write(&digests, hex(&sha256(&identity.chain[0]))).unwrap();
    assert!(live.refresh().unwrap());
    let refused = verdict(&live.current(), &identity).unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_distrusted_certificate());

    fs::write(&digests, "0".repeat(64)).unwrap();
    assert!(live.refresh().unwrap());
    let date = "# embedded-roots: distrust-after=2026-01-01T00:00:00Z\n";
    fs::write(&pinned, date.to_owned() + &identity.chain_pem()).unwrap();
    assert!(live.refresh().unwrap());
    verdict(&live.current(), &identity).unwrap_err();
}

#[test]
fn reason_is_that_of_the_path_where_the_pin_is_for_another_name() {
    let ca = root("CA");
    let identity = server_with(&ca, NAME, |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let device = ServerName::try_from("device.example").unwrap();
    let roots = Roots::builder().pem(ca.pem());
    let roots = roots.pinned_certificate_for(&device, identity.chain[0].clone());
    let refused = verdict(&roots.build().unwrap(), &identity).unwrap_err();
    assert!(Refusal::of(&refused).unwrap().is_wrong_purpose());
}

#[test]
fn refusals_count_pinned_certificates() {
    let roots = build(&self_signed_server(NAME));
    let refused = verdict(&roots, &server(&root("CA"), NAME)).unwrap_err();
    assert_eq!(
        Refusal::of(&refused).unwrap().to_string(),
        "the issuer \"CN=CA\" is not trusted by 1 pinned certificate"
    );
}

#[test]
fn annotations_apply_or_are_errors() {
    let folder = Folder::new("pinned-annotations");
    let identity = self_signed_server_with(NAME, |params| {
        params.not_before = date_time_ymd(2026, 3, 1);
    });
    let ca = root("CA");
    let annotated = |annotation: &str| {
        let text = format!("# embedded-roots: {annotation}\n{}", identity.chain_pem());
        let path = folder.file("pinned.pem", text);
        Roots::builder().pem(ca.pem()).pinned_file(path).build()
    };
    let roots = annotated("distrust-after=2026-03-01T00:00:00Z").unwrap();
    verdict(&roots, &identity).unwrap();
    let roots = annotated("distrust-after=2026-02-28T23:59:59Z").unwrap();
    verdict(&roots, &identity).unwrap_err();
    assert_eq!(
        roots.report().pinned()[0].ignored(),
        ["\"CN=a server\" was issued after its distrust-after date"]
    );
    let error = format!("{:?}", annotated("permitted-dns=a.example").unwrap_err());
    assert!(
        error.contains("pinned.pem, line 2: \"CN=a server\" has name constraints"),
        "{error}"
    );
}

#[test]
fn report_lists_pinned_certificates() {
    let identity = self_signed_server(NAME);
    let folder = Folder::new("pinned-report");
    let path = folder.file("pinned.pem", identity.chain_pem());
    let roots = Roots::builder().pinned_file(path).build().unwrap();
    let [report] = roots.report().pinned() else {
        panic!("{}", roots.report());
    };
    assert_eq!(report.certificates(), ["CN=a server"]);
    assert!(report.origin().ends_with("pinned.pem"));
    let text = roots.report().to_string();
    let says = "pinned.pem: 1 pinned certificate, not trusted as roots";
    assert!(text.ends_with(says) && !text.contains('\n'), "{text}");
}

#[test]
fn unusable_certificates_are_errors() {
    let folder = Folder::new("pinned-errors");
    let identity = self_signed_server(NAME);
    let error = |builder: RootsBuilder| format!("{:?}", builder.build().unwrap_err());
    let unreadable = CertificateDer::from(vec![0x30, 0]);
    let text = error(Roots::builder().pinned_certificate(unreadable));
    assert!(text.contains("pinned certificate 1: "), "{text}");
    let empty = folder.file("empty.pem", "");
    let text = error(Roots::builder().pinned_file(empty));
    assert!(
        text.contains("empty.pem") && text.contains("no certificate"),
        "{text}"
    );
    let absent = folder.join("absent.pem");
    assert!(error(Roots::builder().pinned_file(absent)).contains("cannot be read"));
    let cut = &identity.chain_pem()[..80];
    let cut = folder.file("cut.pem", cut);
    assert!(error(Roots::builder().pinned_file(cut)).contains("cut.pem, line 1"));
}

#[test]
fn file_is_read_again_at_a_refresh() {
    let folder = Folder::new("pinned-live");
    let [one, other] = [self_signed_server(NAME), self_signed_ca()];
    let path = folder.file("pinned.pem", one.chain_pem());
    let live = Roots::builder().pinned_file(&path).build_live().unwrap();
    verdict(&live.current(), &one).unwrap();
    assert!(!live.refresh().unwrap());
    fs::write(&path, "").unwrap();
    live.refresh().unwrap_err();
    verdict(&live.current(), &one).unwrap();
    fs::write(&path, other.chain_pem()).unwrap();
    assert!(live.refresh().unwrap());
    verdict(&live.current(), &other).unwrap();
    verdict(&live.current(), &one).unwrap_err();
}

#[test]
fn pins_of_other_servers_change_no_verdict() {
    let (ca, other) = (root("CA"), root("Other CA"));
    let between = intermediate("Between", &ca);
    let plain = Roots::builder().pem(ca.pem()).build().unwrap();
    let pinning = Roots::builder().pem(ca.pem());
    let pinning = pinning.pinned_certificate(self_signed_server(NAME).chain[0].clone());
    let pinning = pinning.pinned_certificate(self_signed_ca().chain[0].clone());
    let pinning = pinning.build().unwrap();
    let expired = server_with(&ca, NAME, |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    for identity in [
        server(&ca, NAME),
        server(&between, NAME).with(&between),
        server(&between, NAME),
        server(&other, NAME),
        server(&ca, "b.example"),
        client(&ca, NAME),
        expired,
        self_signed_server(NAME),
        self_signed_ca(),
    ] {
        let text = |roots| verdict(roots, &identity).map_err(|why| why.to_string());
        let (with, without) = (text(&pinning), text(&plain));
        let without =
            without.map_err(|why| why.replace("(1 root)", "(1 root), 2 pinned certificates"));
        assert_eq!(with, without);
    }
}

/// The policy has CRLs for others.
#[test]
fn crls_are_not_asked() {
    let ca = root_with("CA", |params| {
        params.key_usages.push(rcgen::KeyUsagePurpose::CrlSign);
    });
    // The CRL revokes the serial number 1.
    let revoked = server_with(&ca, NAME, |params| {
        params.serial_number = Some(1_u64.into());
    });
    let roots = pinning(&revoked).pem(ca.pem()).crls([crl(&ca, 4096)]);
    verdict(&roots.build().unwrap(), &revoked).unwrap();
}

#[test]
fn known_authority_is_unaffected() {
    let (ca, identity): (Authority, _) = (root("CA"), self_signed_server(NAME));
    let roots = pinning(&identity).pem(ca.pem()).build().unwrap();
    verdict(&roots, &server(&ca, NAME)).unwrap();
    assert_eq!(roots.anchors().len(), 1);
    assert!(pem("CERTIFICATE", ca.der()).trim() == roots.pem().unwrap().trim());
}
