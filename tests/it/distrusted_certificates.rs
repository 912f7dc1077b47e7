//! Keys and certificates that no chain may contain, in clients and in servers that verify clients.

use std::error::Error;
use std::fs;

use embedded_roots::{Bundle, Refusal, Roots, RootsBuilder, include_bundle, mozilla};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::subject_public_key_info;
use embedded_roots_testing::authority::{
    self, Authority, Identity, ca_params, client, intermediate, intermediate_of, key, root,
    root_of, server,
};
use embedded_roots_testing::folder::Folder;
use http_body_util::Empty;
use hyper::body::Bytes;
use rcgen::PublicKeyData as _;
use rustls::pki_types::CertificateDer;
use rustls::version::TLS13;

use crate::public_key::PUBLIC_KEY;
use crate::revocation::{authority, crl};
use crate::server::{handshake, serve, serve_http};
use crate::verdict::{NAME, client_verdict, verdict};

/// A chain under a private root, whose intermediate has the public key. We do not have the private key, so the
/// signature of the end entity is another's; a distrusted key is refused before signatures are checked.
fn under_public_key(ca: &Authority, issue: fn(&Authority, &str) -> Identity) -> Identity {
    let params = ca_params("EM DV TLS CA - G3B");
    let between = params.signed_by(&PUBLIC_KEY, ca).unwrap();
    let forged = intermediate("EM DV TLS CA - G3B", ca);
    let mut identity = issue(&forged, NAME);
    identity.chain.push(between.der().clone());
    identity
}

fn key_sha256(certificate: &CertificateDer<'_>) -> String {
    hex(&sha256(subject_public_key_info(certificate).unwrap()))
}

fn certificate_sha256(certificate: &CertificateDer<'_>) -> String {
    hex(&sha256(certificate))
}

#[track_caller]
fn distrusted(verdict: Result<(), rustls::Error>) -> Refusal {
    let error = verdict.unwrap_err();
    let refusal = Refusal::of(&error)
        .unwrap_or_else(|| panic!("{error}"))
        .clone();
    assert!(refusal.is_distrusted_certificate(), "{refusal}");
    refusal
}

fn trusting(ca: &Authority) -> RootsBuilder {
    Roots::builder().pem(ca.pem())
}

#[test]
fn public_key_is_one_of_the_list() {
    let digest = hex(&sha256(PUBLIC_KEY.0));
    assert!(
        embedded_roots_mozilla::DISTRUSTED_KEYS.contains(&digest),
        "{digest}"
    );
    assert_eq!(PUBLIC_KEY.subject_public_key_info(), PUBLIC_KEY.0);
}

#[test]
fn chain_with_public_key_is_refused_and_explained() {
    let ca = root("CA");
    let roots = trusting(&ca).build().unwrap();
    let text = "the certificate \"CN=EM DV TLS CA - G3B\" is refused: its key is distrusted since 2026-10-18: \
                CVE-2026-111943,GHSA-6q48-6c7w-9gw2,RUSTSEC-2026-0382";
    let refusals = [
        distrusted(verdict(&roots, &under_public_key(&ca, server))),
        distrusted(client_verdict(&roots, &under_public_key(&ca, client))),
        distrusted(handshake(
            roots.client_config(),
            serve(under_public_key(&ca, server), &TLS13),
            NAME,
        )),
    ];
    for refusal in refusals {
        assert_eq!(refusal.to_string(), text);
        assert_eq!(refusal.certificate(), Some("CN=EM DV TLS CA - G3B"));
        let advisories = "CVE-2026-111943,GHSA-6q48-6c7w-9gw2,RUSTSEC-2026-0382";
        assert_eq!(refusal.advisories(), Some(advisories));
        assert!(!refusal.is_distrusted() && !refusal.is_unknown_issuer());
    }
}

#[tokio::test]
async fn hyper_and_reqwest_refuse_chain_with_public_key() -> Result<(), Box<dyn Error>> {
    let ca = root("CA");
    let roots = trusting(&ca).build()?;
    let port = serve_http(under_public_key(&ca, server), &TLS13).port();
    let address = format!("https://localhost:{port}/");

    let hyper = roots.hyper_client::<Empty<Bytes>>();
    let error = hyper.get(address.parse()?).await.unwrap_err();
    assert!(Refusal::of(&error).unwrap().is_distrusted_certificate());

    let client = roots.reqwest_client()?;
    let error = client.get(&address).send().await.unwrap_err();
    assert!(Refusal::of(&error).unwrap().is_distrusted_certificate());
    assert!(error.source().is_some());
    Ok(())
}

