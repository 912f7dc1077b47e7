//! A program links only the statics that it names: anchors bring neither PEM nor certificates.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The parts of the bundle that a program contains.
#[derive(Debug, PartialEq)]
struct Linked {
    pem: bool,
    /// Lines that only the annotated PEM text has.
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
        // Positive controls.
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

/// Builds one program with only its own features, in a target folder of its own.
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
    // A sample is enough, since all lines are in one static.
    let pem = embedded_roots::mozilla::pem();
    let is_base64 = |line: &&str| line.len() == 64 && !line.contains(' ');
    let mut lines = pem.lines().filter(is_base64).step_by(700);
    let annotated = embedded_roots::mozilla::annotated_pem().lines();
    let mut only_annotated = annotated
        .filter(is_base64)
        .filter(|line| !pem.contains(line));
    // A certificate ends in its signature, which an anchor does not have.
    let mut ends = embedded_roots::mozilla::certificates().iter().step_by(30);
    Linked {
        pem: lines.any(|line| has(line.as_bytes())),
        annotated: only_annotated.any(|line| has(line.as_bytes())),
        certificates: ends.any(|der| has(der.get(der.len() - 48..).unwrap_or_default())),
    }
}
