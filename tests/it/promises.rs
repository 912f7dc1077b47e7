//! Each promise of docs/security.md names tests that the gate runs.

use std::fs;
use std::path::Path;

use crate::tokens::{Token, tokens};

#[test]
fn promises_have_tests() {
    let page = include_str!("../../docs/security.md");
    let (_, promises) = page.split_once("## Promises").unwrap();
    let (promises, _) = promises.split_once("\n## ").unwrap();
    let mut count = 0;
    for row in promises
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
    {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let mut file = String::new();
        for name in tests.split('`').skip(1).step_by(2) {
            if name.contains('/') {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
                file = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{name}: {why}"));
            } else if !name.starts_with("cargo ") {
                assert_eq!(verdict(&file, name), Ok(()), "{name} in {row}");
                count += 1;
            }
        }
        assert!(!file.is_empty(), "no test: {row}");
    }
    assert!(count > 30, "{count}");
}

/// Whether the gate runs the test of this name in the file, as far as the file says so.
fn verdict(file: &str, name: &str) -> Result<(), &'static str> {
    let tokens = tokens(file);
    let function = [
        Token::Name("fn"),
        Token::Name(name),
        Token::Mark('('),
        Token::Mark(')'),
    ];
    let at = tokens
        .windows(function.len())
        .position(|tokens| tokens == function);
    let at = at.ok_or("there is no function of this name")?;
    let attributes = attributes(&tokens[..at]);

    let is_test = attributes.iter().any(|attribute| {
        let tokio = [Token::Name("tokio"), Token::Separator, Token::Name("test")];
        attribute == &[Token::Name("test")] || attribute.starts_with(&tokio)
    });
    if !is_test {
        return Err("the function is not a test");
    }
    for attribute in attributes {
        let has = |name| attribute.contains(&Token::Name(name));
        if has("ignore") && !attribute.iter().any(is_run_by_the_gate) {
            return Err("the test is ignored, and its reason does not say that .ci/run runs it");
        }
        if has("cfg") && (has("not") || !attribute.iter().any(is_of_the_gate)) {
            return Err("the test is not compiled where the gate runs");
        }
    }
    Ok(())
}

/// Whether this is a reason of `#[ignore]` that says that the gate runs the test.
fn is_run_by_the_gate(token: &Token<'_>) -> bool {
    let Token::Literal(reason) = token else {
        return false;
    };
    let gate = reason.rsplit_once("; .ci/run ").map(|(_, gate)| gate);
    matches!(
        gate,
        Some("runs it" | "has it" | "installs and runs it" | "installs and runs them")
    )
}

/// Whether this is a name in a `cfg` that the gate, which runs under Linux with all features, fulfils.
fn is_of_the_gate(token: &Token<'_>) -> bool {
    [Token::Name("unix"), Token::Name("feature")].contains(token)
}

/// What is inside of `#[...]`, for each attribute of the function that comes next.
fn attributes<'a, 'b>(mut before: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let mut attributes = Vec::new();
    if let [rest @ .., Token::Name("async")] = before {
        before = rest;
    }
    while let [rest @ .., Token::Mark(']')] = before {
        let mut depth = 1;
        let begin = rest.iter().rposition(|token| {
            match token {
                Token::Mark(']') => depth += 1,
                Token::Mark('[') => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some(begin) = begin else { break };
        let [others @ .., Token::Mark('#')] = &rest[..begin] else {
            break;
        };
        attributes.push(&rest[begin + 1..]);
        before = others;
    }
    attributes
}

#[test]
fn tests_that_do_not_run_are_seen() {
    let missing = "there is no function of this name";
    let no_test = "the function is not a test";
    let ignored = "the test is ignored, and its reason does not say that .ci/run runs it";
    let other = "the test is not compiled where the gate runs";
    for (file, why) in [
        ("", missing),
        ("#[test] fn promised_too() {}", missing),
        ("#[test] fn other() {} // fn promised()", missing),
        ("// #[test]\n// fn promised() {}", missing),
        ("/* #[test]\nfn promised() {} */", missing),
        ("const S: &str = \"#[test] fn promised() {}\";", missing),
        ("fn promised() {}", no_test),
        ("// #[test]\nfn promised() {}", no_test),
        ("/// As `#[test]`.\nfn promised() {}", no_test),
        ("#[test] fn other() {} fn promised() {}", no_test),
        (
            "#[test] fn other() {} #[cfg(unix)] fn promised() {}",
            no_test,
        ),
        ("#[cfg(test)] fn promised() {}", no_test),
        ("#[doc = \"test\"] fn promised() {}", no_test),
        ("#[test] #[ignore] fn promised() {}", ignored),
        ("#[ignore] #[test] fn promised() {}", ignored),
        ("#[test] #[ignore = \"slow\"] fn promised() {}", ignored),
        (
            "#[test] #[ignore = \"slow; .ci/run skips it\"] fn promised() {}",
            ignored,
        ),
        (
            "#[test] #[ignore] #[doc = \"slow; .ci/run runs it\"] fn promised() {}",
            ignored,
        ),
        (
            "#[test] #[cfg_attr(unix, ignore)] fn promised() {}",
            ignored,
        ),
        (
            "#[tokio::test] #[ignore = \"slow\"] async fn promised() {}",
            ignored,
        ),
        ("#[test] #[cfg(any())] fn promised() {}", other),
        ("#[test] #[cfg(windows)] fn promised() {}", other),
        ("#[test] #[cfg(not(unix))] fn promised() {}", other),
    ] {
        assert_eq!(verdict(file, "promised"), Err(why), "{file}");
    }
}

#[test]
fn tests_that_run_are_seen() {
    for file in [
        "#[test] fn promised() {}",
        "#[test]\n// A comment.\n#[cfg(unix)]\nfn promised() {}",
        "mod tests { use super::*; #[should_panic(expected = \"]\")] #[test] fn promised() {} }",
        "#[tokio::test(flavor = \"multi_thread\")] async fn promised() {}",
        "#[test] #[ignore = \"slow; .ci/run runs it\"] fn promised() {}",
        "#[test] #[ignore = \"needs nginx; .ci/run installs and runs it\"] fn promised() {}",
        "/// Instead of\n/// fn promised() {}\n#[test] fn promised() {}",
    ] {
        assert_eq!(verdict(file, "promised"), Ok(()), "{file}");
    }
}
