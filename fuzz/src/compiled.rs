//! The true build script, and the compiler: `.ci/fuzz` runs this with each seed of `custom_build` in
//! `EMBEDDED_ROOTS_FILE`.

use std::path::Path;

use embedded_roots::custom;
use embedded_roots_bundle::{ParsedBundle, PrivateKeys, Root, parse, read_file};

#[test]
fn compiled_source_means_what_was_read() {
    let pem = read_file(Path::new(env!("EMBEDDED_ROOTS_FILE"))).unwrap();
    let roots = parse("corp.pem", &pem, PrivateKeys::Refuse).unwrap();
    let bundle = ParsedBundle::new(roots).unwrap();
    let plain = bundle.without_annotated();

    let anchors = custom::BUNDLE.anchors().iter();
    let anchors: Vec<_> = anchors
        .map(|anchor| (anchor.trust_anchor(), anchor.distrust_after()))
        .collect();
    let roots = bundle.roots().iter();
    let expected: Vec<_> = roots
        .map(|root| (root.trust_anchor(), root.distrust_after()))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(anchors, expected);

    let certificates = custom::certificates().iter();
    assert!(certificates.eq(plain.roots().iter().map(Root::certificate)));
    assert_eq!(custom::BUNDLE.sha256(), bundle.sha256());
    assert_eq!(custom::pem(), plain.to_pem());
    assert_eq!(custom::annotated_pem(), bundle.to_pem());
}
