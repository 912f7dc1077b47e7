//! The combinations that Cargo refuses, as README.md has them.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use embedded_roots_testing::folder::Folder;

#[test]
#[ignore = "resolves dependencies from the registry; .ci/run runs it"]
fn cargo_refuses_three_features_with_the_drop_in_packages() {
    let readme = fs::read_to_string(checkout().join("compat/README.md")).unwrap();
    for (package, feature, dependency, version) in [
        (
            "webpki-roots",
            "webpki-roots",
            "webpki-roots = \"^1\"",
            "1.0",
        ),
        (
            "rustls-native-certs",
            "system",
            "rustls-native-certs = \"^0.8\"",
            "0.8",
        ),
        (
            "rustls-platform-verifier",
            "reqwest",
            "reqwest = \"^0.13\"",
            "0.7",
        ),
    ] {
        assert!(readme.contains(&format!("| `{package}` | `{feature}` |")));
        // Without the feature there is no cycle.
        assert_eq!(error_of_cargo(package, version, ""), None);
        let error = error_of_cargo(package, version, feature).unwrap();
        for part in [
            "cyclic package dependency: package `embedded-roots v",
            &format!("path dependency `embedded-roots` of package `{package} v{version}."),
            &format!("dependency `{dependency}` of package `embedded-roots v"),
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}

/// What Cargo says against a program with this package and embedded-roots with this feature.
fn error_of_cargo(package: &str, version: &str, feature: &str) -> Option<String> {
    let features = if feature.is_empty() {
        vec![]
    } else {
        vec![feature]
    };
    let checkout = checkout();
    let manifest = format!(
        "[package]\nname = \"program\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{package} = \"{version}\"\n\
         embedded-roots = {{ path = \"{}\", features = {features:?} }}\n\n\
         [patch.crates-io]\n{package} = {{ path = \"{}\" }}\n",
        checkout.display(),
        checkout.join("compat").join(package).display(),
    );
    let folder = Folder::new("cycle");
    folder.file("src/main.rs", "fn main() {}\n");
    folder.file("Cargo.toml", manifest);
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--color=never"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (!output.status.success()).then_some(stderr)
}

fn checkout() -> &'static Path {
    let compat = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    compat.and_then(Path::parent).unwrap()
}
