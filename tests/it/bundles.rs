//! The compiled-in bundles, compared with certs/ and with what other PEM readers find there.

use std::collections::BTreeSet;

use embedded_roots::{Anchor, custom, mozilla, webpki_roots};
use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::{ParsedBundle, PrivateKeys, parse};

const MOZILLA: &str = embedded_roots_mozilla::ANNOTATED_PEM;
const CUSTOM: &str = include_str!("../data/custom.pem");

fn compiled(pem: &str) -> ParsedBundle {
    let roots = parse("the file", pem.as_bytes(), PrivateKeys::Refuse).unwrap();
    ParsedBundle::new(roots).unwrap()
}

#[test]
fn statics_equal_the_content_of_their_files() {
    let statics = [
        (
            &mozilla::BUNDLE,
            mozilla::annotated_pem(),
            MOZILLA,
            "mozilla",
        ),
        (&custom::BUNDLE, custom::annotated_pem(), CUSTOM, "custom"),
    ];
    for (bundle, annotated_pem, file, name) in statics {
        let fresh = compiled(file);
        assert_eq!((bundle.name(), bundle.len()), (name, fresh.roots().len()));
        assert_eq!(bundle.sha256(), fresh.sha256());
        assert_eq!(annotated_pem, fresh.to_pem());
        for (nth, root) in fresh.roots().iter().enumerate() {
            let anchor: &Anchor = &bundle.anchors()[nth];
            assert_eq!(anchor.trust_anchor(), root.trust_anchor());
            assert_eq!(anchor.distrust_after(), root.distrust_after());
        }
    }
}

