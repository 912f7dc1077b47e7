//! Targets with `test = false` hold no test, which would never run.

use std::fs;
use std::path::Path;

use crate::layers::files;
use crate::tokens::{Token, tokens};

/// The manifests with such targets, and the code of these.
const WITHOUT: [(&str, &str); 7] = [
    ("benches", "src"),
    ("certs", "src"),
    ("cli", "src/main.rs"),
    ("examples/quickstart", "src"),
    ("examples/rotation", "src"),
    ("examples/version", "src"),
    ("linkage", "src"),
];

#[test]
fn targets_without_a_harness_hold_no_test() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, code) in WITHOUT {
        let code = checkout.join(folder).join(code);
        let mut found = Vec::new();
        if code.is_dir() {
            files(&code, &mut found);
        } else {
            found.push(code);
        }
        assert!(!found.is_empty(), "{folder}");
        for file in found {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!has_test(&text), "{} has a test", file.display());
        }
    }
}

#[test]
fn every_target_without_a_harness_is_known() {
    let (_, members) = include_str!("../../Cargo.toml")
        .split_once("members = [")
        .unwrap();
    let (members, _) = members.split_once(']').unwrap();
    let mut without: Vec<_> = members
        .split(", ")
        .map(|member| member.trim_matches('"'))
        .filter(|member| {
            let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(member);
            let manifest = fs::read_to_string(manifest.join("Cargo.toml")).unwrap();
            manifest.lines().any(|line| line == "test = false")
        })
        .collect();
    without.sort_unstable();
    assert_eq!(without, WITHOUT.map(|(folder, _)| folder));
}

fn has_test(code: &str) -> bool {
    tokens(code).windows(2).any(|tokens| {
        let [before, Token::Name("test")] = tokens else {
            return false;
        };
        [Token::Mark('['), Token::Separator].contains(before)
    })
}

#[test]
fn tests_of_every_kind_are_seen() {
    for code in [
        "#[test] fn a() {}",
        "# [ test ] fn a() {}",
        "#[tokio::test] async fn a() {}",
        "#[tokio::test(flavor = \"x\")] async fn a() {}",
    ] {
        assert!(has_test(code), "{code}");
    }
    for code in ["// #[test]", "fn test() { test() }", "\"#[test]\""] {
        assert!(!has_test(code), "{code}");
    }
}
