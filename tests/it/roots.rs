//! `Roots` and its builder.

use std::error::Error as _;
use std::sync::Arc;

use embedded_roots::{Anchor, Error, Roots, RootsBuilder, custom, mozilla, webpki_roots};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_testing::authority::{Authority, annotated, root, root_of, root_with, server};
use rcgen::{GeneralSubtree, NameConstraints};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{TrustAnchor, UnixTime};

use crate::izenpe::izenpe;

#[test]
fn every_call_gives_the_same_value() {
    let roots = Roots::embedded().unwrap();
    assert!(Arc::ptr_eq(
        &roots.root_store(),
        &roots.clone().root_store()
    ));
    assert!(Arc::ptr_eq(&roots.verifier(), &roots.verifier()));
    assert!(Arc::ptr_eq(&roots.client_config(), &roots.client_config()));

    let default = embedded_roots::roots().unwrap();
    let again = embedded_roots::roots().unwrap();
    assert!(std::ptr::eq(default.anchors(), again.anchors()));
    assert!(Arc::ptr_eq(
        &default.root_store(),
        &embedded_roots::root_store().unwrap()
    ));
    assert!(Arc::ptr_eq(
        &default.verifier(),
        &embedded_roots::verifier().unwrap()
    ));
    assert!(Arc::ptr_eq(
        &default.client_config(),
        &embedded_roots::client_config().unwrap()
    ));
}

#[test]
fn the_config_is_ready_for_any_client() {
    let config = embedded_roots::client_config().unwrap();
    // hyper-rustls panics on a config that already has ALPN protocols.
    assert!(config.alpn_protocols.is_empty());
    assert!(config.enable_sni);
    let own = embedded_roots::client_config_builder()
        .unwrap()
        .with_no_client_auth();
    assert!(Arc::ptr_eq(own.crypto_provider(), config.crypto_provider()));
}

#[test]
fn the_embedded_roots_are_the_selected_bundle() {
    let subjects = |roots: &Roots| {
        let store = roots.root_store();
        store
            .roots
            .iter()
            .map(|anchor| anchor.subject.to_vec())
            .collect::<Vec<_>>()
    };
    let bundle = custom::BUNDLE.anchors().iter();
    let expected: Vec<_> = bundle
        .map(|anchor| anchor.trust_anchor().subject.to_vec())
        .collect();
    assert_eq!(subjects(&Roots::embedded().unwrap()), expected);
    assert_eq!(subjects(&embedded_roots::roots().unwrap()), expected);
}

#[test]
fn bundles_are_joined_only_by_the_builder() {
    let roots = Roots::builder()
        .bundle(&mozilla::BUNDLE)
        .bundle(&custom::BUNDLE)
        .build()
        .unwrap();
    let dated = mozilla::BUNDLE
        .anchors()
        .iter()
        .filter(|anchor| anchor.distrust_after().is_some());
    let expected = mozilla::BUNDLE.len() + custom::BUNDLE.len() - dated.count();
    assert_eq!(roots.root_store().len(), expected);
}

#[test]
fn a_root_in_two_sources_is_one_root() {
    let once = Roots::builder().bundle(&mozilla::BUNDLE).build().unwrap();
    let twice = Roots::builder()
        .bundle(&mozilla::BUNDLE)
        .bundle(&mozilla::BUNDLE)
        .build()
        .unwrap();
    assert_eq!(once.root_store().roots, twice.root_store().roots);

    let (ca, other) = (root("CA"), root("Other"));
    let roots = Roots::builder()
        .pem(ca.pem() + &other.pem())
        .certificates([other.der().clone(), ca.der().clone(), ca.der().clone()])
        .build()
        .unwrap();
    assert_eq!(roots.root_store().len(), 2);
}

