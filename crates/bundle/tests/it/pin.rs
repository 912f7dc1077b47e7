//! What a user expects of a build is compared with every build that there can be.

use embedded_roots_bundle::pin::{check_default, check_old_name, check_sha256};

const NAMES: [&str; 4] = ["custom", "mozilla", "webpki-roots", "system"];

/// Each set of sources that can be compiled in, and the one that is the source of the default roots.
const SELECTIONS: [([bool; 4], Option<&str>); 16] = [
    ([false, false, false, false], None),
    ([false, false, false, true], Some("system")),
    ([false, false, true, false], Some("webpki-roots")),
    ([false, false, true, true], Some("webpki-roots")),
    ([false, true, false, false], Some("mozilla")),
    ([false, true, false, true], Some("mozilla")),
    ([false, true, true, false], Some("mozilla")),
    ([false, true, true, true], Some("mozilla")),
    ([true, false, false, false], Some("custom")),
    ([true, false, false, true], Some("custom")),
    ([true, false, true, false], Some("custom")),
    ([true, false, true, true], Some("custom")),
    ([true, true, false, false], Some("custom")),
    ([true, true, false, true], Some("custom")),
    ([true, true, true, false], Some("custom")),
    ([true, true, true, true], Some("custom")),
];

fn sources(compiled_in: [bool; 4]) -> Vec<(&'static str, bool)> {
    NAMES.into_iter().zip(compiled_in).collect()
}

#[test]
fn unexpected_default_source_is_an_error_that_names_both() {
    for (compiled_in, selected) in SELECTIONS {
        let sources = sources(compiled_in);
        for expected in NAMES {
            let verdict = match selected {
                Some(selected) if selected == expected => Ok(()),
                Some(selected) => Err(format!(
                    "EMBEDDED_ROOTS_EXPECT_DEFAULT is \"{expected}\", but the features of this build select \
                     \"{selected}\" as the source of the default roots\n`cargo tree --edges features \
                     --invert embedded-roots` shows which package enables them"
                )),
                None => Err(format!(
                    "EMBEDDED_ROOTS_EXPECT_DEFAULT is \"{expected}\", but no feature of this build gives the \
                     default roots a source: enable the feature `{expected}` of embedded-roots"
                )),
            };
            assert_eq!(check_default(expected, &sources), verdict, "{sources:?}");
        }
    }
}

#[test]
fn empty_variable_allows_every_default_source() {
    for (compiled_in, _) in SELECTIONS {
        assert_eq!(check_default("", &sources(compiled_in)), Ok(()));
    }
}

#[test]
fn unknown_default_sources_are_errors_in_every_build() {
    for (value, shown) in [
        ("Mozilla", "\"Mozilla\""),
        ("mozilla ", "\"mozilla \""),
        ("mozilla,system", "\"mozilla,system\""),
        ("webpki_roots", "\"webpki_roots\""),
        ("\u{202e}\"\n", "\"\\u{202e}\\\"\\n\""),
    ] {
        for (compiled_in, _) in SELECTIONS {
            let error = check_default(value, &sources(compiled_in)).unwrap_err();
            let expected = format!(
                "EMBEDDED_ROOTS_EXPECT_DEFAULT is {shown}: expected one of custom, mozilla, webpki-roots, system"
            );
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn unexpected_digest_is_an_error_with_both() {
    let digits = |nibble: &str| nibble.repeat(64);
    let colons = ["AA"; 32].join(":");
    for name in ["custom", "mozilla", "webpki-roots"] {
        let selected = Some((name, [0xaa; 32]));
        for right in [&digits("a"), &digits("A"), &colons, ""] {
            assert_eq!(check_sha256(right, selected), Ok(()), "{right}");
        }
        // Another digest in the first byte alone, and in the last.
        for wrong in [
            digits("b"),
            "b".to_owned() + &"a".repeat(63),
            "a".repeat(63) + "b",
        ] {
            let error = check_sha256(&wrong, selected).unwrap_err();
            let compiled_in = digits("a");
            let expected = format!(
                "the selected bundle, `{name}`, is not the pinned one\n\
                 expected (EMBEDDED_ROOTS_SHA256): {wrong}\n\
                 compiled in:                      {compiled_in}\n\
                 if the change is intended, pin the second digest"
            );
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn pinned_digest_without_a_bundle_is_an_error() {
    assert_eq!(check_sha256("", None), Ok(()));
    let error = check_sha256(&"0".repeat(64), None).unwrap_err();
    let expected = "EMBEDDED_ROOTS_SHA256 is set, but no bundle is compiled in";
    assert_eq!(error, expected);
}

#[test]
fn malformed_digest_pin_is_an_error_in_every_build() {
    for value in [
        "sha256:00".to_owned(),
        "0".repeat(63),
        "0".repeat(65),
        "g".repeat(64),
        " ".to_owned(),
    ] {
        for selected in [None, Some(("custom", [0; 32]))] {
            let error = check_sha256(&value, selected).unwrap_err();
            let expected =
                format!("EMBEDDED_ROOTS_SHA256 is \"{value}\": expected 64 hexadecimal digits");
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn old_name_of_the_variable_is_an_error() {
    assert_eq!(check_old_name(""), Ok(()));
    let error = check_old_name("mozilla").unwrap_err();
    let expected = "EMBEDDED_ROOTS_DEFAULT is now called EMBEDDED_ROOTS_EXPECT_DEFAULT, because it checks \
                    the default and does not set it: rename the variable";
    assert_eq!(error, expected);
}
