//! What is compiled in, against certs/ and against other readers.

use std::collections::BTreeSet;

use embedded_roots::{Anchor, custom, mozilla, webpki_roots};
use embedded_roots_bundle::emit::sha256;
use embedded_roots_bundle::{ParsedBundle, PrivateKeys, parse};

const CERTS: &[u8] = include_bytes!("../../certs/ca-certificates.crt");
const CUSTOM: &[u8] = include_bytes!("../data/custom.pem");

fn compiled(pem: &[u8]) -> ParsedBundle {
    ParsedBundle::new(parse("the file", pem, PrivateKeys::Refuse).unwrap()).unwrap()
}

#[test]
fn every_static_is_what_its_file_gives() {
    let statics = [
        (
            &mozilla::BUNDLE,
            mozilla::certificates(),
            mozilla::pem(),
            CERTS,
            "mozilla",
        ),
        (
            &custom::BUNDLE,
            custom::certificates(),
            custom::pem(),
            CUSTOM,
            "custom",
        ),
    ];
    for (bundle, certificates, pem, file, name) in statics {
        let fresh = compiled(file);
        assert_eq!((bundle.name(), bundle.len()), (name, fresh.roots().len()));
        assert_eq!(bundle.sha256(), fresh.sha256());
        assert_eq!(pem, fresh.to_pem());
        for (nth, root) in fresh.roots().iter().enumerate() {
            let anchor: &Anchor = &bundle.anchors()[nth];
            assert_eq!(anchor.trust_anchor(), root.trust_anchor());
            assert_eq!(anchor.distrust_after(), root.distrust_after());
            assert_eq!(&certificates[nth], root.certificate());
        }
        assert_eq!(certificates.len(), bundle.len());
    }
}

/// The verifier searches them.
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
    let file = std::str::from_utf8(CERTS).unwrap();
    let (header, rest) = file.split_once("\n\n").unwrap();
    assert!(header.lines().all(|line| line.starts_with('#')), "{header}");
    assert_eq!(rest, mozilla::pem());
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
    for (certificate, anchor) in mozilla::certificates()
        .iter()
        .zip(mozilla::BUNDLE.anchors())
    {
        let (rest, read) = x509_parser::parse_x509_certificate(certificate).unwrap();
        assert!(rest.is_empty());
        // webpki's anchors have the contents of the two SEQUENCEs: without tag and length.
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
    let digests: BTreeSet<_> = mozilla::certificates()
        .iter()
        .map(|der| sha256(der))
        .collect();
    assert_eq!(digests.len(), mozilla::BUNDLE.len());
    // Fewer would be a broken refresh.
    assert!(mozilla::BUNDLE.len() > 100);
}

#[test]
fn mozillas_live_constraints_are_in_force() {
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
}
