//! What a report contains.

use embedded_roots::{Roots, mozilla, webpki_roots};
use embedded_roots_bundle::digest::hex;
use embedded_roots_testing::authority::{annotated, root};

use crate::izenpe::izenpe;
use crate::scratch::Package;

const IZENPE: &str = "\"CN=Izenpe.com, O=IZENPE S.A., C=ES\" distrust-after=2026-04-15T23:59:59Z";

#[test]
fn report_has_a_line_for_each_source() {
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
    // The report shows the date of the data and the first 16 digits of the digest.
    let day = embedded_roots_mozilla::DATE;
    let digest = hex(&mozilla::BUNDLE.sha256());
    let bundle = format!(
        "bundle mozilla ({}-{}-{}, SHA-256 {}...)",
        &day[..4],
        &day[4..6],
        &day[6..],
        &digest[..16]
    );
    assert!(lines[0].starts_with(&format!(
        "{bundle}: {count} roots; within limits: {IZENPE}, "
    )));
    assert!(lines[0].ends_with(tubitak), "{}", lines[0]);
    assert_eq!(
        lines[1],
        format!("{bundle}: {count} roots, {count} already known")
    );
    assert_eq!(
        lines[2],
        "PEM text: 1 root; within limits: \"CN=CA\" permitted-dns=.example"
    );
    assert_eq!(lines[3], "certificates: 1 root, 1 already known");
    assert_eq!(lines[4], "file /nowhere/ca.pem: 0 roots; skipped: absent");
    assert_eq!(lines.len(), 5);
}

#[test]
fn report_has_methods_for_its_numbers() {
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
    let izenpe = limits.iter().find(|root| root.distrust_after().is_some());
    let izenpe = izenpe.unwrap();
    assert_eq!(izenpe.to_string(), IZENPE);
    assert_eq!(izenpe.subject(), "CN=Izenpe.com, O=IZENPE S.A., C=ES");
    assert_eq!(izenpe.distrust_after().unwrap().as_secs(), 1_776_297_599);
    assert_eq!(izenpe.limits().name_constraints(), None);
    let tubitak = limits.iter().find(|root| root.distrust_after().is_none());
    assert_eq!(tubitak.unwrap().limits().to_string(), "permitted-dns=.tr");
}

#[test]
fn limits_that_do_not_apply_are_reported() {
    let (izenpe, _) = izenpe();
    let given = || Roots::builder().certificates([izenpe.clone()]);
    // The user's root is given before the list, after it, and without it.
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
        assert_eq!(source.limits_not_applied()[0].to_string(), IZENPE);
        assert!(
            source
                .to_string()
                .ends_with(&format!("; limits not applied: {IZENPE}")),
            "{source}"
        );
    }
}

#[test]
fn long_reports_are_shortened() {
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
fn report_can_be_serialized() {
    let roots = Roots::builder()
        .pem(annotated("permitted-dns=.example", &root("CA")))
        .build()
        .unwrap();
    let json = serde_json::to_string(roots.report()).unwrap();
    let expected = "{\"sources\":[{\"origin\":\"PEM text\",\"bundle\":null,\"roots\":1,\"duplicates\":0,\
                    \"removed\":0,\"skipped\":[],\"distrusted\":[],\"limits\":[{\"subject\":\"CN=CA\",\
                    \"distrust_after\":null,\"name_constraints\":\"permitted-dns=.example\"}],\
                    \"limits_not_applied\":[]}],\"intermediates\":[],\"pinned\":[],\"crlite\":null}";
    assert_eq!(json, expected);

    let roots = Roots::builder().bundle(&mozilla::BUNDLE).build().unwrap();
    let json = serde_json::to_value(roots.report()).unwrap();
    let bundle = &json["sources"][0]["bundle"];
    assert_eq!(bundle["name"], "mozilla");
    assert_eq!(bundle["sha256"].as_str().unwrap().len(), 64);
    let as_of = mozilla::BUNDLE.as_of().map(embedded_roots_bundle::rfc3339);
    assert_eq!(bundle["as_of"].as_str(), as_of.as_deref());
    let dates = json["sources"][0]["limits"].as_array().unwrap().iter();
    let mut dates = dates.filter_map(|root| root["distrust_after"].as_str());
    assert_eq!(dates.next(), Some("2026-04-15T23:59:59Z"));
}

/// The default roots use a bundle in place, without merging. Their report must equal the one that
/// the builder makes for that bundle.
#[test]
fn limits_that_a_custom_bundle_does_not_have_are_reported_by_the_default_roots() {
    let (_, izenpe) = izenpe();
    let pem = mozilla::annotated_pem().lines();
    let pem: String = pem.fold(String::new(), |pem, line| pem + line + "\n");
    let block = |subject: &str| {
        let (_, rest) = pem.split_once(&format!("# Subject: {subject}")).unwrap();
        let (_, rest) = rest.split_once("-----BEGIN CERTIFICATE-----\n").unwrap();
        let (base64, _) = rest.split_once("-----END").unwrap();
        format!("-----BEGIN CERTIFICATE-----\n{base64}-----END CERTIFICATE-----\n")
    };
    let plain = block(&izenpe.subject()) + &block("CN=TUBITAK");
    let package = Package::with_rustls("plain-copies", &["custom", "ring"])
        .main(include_str!("../programs/custom_copies.rs"));
    let file = package.file("plain.pem", plain);
    let printed = package.env("EMBEDDED_ROOTS_FILE", file).run();
    assert!(
        printed.contains(&format!(": 2 roots; limits not applied: {IZENPE}, ")),
        "{printed}"
    );
    assert!(printed.ends_with("C=TR\" permitted-dns=.tr"), "{printed}");
}