#[test]
fn limits_of_mozillas_roots_apply_to_webpki_roots() {
    let find = |name: &str| {
        let anchors = webpki_roots::BUNDLE.anchors().iter();
        let mut named = anchors.filter(|anchor| {
            anchor
                .trust_anchor()
                .subject
                .windows(name.len())
                .any(|part| part == name.as_bytes())
        });
        named.next().unwrap()
    };
    assert_eq!(
        find("Izenpe.com").distrust_after().unwrap().as_secs(),
        1_776_297_599
    );
    let tubitak = find("TUBITAK Kamu SM SSL Kok Sertifikasi");
    let tr = [0xa0, 0x07, 0x30, 0x05, 0x82, 0x03, 0x2e, 0x74, 0x72];
    assert_eq!(
        tubitak.trust_anchor().name_constraints.as_deref(),
        Some(&tr[..])
    );
}

/// Izenpe has a distrust date in `mozilla`, so it shows which source's limits apply.
#[test]
fn supplied_root_is_trusted_without_limits_of_other_sources() {
    let (izenpe, dated) = izenpe();
    let stored =
        |builder: embedded_roots::RootsBuilder| builder.build().unwrap().root_store().len();

    let list = || Roots::builder().bundle(&mozilla::BUNDLE);
    let without = stored(list());
    assert_eq!(stored(list().certificates([izenpe.clone()])), without + 1);
    let user_first = Roots::builder()
        .certificates([izenpe.clone()])
        .bundle(&mozilla::BUNDLE);
    assert_eq!(stored(user_first), without + 1);
    // The tighter limit of two lists applies, in either order.
    let lists = [&mozilla::BUNDLE, &webpki_roots::BUNDLE];
    for [one, other] in [lists, [lists[1], lists[0]]] {
        let roots = Roots::builder().bundle(one).bundle(other).build().unwrap();
        let named = |anchor: &TrustAnchor<'_>| anchor.subject == dated.trust_anchor().subject;
        assert!(!roots.root_store().roots.iter().any(named));
    }
}

#[test]
fn copies_with_different_limits_are_an_error() {
    let ca = root("CA");
    let error = Roots::builder()
        .pem(annotated("permitted-dns=.example", &ca))
        .pem(ca.pem())
        .build()
        .unwrap_err();
    assert!(error.is_invalid_input());
    let text = "\"CN=CA\" is given more than once, with different limits: the first copy has permitted-dns=.example, \
                the second copy has none; to use the narrower limits, remove the second copy (name and key are the \
                same, so the other verifies what both have issued)";
    assert_eq!(error.to_string(), text);
}