/// Without our list, webpki's own refuses the key.
#[test]
fn refusal_of_webpki_is_explained() {
    let ca = root("CA");
    let roots = trusting(&ca)
        .allow_distrusted_key(hex(&sha256(PUBLIC_KEY.0)))
        .build()
        .unwrap();
    let text = "a certificate of the chain is refused: its key is distrusted by rustls-webpki";
    let of_server = distrusted(verdict(&roots, &under_public_key(&ca, server)));
    let of_client = distrusted(client_verdict(&roots, &under_public_key(&ca, client)));
    assert_eq!([of_server.to_string(), of_client.to_string()], [text, text]);
}

#[test]
fn known_intermediate_with_public_key_is_ignored_and_named() {
    let ca = root("CA");
    let identity = under_public_key(&ca, server);
    let roots = trusting(&ca).intermediates(identity.chain[1..].to_vec());
    let roots = roots.build().unwrap();
    let [report] = roots.report().intermediates() else {
        panic!("{}", roots.report());
    };
    assert_eq!(
        (report.certificates().len(), report.ignored().len()),
        (0, 1)
    );
    let alone = Identity {
        chain: identity.chain[..1].to_vec(),
        ..identity
    };
    let refusal = distrusted(verdict(&roots, &alone));
    assert_eq!(refusal.certificate(), Some("CN=EM DV TLS CA - G3B"));
    assert!(refusal.advisories().unwrap().contains("CVE-2026-111943"));
}

#[test]
fn root_with_public_key_is_left_out_and_reported() {
    let (ca, other) = (root("CA"), root("Other CA"));
    let public = ca_params("A root").signed_by(&PUBLIC_KEY, &ca).unwrap();
    let folder = Folder::new("distrusted");
    let file = folder.file("public-root.pem", public.pem());
    let sources = [
        Roots::builder().pem(public.pem()),
        Roots::builder().pem_file(&file),
        Roots::builder().certificates([public.der().clone()]),
        Roots::builder().anchors([webpki_anchor(public.der())]),
    ];
    for builder in sources {
        let roots = builder.pem(other.pem()).build().unwrap();
        assert_eq!(roots.anchors().len(), 1);
        assert_eq!(roots.root_store().len(), 1);
        let source = &roots.report().sources()[0];
        let why = "\"CN=A root\": its key is distrusted since 2026-10-18: \
                   CVE-2026-111943,GHSA-6q48-6c7w-9gw2,RUSTSEC-2026-0382";
        assert_eq!(source.distrusted(), [why]);
        assert_eq!(source.roots(), 1);
        assert!(
            roots
                .report()
                .to_string()
                .contains(&format!("1 root; distrusted: {why}\n"))
        );
    }
    // If it is the only root, no root is left, and nothing else is trusted in its place.
    let alone = Roots::builder().pem(public.pem()).system_fallback().build();
    let error = alone.unwrap_err();
    assert!(
        error.is_no_roots() && error.to_string().contains("CVE-2026-111943"),
        "{error}"
    );
    let allowed = Roots::builder()
        .pem(public.pem())
        .allow_distrusted_key(hex(&sha256(PUBLIC_KEY.0)));
    assert_eq!(allowed.build().unwrap().anchors().len(), 1);
}