/// A certificate cannot carry an annotation, so a reader of plain certificates would trust these
/// roots without their limits.
#[test]
fn roots_are_left_out_where_their_limits_would_be_lost() {
    let statics = [
        (mozilla::certificates(), mozilla::pem(), MOZILLA, 2),
        (custom::certificates(), custom::pem(), CUSTOM, 1),
    ];
    for (certificates, pem, file, annotated) in statics {
        let fresh = compiled(file);
        let plain = fresh
            .roots()
            .iter()
            .filter(|root| root.annotation().is_empty());
        let plain: Vec<_> = plain.map(|root| root.certificate().clone()).collect();
        assert_eq!(certificates, plain);
        assert_eq!(certificates.len() + annotated, fresh.roots().len());
        let read = rustls_pemfile::certs(&mut pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        assert_eq!(read.unwrap(), plain);
        assert!(!pem.contains("# embedded-roots:"));
        // Only the annotated text has the roots that carry an annotation.
        assert_eq!(
            rustls_pemfile::certs(&mut file.as_bytes()).count(),
            fresh.roots().len()
        );
    }
    let names = ["Izenpe.com", "TUBITAK"];
    for name in names {
        let has = |text: &str| text.contains(name);
        assert!(
            has(mozilla::annotated_pem()) && !has(mozilla::pem()),
            "{name}"
        );
    }
}

#[test]
fn the_date_of_the_data_is_in_the_version_of_its_package() {
    let day = embedded_roots_mozilla::DATE;
    let as_of = embedded_roots_bundle::rfc3339(mozilla::BUNDLE.as_of().unwrap());
    let expected = format!("{}-{}-{}T00:00:00Z", &day[..4], &day[4..6], &day[6..]);
    assert_eq!(as_of, expected);
    let header = format!("# As of: {}\n", &as_of[..10]);
    assert!(embedded_roots_mozilla::ANNOTATED_PEM.contains(&header));
    // User-supplied files and webpki-roots have no date.
    assert_eq!(
        (custom::BUNDLE.as_of(), webpki_roots::BUNDLE.as_of()),
        (None, None)
    );
}

/// The verifier's binary search relies on this order.
#[test]
fn the_anchors_of_every_bundle_are_sorted() {
    for bundle in [&mozilla::BUNDLE, &custom::BUNDLE, &webpki_roots::BUNDLE] {
        let identity = |anchor: &Anchor| {
            let anchor = anchor.trust_anchor();
            let (subject, key) = (&anchor.subject, &anchor.subject_public_key_info);
            (subject.to_vec(), key.to_vec())
        };
        let identities = bundle.anchors().iter().map(identity);
        assert!(
            identities.is_sorted_by(|one, next| one < next),
            "{bundle:?}"
        );
    }
}

#[test]
fn the_checked_in_file_holds_nothing_but_the_compiled_text() {
    let (header, rest) = MOZILLA.split_once("\n\n").unwrap();
    assert!(header.lines().all(|line| line.starts_with('#')), "{header}");
    assert_eq!(rest, mozilla::annotated_pem());
}

#[test]
fn other_readers_find_the_same_certificates() {
    for (certificates, pem) in [
        (mozilla::certificates(), mozilla::pem()),
        (custom::certificates(), custom::pem()),
    ] {
        let read = rustls_pemfile::certs(&mut pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        assert_eq!(read.unwrap(), certificates);
        let read = x509_parser::pem::Pem::iter_from_buffer(pem.as_bytes());
        let read: Vec<_> = read.map(|block| block.unwrap().contents).collect();
        assert_eq!(
            read,
            certificates
                .iter()
                .map(|der| der.to_vec())
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn x509_parser_reads_the_same_subjects_and_keys() {
    let fresh = compiled(MOZILLA);
    for (root, anchor) in fresh.roots().iter().zip(mozilla::BUNDLE.anchors()) {
        let certificate = root.certificate();
        let (rest, read) = x509_parser::parse_x509_certificate(certificate).unwrap();
        assert!(rest.is_empty());
        // webpki's anchors hold the contents of the two SEQUENCEs, without tag and length.
        assert!(
            read.subject()
                .as_raw()
                .ends_with(&anchor.trust_anchor().subject)
        );
        let key = &anchor.trust_anchor().subject_public_key_info;
        assert!(read.public_key().raw.ends_with(key));
        assert!(read.is_ca(), "{}", read.subject());
    }
}

#[test]
fn each_certificate_is_there_once() {
    let fresh = compiled(mozilla::annotated_pem());
    let digests = fresh.roots().iter().map(|root| sha256(root.certificate()));
    let digests: BTreeSet<_> = digests.collect();
    assert_eq!(digests.len(), mozilla::BUNDLE.len());
    // Fewer roots would mean a broken refresh.
    assert!(mozilla::BUNDLE.len() > 100);
}

#[test]
fn limits_of_mozillas_roots_are_enforced() {
    let named = |name: &str| {
        let anchors = mozilla::BUNDLE.anchors().iter();
        let mut found = anchors.filter(|anchor| {
            let subject: &[u8] = &anchor.trust_anchor().subject;
            subject
                .windows(name.len())
                .any(|part| part == name.as_bytes())
        });
        (found.next().unwrap(), found.next())
    };
    let (izenpe, None) = named("Izenpe.com") else {
        panic!("twice")
    };
    // date -u -d 2026-04-15T23:59:59Z +%s
    assert_eq!(izenpe.distrust_after().unwrap().as_secs(), 1_776_297_599);
    let (tubitak, None) = named("TUBITAK Kamu SM SSL Kok Sertifikasi") else {
        panic!("twice")
    };
    let tr = [0xa0, 0x07, 0x30, 0x05, 0x82, 0x03, 0x2e, 0x74, 0x72];
    assert_eq!(
        tubitak.trust_anchor().name_constraints.as_deref(),
        Some(&tr[..])
    );

    let dated = mozilla::BUNDLE
        .anchors()
        .iter()
        .filter(|anchor| anchor.distrust_after().is_some());
    assert_eq!(dated.count(), 1);
}

#[test]
fn the_selected_bundle_is_the_custom_one() {
    assert_eq!(embedded_roots::bundle().sha256(), custom::BUNDLE.sha256());
    assert_eq!(embedded_roots::certificates(), custom::certificates());
    assert_eq!(embedded_roots::pem(), custom::pem());
    assert_eq!(embedded_roots::annotated_pem(), custom::annotated_pem());
}