/// A CA is renewed with its key, and the new certificate has narrower constraints. For a while, a file has both.
#[test]
fn renewed_ca_with_narrower_constraints_can_be_used_alone() {
    let old = root("CA");
    let new = root_of("CA", &old.key().serialize_pem(), |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("a.example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let digest = |ca: &Authority| hex(&sha256(ca.der()));
    let (old_digest, new_digest) = (digest(&old), digest(&new));
    for file in [old.pem() + &new.pem(), new.pem() + &old.pem()] {
        let error = Roots::builder().pem(&file).build().unwrap_err();
        assert!(error.is_conflict());
        let text = error.to_string();
        for part in [
            format!("certificate {old_digest} has none"),
            format!("certificate {new_digest} has permitted-dns=a.example"),
            format!("to use the narrower limits, remove certificate {old_digest} "),
            "or distrust it by `RootsBuilder::distrust_certificate`".to_owned(),
        ] {
            assert!(text.contains(&part), "{text}");
        }
        // Both ways that the error names.
        for builder in [
            Roots::builder().pem(new.pem()),
            Roots::builder()
                .pem(&file)
                .distrust_certificate(&old_digest),
        ] {
            let roots = builder.build().unwrap();
            let verifier = roots.verifier();
            for (ca, name, accepted) in [
                (&old, "a.example", true),
                (&new, "a.example", true),
                (&old, "b.example", false),
            ] {
                let chain = server(ca, name).with(&old).chain;
                let name = name.try_into().unwrap();
                let verdict = verifier.verify_server_cert(
                    &chain[0],
                    &chain[1..],
                    &name,
                    &[],
                    UnixTime::now(),
                );
                assert_eq!(verdict.is_ok(), accepted, "{verdict:?}");
            }
        }
    }
}

#[test]
fn supplied_sources_are_strict() {
    let ca = root("CA");
    let bad_line = ca.pem().replacen("\nMII", "\n!II", 1);
    for (builder, text) in [
        (
            Roots::builder().pem(&bad_line),
            "PEM text, line 2: bad base64: '!' in a CERTIFICATE",
        ),
        (
            Roots::builder().pem(""),
            "PEM text: no certificate: expected -----BEGIN CERTIFICATE-----; it is empty",
        ),
        (
            Roots::builder().certificates([ca.der().clone(), vec![0x30, 0].into()]),
            "certificate 2: this certificate cannot be a root: it is not DER (RFC 5280, section 4.1)",
        ),
        (
            Roots::builder().certificates([]),
            "no certificate in `certificates`",
        ),
        // The first error is the one reported.
        (
            Roots::builder()
                .certificates([])
                .pem(&bad_line)
                .pem(ca.pem()),
            "no certificate in `certificates`",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn no_source_is_an_error() {
    let error = Roots::builder().build().unwrap_err();
    assert!(error.is_no_roots());
    assert!(
        error.to_string().contains("Roots::builder().bundle("),
        "{error}"
    );
}

#[test]
fn a_program_that_unwraps_shows_the_text_and_its_cause() {
    let shown = |builder: RootsBuilder| {
        let error = builder.build().unwrap_err();
        (format!("{error:?}"), error.to_string())
    };
    let (debug, text) = shown(Roots::builder());
    assert_eq!(debug, text);
    let (debug, text) = shown(Roots::builder().pem_file("/nowhere/ca.pem"));
    assert_eq!(text, "/nowhere/ca.pem cannot be read");
    assert!(debug.starts_with(&format!("{text}: ")), "{debug}");
}

#[test]
fn a_provider_that_rustls_cannot_use_is_an_error() {
    let unusable = CryptoProvider {
        cipher_suites: Vec::new(),
        ..ring::default_provider()
    };
    let error = Roots::builder()
        .pem(root("CA").pem())
        .provider(Arc::new(unusable))
        .build()
        .unwrap_err();
    assert!(error.is_crypto_provider());
    let cause = error.source().unwrap().to_string();
    assert!(
        !cause.is_empty() && !error.to_string().contains(&cause),
        "{error}: {cause}"
    );
}

#[test]
fn private_key_in_pem_at_run_time_is_ignored() {
    let ca = root("CA");
    let text = ca.key().serialize_pem() + &ca.pem();
    assert_eq!(
        Roots::builder()
            .pem(text)
            .build()
            .unwrap()
            .root_store()
            .len(),
        1
    );
}

#[test]
fn values_can_be_shared_and_shown() {
    fn shared<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    shared::<Roots>();
    shared::<embedded_roots::RootsBuilder>();
    shared::<embedded_roots::Verifier>();
    shared::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    let shown = format!("{:?}", Roots::embedded().unwrap());
    assert_eq!(
        shown,
        "Roots { trust_set: TrustSet { anchors: 2, with_distrust_date: 0, .. }, .. }"
    );
}

#[test]
fn anchors_of_others_are_used_exactly_as_supplied() {
    let (_, dated) = izenpe();
    let supplied = dated.trust_anchor().clone();
    let roots = Roots::builder()
        .anchors([supplied.clone()])
        .build()
        .unwrap();
    let [anchor] = roots.anchors() else { panic!() };
    assert_eq!(
        (anchor.trust_anchor(), anchor.distrust_after()),
        (&supplied, None)
    );
    // A trust anchor cannot carry the list's date; the report says that it does not apply.
    let source = &roots.report().sources()[0];
    assert_eq!(
        (source.origin(), source.limits_not_applied().len()),
        ("anchors", 1)
    );

    let error = Roots::builder().anchors([]).build().unwrap_err();
    assert_eq!(error.to_string(), "no anchor in `anchors`");
    assert!(error.is_invalid_input());
}

#[test]
fn anchors_are_the_trusted_roots_in_order() {
    let roots = Roots::builder()
        .bundle(&mozilla::BUNDLE)
        .bundle(&custom::BUNDLE)
        .bundle(&mozilla::BUNDLE)
        .build()
        .unwrap();
    assert_eq!(
        roots.anchors().len(),
        mozilla::BUNDLE.len() + custom::BUNDLE.len()
    );
    let subjects = roots
        .anchors()
        .iter()
        .map(|anchor| &anchor.trust_anchor().subject[..]);
    assert!(subjects.is_sorted());
    let embedded = Roots::embedded().unwrap();
    assert_eq!(embedded.anchors(), custom::BUNDLE.anchors());
}

#[test]
fn retain_removes_roots_of_every_source() {
    let (certificate, dated) = izenpe();
    let all = || {
        Roots::builder()
            .bundle(&mozilla::BUNDLE)
            .certificates([certificate.clone()])
            .bundle(&custom::BUNDLE)
    };
    let count = mozilla::BUNDLE.len() + custom::BUNDLE.len();
    let subject = dated.subject();
    assert_eq!(subject, "CN=Izenpe.com, O=IZENPE S.A., C=ES");
    let not_izenpe = move |anchor: &Anchor| anchor.subject() != subject;
    let roots = all().retain(not_izenpe.clone()).build().unwrap();
    assert_eq!(roots.anchors().len(), count - 1);
    assert!(roots.anchors().iter().all(not_izenpe.clone()));
    let [first, second, _] = roots.report().sources() else {
        panic!()
    };
    assert_eq!(
        (first.removed(), second.duplicates(), second.removed()),
        (1, 1, 0)
    );
    // The root was removed, so there is no limit to report.
    assert!(second.limits_not_applied().is_empty());
    let line = first.to_string();
    assert!(line.contains(&format!(
        "{} roots, 1 removed by `retain`",
        mozilla::BUNDLE.len()
    )));

    // With several filters, a root stays only if all of them keep it.
    let customs = |anchor: &Anchor| custom::BUNDLE.anchors().contains(anchor);
    let both = all().retain(not_izenpe).retain(customs).build().unwrap();
    assert_eq!(both.anchors(), custom::BUNDLE.anchors());
    let error = all().retain(|_| false).build().unwrap_err();
    assert!(error.is_no_roots(), "{error}");
    assert!(error.to_string().contains("removed by `retain`"), "{error}");
}

/// As a root, a server's own certificate would be trusted to issue for every name.
#[test]
fn certificate_that_says_that_it_is_not_a_ca_is_refused() {
    let (ca, leaf) = (
        root("CA"),
        root_with("www.corp.example", |params| {
            params.is_ca = rcgen::IsCa::ExplicitNoCa;
        }),
    );
    let why = "\"CN=www.corp.example\" is an end-entity certificate (basic constraints: CA false), not a \
               root; use the certificate of the CA that issued it, or \
               pin that of a server (`RootsBuilder::pinned_certificate`)";
    let both = ca.pem() + &leaf.pem();
    let line = ca.pem().lines().count() + 1;
    let error = Roots::builder().pem(&both).build().unwrap_err();
    assert_eq!(error.to_string(), format!("PEM text, line {line}: {why}"));
    assert!(error.is_invalid_input());
    let ders = [ca.der().clone(), leaf.der().clone()];
    let error = Roots::builder().certificates(ders).build().unwrap_err();
    assert_eq!(error.to_string(), format!("certificate 2: {why}"));
}