fn webpki_anchor(certificate: &CertificateDer<'static>) -> rustls::pki_types::TrustAnchor<'static> {
    let roots = Roots::builder().certificates([certificate.clone()]);
    let roots = roots
        .allow_distrusted_key(hex(&sha256(PUBLIC_KEY.0)))
        .build()
        .unwrap();
    roots.anchors()[0].trust_anchor().clone()
}

/// A root, an intermediate, a server and a client under them.
struct Chains {
    ca: Authority,
    server: Identity,
    client: Identity,
}

fn chains() -> Chains {
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    Chains {
        server: server(&between, NAME).with(&between),
        client: client(&between, NAME).with(&between),
        ca,
    }
}

#[test]
fn each_certificate_of_a_chain_can_be_distrusted() {
    let Chains { ca, server, client } = chains();
    let other = root("Other CA");
    let policy = || trusting(&ca).pem(other.pem());
    let roots = policy().build().unwrap();
    assert_eq!(verdict(&roots, &server), Ok(()));
    assert_eq!(client_verdict(&roots, &client), Ok(()));

    for (chain, verdict) in [
        (&server, verdict as fn(&Roots, &Identity) -> _),
        (&client, client_verdict),
    ] {
        for certificate in &chain.chain {
            let (key, whole) = (key_sha256(certificate), certificate_sha256(certificate));
            let folder = Folder::new("distrusted");
            let list = folder.file("digests.txt", format!("# a list\n{key} # a key\n"));
            for (builder, by) in [
                (
                    policy().distrust_key(&key),
                    "its key is distrusted by this program",
                ),
                (
                    policy().distrust_key(key.to_uppercase()),
                    "its key is distrusted by this program",
                ),
                (
                    policy().distrust_certificate(&whole),
                    "it is distrusted by this program",
                ),
                (
                    policy().distrust_file(&list),
                    "its key is distrusted by this program",
                ),
            ] {
                let refusal = distrusted(verdict(&builder.build().unwrap(), chain));
                assert!(
                    refusal.to_string().ends_with(&format!("is refused: {by}")),
                    "{refusal}"
                );
                assert_eq!(refusal.advisories(), None);
            }
        }
        for policy in [
            policy().distrust_key(key_sha256(ca.der())),
            policy().distrust_certificate(certificate_sha256(ca.der())),
        ] {
            let roots = policy.build().unwrap();
            // The root was not sent: its name is known all the same.
            let refusal = distrusted(verdict(&roots, chain));
            assert_eq!(refusal.certificate(), Some("CN=CA"));
            assert_eq!(roots.report().sources()[0].distrusted().len(), 1);
        }
    }
}

#[test]
fn chain_with_another_path_is_accepted() {
    let (one, two) = (root("One"), root("Two"));
    let shared = key().serialize_pem();
    let [by_one, by_two] = [&one, &two].map(|ca| intermediate_of("Between", &shared, ca));
    let identity = server(&by_one, NAME).with(&by_one).with(&by_two);
    let policy = || trusting(&one).pem(two.pem());
    for removed in [&by_one, &by_two] {
        let digest = certificate_sha256(removed.der());
        let roots = policy().distrust_certificate(&digest).build().unwrap();
        assert_eq!(verdict(&roots, &identity), Ok(()));
    }
    // One key of one certificate that nothing needs.
    let unused = intermediate("Unused", &one);
    let with_unused = server(&by_one, NAME).with(&unused).with(&by_one);
    let roots = policy()
        .distrust_key(key_sha256(unused.der()))
        .build()
        .unwrap();
    assert_eq!(verdict(&roots, &with_unused), Ok(()));

    let both = policy()
        .distrust_certificate(certificate_sha256(by_one.der()))
        .distrust_certificate(certificate_sha256(by_two.der()));
    distrusted(verdict(&both.build().unwrap(), &identity));
    let roots = policy()
        .distrust_key(key_sha256(by_one.der()))
        .build()
        .unwrap();
    distrusted(verdict(&roots, &identity));
}

/// A distrusted certificate that the chain does not need is not the reason: the refusal names the real one.
#[test]
fn refusal_names_the_reason_that_applies() {
    let Chains { ca, server, .. } = chains();
    let unused = intermediate("Unused", &ca);
    let private = authority::server(&root("Private CA"), NAME).with(&unused);
    let roots = trusting(&ca)
        .distrust_key(key_sha256(unused.der()))
        .build()
        .unwrap();
    let error = verdict(&roots, &private).unwrap_err();
    let refusal = Refusal::of(&error).unwrap();
    assert_eq!(refusal.issuer(), Some("CN=Private CA"));
    assert_eq!(verdict(&roots, &server), Ok(()));
}

/// A copy of a root with another certificate of the same key stays.
#[test]
fn distrusted_certificate_of_a_root_leaves_its_other_certificate() {
    let shared = key().serialize_pem();
    let [old, new] = [2024, 2025].map(|year| {
        root_of("CA", &shared, |params| {
            params.not_before = rcgen::date_time_ymd(year, 1, 1);
        })
    });
    let policy = || Roots::builder().pem(old.pem()).pem(new.pem());
    let roots = policy()
        .distrust_certificate(certificate_sha256(old.der()))
        .build()
        .unwrap();
    assert_eq!(roots.anchors().len(), 1);
    let distrusted: Vec<_> = roots
        .report()
        .sources()
        .iter()
        .map(|source| source.distrusted().len())
        .collect();
    assert_eq!(distrusted, [1, 0]);
    let both = policy().distrust_key(key_sha256(old.der())).build();
    assert!(both.unwrap_err().is_no_roots());
}

#[test]
fn roots_of_bundles_can_be_distrusted() {
    static INCLUDED: Bundle = include_bundle!("tests/data/custom.pem");

    let certificate = &mozilla::certificates()[0];
    let count = mozilla::BUNDLE.len();
    for policy in [
        Roots::builder()
            .bundle(&mozilla::BUNDLE)
            .distrust_certificate(certificate_sha256(certificate)),
        Roots::builder()
            .bundle(&mozilla::BUNDLE)
            .distrust_key(key_sha256(certificate)),
    ] {
        let roots = policy.build().unwrap();
        assert_eq!(roots.anchors().len(), count - 1);
        assert_eq!(roots.report().sources()[0].distrusted().len(), 1);
        assert_eq!(roots.report().sources()[0].roots(), count);
    }
    for bundle in [&INCLUDED, &embedded_roots::custom::BUNDLE] {
        let certificate = &embedded_roots::custom::certificates()[0];
        let builder = Roots::builder().bundle(bundle);
        let roots = builder
            .distrust_certificate(certificate_sha256(certificate))
            .build()
            .unwrap();
        assert_eq!(roots.anchors().len(), bundle.len() - 1, "{bundle:?}");
    }
    // Whatever the order of the roots in the bundle, the right one is removed.
    for (nth, certificate) in mozilla::certificates().iter().enumerate().step_by(10) {
        let builder = Roots::builder().bundle(&mozilla::BUNDLE);
        let roots = builder
            .distrust_certificate(certificate_sha256(certificate))
            .build()
            .unwrap();
        let key = subject_public_key_info(certificate).unwrap();
        let is_there = roots
            .anchors()
            .iter()
            .any(|anchor| key.ends_with(&anchor.trust_anchor().subject_public_key_info));
        assert!(!is_there && roots.anchors().len() == count - 1, "{nth}");
    }
}

#[test]
fn invalid_digests_are_errors_of_the_builder() {
    let ca = root("CA");
    let digest = key_sha256(ca.der());
    for (policy, start) in [
        (
            trusting(&ca).distrust_key("abc"),
            "distrust_key: \"abc\" is not a SHA-256 digest",
        ),
        (
            trusting(&ca).distrust_certificate(&digest[1..]),
            "distrust_certificate: \"",
        ),
        (
            trusting(&ca).allow_distrusted_key(""),
            "allow_distrusted_key: \"\" is not",
        ),
    ] {
        let error = policy.build().unwrap_err();
        assert!(
            error.is_invalid_input() && error.to_string().starts_with(start),
            "{error}"
        );
    }
    let once = trusting(&ca).distrust_key(&digest).distrust_key(&digest);
    assert!(once.build().unwrap_err().is_no_roots());

    let folder = Folder::new("distrusted");
    let missing = folder.join("missing.txt");
    let error = trusting(&ca).distrust_file(&missing).build().unwrap_err();
    assert!(error.is_unreadable(), "{error}");
    for (text, why) in [
        (
            format!("{digest}\n{digest}\n"),
            "line 2: the same digest as in line 1",
        ),
        (format!("# a list\n{}\n", &digest[2..]), "line 2: \""),
        (
            String::new(),
            "no digest: expected 64 hexadecimal digits a line",
        ),
    ] {
        let path = folder.file("invalid.txt", &text);
        let error = trusting(&ca).distrust_file(&path).build().unwrap_err();
        let text = error.to_string();
        assert!(error.is_invalid_input() && text.contains(why), "{text}");
        assert!(text.contains("invalid.txt"), "{text}");
    }
}

#[test]
fn live_roots_follow_a_file_of_digests() {
    let Chains { ca, server, .. } = chains();
    let unrelated = key_sha256(root("Another CA").der());
    let folder = Folder::new("distrusted");
    let path = folder.file("live.txt", &unrelated);
    let live = trusting(&ca).distrust_file(&path).build_live().unwrap();
    assert_eq!(verdict(&live.current(), &server), Ok(()));
    assert!(!live.refresh().unwrap());

    fs::write(
        &path,
        format!("{unrelated}\n{}\n", key_sha256(&server.chain[1])),
    )
    .unwrap();
    assert!(live.refresh().unwrap());
    assert_eq!(live.generation(), 2);
    distrusted(verdict(&live.current(), &server));

    // A file that is damaged or gone leaves the last good digests.
    for damaged in [Some("abc"), Some(""), None] {
        match damaged {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        assert!(live.refresh().is_err());
        distrusted(verdict(&live.current(), &server));
    }
    fs::write(&path, &unrelated).unwrap();
    assert!(live.refresh().unwrap());
    assert_eq!(verdict(&live.current(), &server), Ok(()));
}

#[test]
fn distrust_applies_with_revocation_lists() {
    let ca = authority();
    let between = intermediate("Between", &ca);
    let server = server(&between, NAME).with(&between);
    let crl = crl(&ca, 4096);
    let policy = || {
        trusting(&ca)
            .crls([crl.clone()])
            .allow_unknown_revocation_status()
    };
    assert_eq!(verdict(&policy().build().unwrap(), &server), Ok(()));
    for certificate in &server.chain {
        let roots = policy()
            .distrust_key(key_sha256(certificate))
            .build()
            .unwrap();
        distrusted(verdict(&roots, &server));
    }
}
