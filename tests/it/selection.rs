//! Which source the free functions use.

use crate::authority::root;
use crate::scratch::Package;

const MAIN: &str = r#"fn main() {
    let bundle = embedded_roots::bundle();
    print!("{} {}", bundle.name(), bundle.len());
}"#;

#[test]
fn custom_then_mozilla_then_webpki_roots() {
    let all: &[&str] = &["custom", "mozilla", "webpki-roots"];
    for (features, selected) in [
        (all, "custom "),
        (&all[1..], "mozilla "),
        (&all[2..], "webpki-roots "),
    ] {
        let package = Package::with_features("selected", features).main(MAIN);
        let file = package.file("corp.pem", root("CA").pem());
        let printed = package.env("EMBEDDED_ROOTS_FILE", file).run();
        assert!(printed.starts_with(selected), "{printed}");
    }
}

/// A dependency that enables `mozilla` does not widen the trust of an application with `custom`.
#[test]
fn features_of_two_dependencies_do_not_add_trust() {
    let package = Package::new(
        "unified",
        "one = { path = \"one\" }\nother = { path = \"other\" }\n\
         embedded-roots = { path = \"{checkout}\", default-features = false }",
    )
    .main(
        r#"fn main() {
            let (one, other) = (one::trusted(), other::trusted());
            assert_eq!(one, other);
            let store = embedded_roots::root_store().unwrap();
            print!("{one}; {} in the store", store.len());
        }"#,
    );
    for (name, features) in [
        ("one", r#"["mozilla", "rustls"]"#),
        ("other", r#"["custom"]"#),
    ] {
        package.file(
            &format!("{name}/Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                 [dependencies]\nembedded-roots = {{ path = {:?}, default-features = false, \
                 features = {features} }}\n",
                env!("CARGO_MANIFEST_DIR"),
            ),
        );
        package.file(
            &format!("{name}/src/lib.rs"),
            "pub fn trusted() -> String { format!(\"{:?}\", embedded_roots::bundle()) }\n",
        );
    }
    let file = package.file("corp.pem", root("CA").pem());
    let printed = package.env("EMBEDDED_ROOTS_FILE", file).run();
    assert_eq!(
        printed,
        "Bundle { name: \"custom\", len: 1, .. }; 1 in the store"
    );
}

/// Another package in the build can replace the default source; the pin makes that an error.
#[test]
fn the_default_source_can_be_pinned() {
    const DEFAULT: &str = "EMBEDDED_ROOTS_DEFAULT";
    const SOURCES: [&str; 4] = ["custom", "mozilla", "webpki-roots", "system"];

    let expected = |wanted: &str, selected: &str| {
        format!(
            "EMBEDDED_ROOTS_DEFAULT is \"{wanted}\", but the features of this build select \
             \"{selected}\" as the source of the default roots\n`cargo tree --edges features --invert \
             embedded-roots` shows which package enables them"
        )
    };
    for (features, selected) in [
        (
            &["custom", "mozilla", "webpki-roots", "system"][..],
            "custom",
        ),
        (&["mozilla", "webpki-roots", "system"], "mozilla"),
        (&["webpki-roots", "system"], "webpki-roots"),
        (&["system"], "system"),
    ] {
        let mut package = Package::with_features("pinned-default", features);
        let file = package.file("corp.pem", root("CA").pem());
        package.set_env("EMBEDDED_ROOTS_FILE", file);
        for right in [selected, ""] {
            package.set_env(DEFAULT, right);
            package.build();
        }
        for wrong in SOURCES.iter().filter(|name| **name != selected) {
            package.set_env(DEFAULT, wrong);
            assert_eq!(package.build_error(), expected(wrong, selected));
        }
    }

    let package = Package::with_features("pinned-to-none", &["rustls"]);
    let error = package.env(DEFAULT, "mozilla").build_error();
    let none = "EMBEDDED_ROOTS_DEFAULT is \"mozilla\", but no feature of this build gives the default \
                roots a source: enable the feature `mozilla` of embedded-roots";
    assert_eq!(error, none);
    let package = Package::with_features("pinned-to-typo", &["mozilla"]);
    let error = package.env(DEFAULT, "Mozilla").build_error();
    let typo = "EMBEDDED_ROOTS_DEFAULT is \"Mozilla\": expected one of custom, mozilla, webpki-roots, \
                system";
    assert_eq!(error, typo);
}

/// README.md and docs/policy.md warn about this: with `system` alone, `SSL_CERT_FILE` decides, and
/// a dependency that enables `mozilla` replaces that source.
#[test]
fn a_dependency_can_replace_the_default_source() {
    let package = || {
        let package = Package::new(
            "replaced",
            "embedded-roots = { path = \"{checkout}\", default-features = false, \
             features = [\"ring\", \"system\"] }\nother = { path = \"other\" }",
        )
        .main("fn main() { print!(\"{}\", embedded_roots::roots().unwrap().report()); }");
        package.file("other/src/lib.rs", "");
        let file = package.file("ca.pem", root("CA").pem());
        package.env("SSL_CERT_FILE", file)
    };
    let manifest = |features: &str| {
        format!(
            "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             embedded-roots = {{ path = {:?}, default-features = false, features = [{features}] }}\n",
            env!("CARGO_MANIFEST_DIR"),
        )
    };
    let alone = package();
    alone.file("other/Cargo.toml", manifest(""));
    assert!(alone.run().starts_with("SSL_CERT_FILE="));
    drop(alone);
    let mut replaced = package();
    replaced.file("other/Cargo.toml", manifest("\"mozilla\""));
    assert!(replaced.run().starts_with("bundle mozilla ("));
    replaced.set_env("EMBEDDED_ROOTS_DEFAULT", "system");
    let error = replaced.build_error();
    assert!(error.contains("select \"mozilla\""), "{error}");
}
