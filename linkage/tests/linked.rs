//! A program links only the statics that it names: anchors bring neither PEM nor certificates.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The parts of the bundle that a program contains.
#[derive(Debug, PartialEq)]
struct BundleParts {
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
        let bytes = fs::read(build(program, "mozilla", profile)).unwrap();
        assert_eq!(
            linked(&bytes),
            BundleParts {
                pem,
                annotated,
                certificates
            },
            "{program} {profile:?}"
        );
    }
}

#[test]
fn debug_programs_link_the_roots_that_they_choose() {
    assert_roots(&[]);
}

#[test]
#[ignore = "compiles the dependencies once more; .ci/run runs it"]
fn release_programs_link_the_roots_that_they_choose() {
    assert_roots(&["--release"]);
}

#[track_caller]
fn assert_roots(profile: &[&str]) {
    const CHOSEN: [&str; 2] = ["CN=ISRG Root X1, ", "CN=ISRG Root X2, "];
    let all = embedded_roots::mozilla::BUNDLE.len();
    for (program, feature, expected, count) in [
        ("part", "macros", &CHOSEN[..], 2),
        // Every policy knows what Mozilla imposes on its roots, without their keys as others would find them.
        ("part_config", "macros", &CHOSEN, 2),
        // Positive control.
        ("whole_config", "mozilla", &[], all),
    ] {
        let roots = roots(&fs::read(build(program, feature, profile)).unwrap());
        assert_eq!(roots.len(), count, "{program} {profile:?}: {roots:?}");
        for start in expected {
            let is_there = roots.iter().any(|subject| subject.starts_with(start));
            assert!(is_there, "{program} {profile:?}: {start}");
        }
    }
}

/// The subjects of the roots of Mozilla's list whose keys are in the program, in order.
fn roots(program: &[u8]) -> Vec<String> {
    /// Bytes in the middle of a key, which no other key has.
    const START: usize = 48;
    const LENGTH: usize = 16;

    let anchors = embedded_roots::mozilla::BUNDLE.anchors();
    let keys: HashMap<&[u8], _> = anchors
        .iter()
        .map(|anchor| {
            let key: &[u8] = &anchor.trust_anchor().subject_public_key_info;
            (key.get(START..START + LENGTH).unwrap(), anchor)
        })
        .collect();
    assert_eq!(keys.len(), anchors.len());
    let found = program.windows(LENGTH).filter_map(|part| keys.get(part));
    let mut found: Vec<String> = found.map(|anchor| anchor.subject()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Builds one program with only its own features, in a target folder of its own.
fn build(program: &str, feature: &str, profile: &[&str]) -> PathBuf {
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
        .args(["--no-default-features", "--features", feature])
        .args(profile)
        .env("CARGO_TARGET_DIR", &target)
        // It would be most of the bytes to search, and has no part in what is linked.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
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

fn linked(program: &[u8]) -> BundleParts {
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
    BundleParts {
        pem: lines.any(|line| has(line.as_bytes())),
        annotated: only_annotated.any(|line| has(line.as_bytes())),
        certificates: ends.any(|der| has(der.get(der.len() - 48..).unwrap_or_default())),
    }
}
