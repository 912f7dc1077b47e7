//! The certificates of a policy: of every root whose limits they carry.

use embedded_roots::rustls::pki_types::CertificateDer;
use embedded_roots::rustls::pki_types::pem::PemObject as _;
use embedded_roots::{Error, Roots, custom, mozilla, webpki_roots};
use embedded_roots_testing::authority::{annotated, key, root, root_of, root_with};
use rcgen::{CertificateParams, GeneralSubtree, NameConstraints};

use crate::izenpe::izenpe;

fn with_name_constraints(params: &mut CertificateParams) {
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("corp.example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
}

#[test]
fn bundles_give_the_certificates_that_their_modules_give() {
    for (bundle, expected) in [
        (&mozilla::BUNDLE, mozilla::certificates()),
        (&custom::BUNDLE, custom::certificates()),
    ] {
        let roots = Roots::builder().bundle(bundle).build().unwrap();
        assert_eq!(roots.certificates().unwrap(), expected);
    }
    let selected = Roots::embedded().unwrap();
    assert_eq!(selected.certificates().unwrap(), custom::certificates());
}

#[test]
fn pem_has_the_same_certificates() {
    let roots = Roots::builder()
        .bundle(&mozilla::BUNDLE)
        .pem(root("CA").pem())
        .build()
        .unwrap();
    let pem = roots.pem().unwrap();
    let read = CertificateDer::pem_slice_iter(pem.as_bytes());
    let read = read.collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(read, roots.certificates().unwrap());
    assert_eq!(read.len(), mozilla::certificates().len() + 1);
}

#[test]
fn roots_with_limits_that_a_certificate_cannot_carry_are_left_out() {
    let (plain, own) = (root("A"), root_with("B", with_name_constraints));
    let limited = [
        "distrust-after=2026-04-15T23:59:59Z",
        "permitted-dns=.example",
    ];
    let limited = limited.map(|limit| annotated(limit, &root(limit)));
    // The certificate has the same name constraint already.
    let same = annotated(
        "permitted-dns=corp.example",
        &root_with("C", with_name_constraints),
    );
    let tighter = annotated(
        "permitted-dns=a.corp.example",
        &root_with("D", with_name_constraints),
    );
    let roots = Roots::builder()
        .pem(plain.pem() + &own.pem() + &limited.concat() + &same + &tighter)
        .build()
        .unwrap();
    assert_eq!(roots.anchors().len(), 6);
    let certificates = roots.certificates().unwrap();
    assert_eq!(certificates.len(), 3);
    assert_eq!(&certificates[..2], [plain.der().clone(), own.der().clone()]);

    let roots = Roots::builder().pem(limited.concat()).build().unwrap();
    let none: Error = roots.certificates().unwrap_err();
    assert!(
        none.is_no_roots() && none.to_string().contains("cannot carry"),
        "{none}"
    );
}

/// Mozilla's distrust date holds for a copy of the root in another list, too, but not for the user's own copy.
#[test]
fn limits_of_other_sources_apply() {
    let (certificate, anchor) = izenpe();
    let given = Roots::builder()
        .certificates([certificate.clone()])
        .build()
        .unwrap();
    assert_eq!(
        given.certificates().unwrap(),
        std::slice::from_ref(&certificate)
    );

    let listed = Roots::builder().bundle(&mozilla::BUNDLE).build().unwrap();
    assert!(listed.anchors().contains(anchor));
    assert!(!listed.certificates().unwrap().contains(&certificate));
}

#[test]
fn removed_roots_have_no_certificate() {
    let (one, other) = (root("A"), root("B"));
    let roots = Roots::builder()
        .certificates([one.der().clone(), other.der().clone()])
        .retain(|anchor| anchor.subject() == "CN=B")
        .build()
        .unwrap();
    assert_eq!(roots.certificates().unwrap(), [other.der().clone()]);
}

/// The certificate that the effective anchor is of, whatever the order of the sources.
#[test]
fn one_of_several_copies_gives_the_certificate() {
    let key = key().serialize_pem();
    let plain = root_of("A", &key, |_| {});
    let narrow = root_of("A", &key, with_name_constraints);
    let first = || [mozilla::BUNDLE.anchors()[0].trust_anchor().clone()];
    for builder in [
        Roots::builder().anchors(first()).bundle(&mozilla::BUNDLE),
        Roots::builder().bundle(&mozilla::BUNDLE).anchors(first()),
    ] {
        let roots = builder.build().unwrap();
        assert_eq!(roots.certificates().unwrap(), mozilla::certificates());
    }
    // Each of two certificates of one key.
    for certificate in [&plain, &narrow] {
        let roots = Roots::builder()
            .certificates([certificate.der().clone()])
            .build()
            .unwrap();
        assert_eq!(roots.certificates().unwrap(), [certificate.der().clone()]);
    }
}

#[test]
fn anchors_without_a_certificate_are_an_error() {
    let anchor = webpki_roots::BUNDLE.anchors()[0].trust_anchor().clone();
    for builder in [
        Roots::builder().bundle(&webpki_roots::BUNDLE),
        Roots::builder().bundle(&custom::BUNDLE).anchors([anchor]),
    ] {
        let error = builder.build().unwrap().certificates().unwrap_err();
        assert!(error.is_no_certificate(), "{error}");
        assert!(error.to_string().contains("only anchors"), "{error}");
    }
    // With another source that has the certificates.
    let is_in_mozilla =
        |anchor: &embedded_roots::Anchor| mozilla::BUNDLE.anchors().contains(anchor);
    let roots = Roots::builder()
        .bundle(&webpki_roots::BUNDLE)
        .bundle(&mozilla::BUNDLE)
        .retain(is_in_mozilla)
        .build();
    assert_eq!(
        roots.unwrap().certificates().unwrap(),
        mozilla::certificates()
    );
}
