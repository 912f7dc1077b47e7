//! Which source the free functions use.

use embedded_roots_testing::authority::root;

use crate::scratch::{Package, RUSTLS};

#[test]
fn precedence_of_default_sources() {
    let all: &[&str] = &["custom", "mozilla", "webpki-roots"];
    for (features, selected) in [
        (all, "custom "),
        (&all[1..], "mozilla "),
        (&all[2..], "webpki-roots "),
    ] {
        let package = Package::with_features("selected", features)
            .main(include_str!("../programs/selected.rs"));
        let file = package.file("corp.pem", root("CA").pem());
        let printed = package.env("EMBEDDED_ROOTS_FILE", file).run();
        assert!(printed.starts_with(selected), "{printed}");
    }
}

/// A dependency that enables `mozilla` does not widen the trust of an application with `custom`.
#[test]
fn features_of_two_dependencies_do_not_add_trust() {
    let dependencies = format!(
        "one = {{ path = \"one\" }}\nother = {{ path = \"other\" }}\n\
         embedded-roots = {{ path = \"{{checkout}}\", default-features = false }}\n{RUSTLS}"
    );
    let package =
        Package::new("unified", &dependencies).main(include_str!("../programs/unified.rs"));
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
///
/// The combinations are tested in crates/bundle.
#[test]
fn the_default_source_can_be_pinned() {
    let features = ["custom", "mozilla", "webpki-roots", "system"];
    let mut package = Package::with_rustls("pinned-default", &features);
    let file = package.file("corp.pem", root("CA").pem());
    package.set_env("EMBEDDED_ROOTS_FILE", file);
    package.set_env("EMBEDDED_ROOTS_EXPECT_DEFAULT", "mozilla");
    let error = "EMBEDDED_ROOTS_EXPECT_DEFAULT is \"mozilla\", but the features of this build select \"custom\" \
                 as the source of the default roots\n`cargo tree --edges features --invert embedded-roots` \
                 shows which package enables them";
    assert_eq!(package.build_error(), error);
    package.set_env("EMBEDDED_ROOTS_DEFAULT", "custom");
    assert!(
        package
            .build_error()
            .contains("EMBEDDED_ROOTS_DEFAULT is now called")
    );
    package.set_env("EMBEDDED_ROOTS_DEFAULT", "");
    package.set_env("EMBEDDED_ROOTS_EXPECT_DEFAULT", "custom");
    package.build();
}

/// README.md and docs/policy.md warn about this: with `system` alone, `SSL_CERT_FILE` decides, and
/// a dependency that enables `mozilla` replaces that source.
#[test]
fn a_dependency_can_replace_the_default_source() {
    let package = || {
        let dependencies = format!(
            "embedded-roots = {{ path = \"{{checkout}}\", default-features = false, \
             features = [\"ring\", \"system\"] }}\nother = {{ path = \"other\" }}\n{RUSTLS}"
        );
        let package = Package::new("replaced", &dependencies)
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
    replaced.set_env("EMBEDDED_ROOTS_EXPECT_DEFAULT", "system");
    let error = replaced.build_error();
    assert!(error.contains("select \"mozilla\""), "{error}");
}
