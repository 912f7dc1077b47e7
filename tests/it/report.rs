//! What a report tells.

use embedded_roots::{Roots, mozilla, webpki_roots};

use crate::authority::{annotated, root};

const IZENPE: &str = "\"CN=Izenpe.com, O=IZENPE S.A., C=ES\" distrust-after=2026-04-15T23:59:59Z";

#[test]
fn each_source_has_its_line() {
    let ca = root("CA");
    let roots = Roots::builder()
        .bundle(&mozilla::BUNDLE)
        .bundle(&mozilla::BUNDLE)
        .pem(annotated("permitted-dns=.example", &ca))
        .certificates([mozilla::certificates()[0].clone()])
        .optional_pem_file("/nowhere/ca.pem")
        .build()
        .unwrap();
    let text = roots.report().to_string();
    let lines: Vec<_> = text.lines().collect();
    let count = mozilla::BUNDLE.len();
    let tubitak = "OU=Kamu Sertifikasyon Merkezi - Kamu SM, O=Turkiye Bilimsel ve Teknolojik \
                   Arastirma Kurumu - TUBITAK, L=Gebze - Kocaeli, C=TR\" permitted-dns=.tr";
    assert!(lines[0].starts_with(&format!(
        "bundle mozilla: {count} roots; within limits: {IZENPE}, "
    )));
    assert!(lines[0].ends_with(tubitak), "{}", lines[0]);
    assert_eq!(
        lines[1],
        format!("bundle mozilla: {count} roots, {count} known already")
    );
    assert_eq!(
        lines[2],
        "PEM text: 1 root; within limits: \"CN=CA\" permitted-dns=.example"
    );
    assert_eq!(lines[3], "certificates: 1 root, 1 known already");
    assert_eq!(lines[4], "file /nowhere/ca.pem: 0 roots; skipped: absent");
    assert_eq!(lines.len(), 5);
}

#[test]
fn the_numbers_are_there_for_programs() {
    let roots = Roots::builder()
        .bundle(&webpki_roots::BUNDLE)
        .build()
        .unwrap();
    let [source] = roots.report().sources() else {
        panic!()
    };
    assert_eq!(
        (source.origin(), source.roots()),
        ("bundle webpki-roots", webpki_roots::BUNDLE.len())
    );
    assert_eq!((source.duplicates(), source.skipped().len()), (0, 0));
    let limits = source.limits();
    assert_eq!(limits.len(), 2);
    let izenpe = format!("\"{}\" {}", limits[0].0, limits[0].1);
    assert!([izenpe, format!("\"{}\" {}", limits[1].0, limits[1].1)].contains(&IZENPE.to_owned()));
}

#[test]
fn limits_that_the_user_lifts_are_told() {
    let izenpe = mozilla::certificates()
        .iter()
        .zip(mozilla::BUNDLE.anchors());
    let mut izenpe = izenpe.filter(|(_, anchor)| anchor.distrust_after().is_some());
    let (izenpe, _) = izenpe.next().unwrap();
    let given = || Roots::builder().certificates([izenpe.clone()]);
    // Before the list, after it, and without it.
    for (builder, lifting) in [
        (given().bundle(&mozilla::BUNDLE), 0),
        (
            Roots::builder()
                .bundle(&mozilla::BUNDLE)
                .certificates([izenpe.clone()]),
            1,
        ),
        (given(), 0),
    ] {
        let roots = builder.build().unwrap();
        let source = &roots.report().sources()[lifting];
        let (subject, limits) = &source.lifted()[0];
        assert_eq!(format!("\"{subject}\" {limits}"), IZENPE);
        assert!(
            source
                .to_string()
                .ends_with(&format!("; limits lifted: {IZENPE}")),
            "{source}"
        );
    }
}

#[test]
fn a_line_has_an_end() {
    let limited: String = (0..20)
        .map(|nth| annotated("permitted-dns=.example", &root(&format!("CA {nth}"))))
        .collect();
    let roots = Roots::builder().pem(limited).build().unwrap();
    let text = roots.report().to_string();
    assert!(
        text.ends_with(" and 15 more") && !text.contains('\n'),
        "{text}"
    );
    assert_eq!(roots.report().sources()[0].limits().len(), 20);
}

#[test]
fn it_can_be_serialized() {
    let roots = Roots::builder()
        .pem(annotated("permitted-dns=.example", &root("CA")))
        .build()
        .unwrap();
    let json = serde_json::to_string(roots.report()).unwrap();
    let expected = "[{\"origin\":\"PEM text\",\"roots\":1,\"duplicates\":0,\"skipped\":[],\
                    \"limits\":[[\"CN=CA\",\"permitted-dns=.example\"]],\"lifted\":[]}]";
    assert_eq!(json, expected);
}
