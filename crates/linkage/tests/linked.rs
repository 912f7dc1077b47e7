//! A program links what it names: neither the PEM nor the certificates come along with the anchors.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What of the bundle stands in a program.
#[derive(Debug, PartialEq)]
struct Linked {
    pem: bool,
    /// Of the PEM text with annotations, what the other has not.
    annotated: bool,
    certificates: bool,
}

#[test]
fn debug_programs_link_what_they_name() {
    assert_linked(&[]);
}

#[test]
#[ignore = "compiles the dependencies once more; .ci/run runs it"]
fn release_programs_link_what_they_name() {
    assert_linked(&["--release"]);
}

#[track_caller]
fn assert_linked(profile: &[&str]) {
    for (program, pem, annotated, certificates) in [
        ("anchors", false, false, false),
        ("store", false, false, false),
        ("config", false, false, false),
        // The positive controls.
        ("certificates", false, false, true),
        ("pem", true, false, false),
        ("annotated", true, true, false),
    ] {
        let bytes = fs::read(build(program, profile)).unwrap();
        assert_eq!(
            linked(&bytes),
            Linked {
                pem,
                annotated,
                certificates
            },
            "{program} {profile:?}"
        );
    }
}

/// Builds one program with its features alone, apart from what the workspace has built.
fn build(program: &str, profile: &[&str]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linked");
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--offline",
            "--package",
            "linkage",
            "--bin",
            program,
        ])
        .args(["--no-default-features", "--features", "mozilla"])
        .args(profile)
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = if profile.is_empty() {
        "debug"
    } else {
        "release"
    };
    target.join(folder).join(program)
}

fn linked(program: &[u8]) -> Linked {
    let has = |part: &[u8]| program.windows(part.len()).any(|window| window == part);
    // A few of them: all of them are in one static.
    let pem = embedded_roots::mozilla::pem();
    let is_base64 = |line: &&str| line.len() == 64 && !line.contains(' ');
    let mut lines = pem.lines().filter(is_base64).step_by(700);
    let annotated = embedded_roots::mozilla::annotated_pem().lines();
    let mut only_annotated = annotated
        .filter(is_base64)
        .filter(|line| !pem.contains(line));
    // The end of a certificate is its signature, which no anchor has.
    let mut ends = embedded_roots::mozilla::certificates().iter().step_by(30);
    Linked {
        pem: lines.any(|line| has(line.as_bytes())),
        annotated: only_annotated.any(|line| has(line.as_bytes())),
        certificates: ends.any(|der| has(der.get(der.len() - 48..).unwrap_or_default())),
    }
}
