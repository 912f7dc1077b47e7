//! Which bundle the free functions use.

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

/// A dependency that turns `mozilla` on does not widen an application that chose `custom`.
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
