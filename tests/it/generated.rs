//! What the build script writes, and when Cargo reruns it.

use std::fs;
use std::path::{Path, PathBuf};

use embedded_roots_testing::authority::{annotated, root};

use crate::scratch::Package;

const FILE: &str = "EMBEDDED_ROOTS_FILE";

/// Builds the package and returns the output folder of embedded-roots' build script.
#[track_caller]
fn out_dir(package: &Package) -> PathBuf {
    let output = package.cargo(&["build", "--message-format=json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let message = text
        .lines()
        .find(|line| line.contains("build-script-executed") && line.contains("embedded-roots#"))
        .or_else(|| {
            let mut executed = text
                .lines()
                .filter(|line| line.contains("build-script-executed"));
            executed
                .find(|line| line.contains("/embedded-roots-") && line.contains("embedded-roots@"))
        })
        .unwrap_or_else(|| panic!("{text}"));
    let (_, rest) = message.split_once("\"out_dir\":\"").unwrap();
    rest.split_once('"').unwrap().0.into()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// The output must not depend on the checkout's path, the user's folder, the names of the files, or
/// the order of the certificates.
#[test]
fn the_same_roots_give_the_same_bytes_anywhere() {
    let [one, two, three] = ["One", "Two", "Three"].map(root);
    let two = annotated(
        "permitted-dns=.example distrust-after=2024-01-01T00:00:00Z",
        &two,
    );
    let features = ["custom", "mozilla", "webpki-roots"];

    let package = Package::with_features("here", &features);
    let file = package.file("corp.pem", format!("{}{two}{}", one.pem(), three.pem()));
    let here = files(&out_dir(&package.env(FILE, file)));

    let package = Package::with_features("elsewhere", &features);
    let checkout = package.folder().join("a copy of the checkout");
    for part in [
        "Cargo.toml",
        "README.md",
        "build.rs",
        "src",
        "certs/Cargo.toml",
        "certs/ca-certificates.crt",
        "certs/distrusted-keys.txt",
        "certs/programs.txt",
        "certs/src",
        "crates/bundle/Cargo.toml",
        "crates/bundle/src",
        "crates/macros/Cargo.toml",
        "crates/macros/src",
    ] {
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(part),
            &checkout.join(part),
        );
    }
    let manifest = fs::read_to_string(package.folder().join("Cargo.toml")).unwrap();
    let manifest = manifest.replace(env!("CARGO_MANIFEST_DIR"), checkout.to_str().unwrap());
    let manifest = manifest
        + "exclude = [\"a copy of the checkout\"]
";
    package.file("Cargo.toml", manifest);
    let workspace = fs::read_to_string(checkout.join("Cargo.toml")).unwrap();
    let members = workspace
        .lines()
        .find(|line| line.starts_with("members = "));
    let members = members.unwrap();
    fs::write(
        checkout.join("Cargo.toml"),
        workspace.replace(
            members,
            "members = [\"certs\", \"crates/bundle\", \"crates/macros\"]",
        ),
    )
    .unwrap();
    let first = package.file(
        "z.pem",
        format!("\u{feff}{}\r\nThree, then:\r\n{two}", three.pem()),
    );
    let second = package.file("a.pem", one.pem().replace('\n', "\r\n"));
    let both = std::env::join_paths([first, second]).unwrap();
    let elsewhere = files(&out_dir(&package.env(FILE, both)));

    let names: Vec<_> = here.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "custom.pem",
        "custom_anchors.rs",
        "custom_annotated.pem",
        "custom_certificate_numbers.rs",
        "custom_certificates.rs",
        "custom_fingerprints.rs",
        "distrusted_keys.rs",
        "limited_anchors.rs",
        "mozilla.pem",
        "mozilla_anchors.rs",
        "mozilla_annotated.pem",
        "mozilla_certificate_numbers.rs",
        "mozilla_certificates.rs",
        "mozilla_fingerprints.rs",
        "programs.txt",
        "webpki_roots_anchors.rs",
    ];
    assert_eq!(names, expected);
    for (one, other) in here.iter().zip(&elsewhere) {
        assert!(one == other, "{} differs", one.0);
    }
    assert_eq!(here.len(), elsewhere.len());
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

#[test]
fn the_build_script_runs_again_for_the_users_file_and_variables_alone() {
    let mut package = Package::with_features("rebuilt", &["custom"])
        .main(include_str!("../programs/bundle_size.rs"));
    let (ca, other) = (root("CA"), root("Other"));
    let file = package.file("corp.pem", ca.pem());
    package.set_env(FILE, &file);
    assert_eq!(package.run(), "1");

    let is_fresh = |package: &Package| {
        let output = package.cargo(&["build", "--verbose"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        text.contains("Fresh embedded-roots v0.1.0")
    };
    assert!(is_fresh(&package));
    package.newer_file("neighbour.pem", other.pem());
    package.newer_file(
        "src/main.rs",
        "fn main() { print!(\"{}\", embedded_roots::bundle().len()); }",
    );
    package.set_env("SSL_CERT_FILE", &file);
    assert!(is_fresh(&package));

    package.newer_file("corp.pem", ca.pem() + &other.pem());
    assert_eq!(package.run(), "2");

    let another = package.file("another.pem", other.pem());
    package.set_env(FILE, another);
    assert_eq!(package.run(), "1");
    assert!(is_fresh(&package));
    package.set_env("EMBEDDED_ROOTS_SHA256", "0".repeat(64));
    package.build_error();
}
