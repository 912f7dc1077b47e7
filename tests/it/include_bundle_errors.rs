//! What a user sees when `include_bundle!` cannot make a bundle: compile errors at what has to change.

use std::fmt::Write as _;

use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_testing::authority::{
    annotated, ca_params, intermediate, root, root_with, server,
};
use rcgen::IsCa;

use crate::public_key::PUBLIC_KEY;
use crate::scratch::Package;

/// A package with a file `certs/corp.pem` of two roots.
fn package() -> Package {
    let package = Package::with_features("include-errors", &["macros"]);
    let pem = root("One Root CA").pem() + &root("Other Root CA").pem();
    package.file("certs/corp.pem", pem);
    package
}

/// Compiles each `include_bundle!(...)` in one program, and compares its errors: what is wrong, and
/// at which tokens.
#[track_caller]
fn assert_errors(package: Package, cases: &[(&str, &str, &str)]) {
    let item = |nth: usize, call: &str| format!("pub static B{nth}: Bundle = {call};");
    assert_errors_of("include_bundle", item, package, cases);
}

/// The same of another macro, and the item with a call of it.
#[track_caller]
fn assert_errors_of(
    name: &str,
    item: impl Fn(usize, &str) -> String,
    package: Package,
    cases: &[(&str, &str, &str)],
) {
    let mut main = format!("#[allow(unused)]\nuse embedded_roots::{{Bundle, {name}}};\n");
    for (nth, (arguments, ..)) in cases.iter().enumerate() {
        let _ = writeln!(main, "{}", item(nth, &format!("{name}!({arguments})")));
    }
    let package = package.main(&(main + "fn main() {}\n"));
    let errors = package.compile_errors();
    for (nth, (arguments, message, at)) in cases.iter().enumerate() {
        let (is, is_at) = errors.get(nth).map_or(("", ""), |(is, at)| (is, at));
        assert_eq!((is, is_at), (*message, *at), "{name}!({arguments})");
    }
    assert_eq!(errors.len(), cases.len(), "{errors:?}");
}

#[test]
fn unusable_files_are_errors_at_their_literal() {
    let package = package();
    let ca = root("CA");
    let leaf = root_with("www.corp.example", |params| {
        params.is_ca = IsCa::ExplicitNoCa;
    });
    let lines = ca.pem().lines().count();
    package.file("key.pem", ca.pem() + &ca.key().serialize_pem());
    package.file("leaf.pem", ca.pem() + &leaf.pem());
    let public = ca_params("A root").signed_by(&PUBLIC_KEY, &ca).unwrap();
    package.file("public.pem", ca.pem() + &public.pem());
    package.file(
        "typo.pem",
        "\n# embedded-roots: permited-dns=.example\n".to_owned() + &ca.pem(),
    );
    package.file("narrow.pem", annotated("permitted-dns=.example", &ca));
    package.file("ca.pem", ca.pem());

    let folder = package.folder().to_owned();
    let path = |path: &str| {
        let file = folder.join(path).display().to_string();
        format!("paths are relative to the folder of Cargo.toml: this one is {file}")
    };
    let why = std::fs::read(folder.join("none")).unwrap_err();
    let missing = &format!("cannot be read: {why}");
    let key = "a private key: anyone who has the program can read what is compiled in; remove the key \
               from this file";
    let end_entity = "\"CN=www.corp.example\" is an end-entity certificate (basic constraints: CA \
                      false), not a root; use the certificate of the CA that issued it, or \
                      pin that of a server (`RootsBuilder::pinned_certificate`)";
    let distrusted = "\"CN=A root\" has a key that is distrusted since 2026-10-18: \
                      CVE-2026-111943,GHSA-6q48-6c7w-9gw2,RUSTSEC-2026-0382; remove this certificate";
    let keys =
        "the keys are distrust-after, permitted-dns, excluded-dns, permitted-ip, excluded-ip";
    let absolute = "is an absolute path, which other machines do not have: paths are relative to the \
                    folder of Cargo.toml";
    let after = lines + 1;
    let outside = "it is outside that folder, so `cargo package` leaves it out";
    let cases = [
        (
            "certs/none.pem",
            format!("certs/none.pem {missing}\n{}", path("certs/none.pem")),
        ),
        (
            "../none.pem",
            format!("../none.pem {missing}\n{}; {outside}", path("../none.pem")),
        ),
        (
            "a\\u{202e}b",
            format!("a\\u{{202e}}b {missing}\n{}", path("a\\u{202e}b")),
        ),
        (
            "certs",
            format!(
                "certs cannot be read: it is a directory, not a regular file: name the PEM \
                 files in it\n{}",
                path("certs")
            ),
        ),
        ("", "expected the path of a PEM file".to_owned()),
        ("/etc/corp.pem", format!("/etc/corp.pem {absolute}")),
        ("key.pem", format!("key.pem, line {after}: {key}")),
        ("leaf.pem", format!("leaf.pem, line {after}: {end_entity}")),
        (
            "public.pem",
            format!("public.pem, line {after}: {distrusted}"),
        ),
        (
            "typo.pem",
            format!("typo.pem, line 2: unknown annotation \"permited-dns\": {keys}"),
        ),
    ];
    let cases = cases.map(|(path, message)| (format!("\"{path}\""), message));
    let mut cases: Vec<_> = cases
        .iter()
        .map(|(literal, message)| (literal.as_str(), message.as_str(), literal.as_str()))
        .collect();
    // The error is at the file that is wrong.
    let in_key = format!("key.pem, line {after}: {key}");
    cases.push(("\"ca.pem\", \"key.pem\"", &in_key, "\"key.pem\""));
    cases.push((
        "\"ca.pem\", \"narrow.pem\"",
        "ca.pem, narrow.pem: \"CN=CA\" appears more than once (lines 1 and 2), with different limits: line 1 has none, line 2 has \
         permitted-dns=.example; to use the narrower limits, remove line 1 (name and key are the same, so the other \
         verifies what both have issued)",
        "\"narrow.pem\"",
    ));
    assert_errors(package, &cases);
}

#[test]
fn files_that_are_not_pem_are_errors() {
    let package = package();
    let ca = root("CA");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(ca.pem().bytes().flat_map(|byte| [byte, 0]))
        .collect();
    let latin1 = |line: &[u8]| [line, ca.pem().as_bytes()].concat();
    package.file("empty.pem", "");
    package.file("utf16.pem", utf16);
    package.file("der.crt", ca.der());
    package.file("comment.pem", latin1(b"# Z\xfcrich\n"));
    let annotation = b"\n\n# embedded-roots: permitted-dns=z\xfcrich.example\n";
    package.file("latin1.pem", latin1(annotation));

    let no_certificate = "no certificate: expected -----BEGIN CERTIFICATE-----";
    let empty = format!("empty.pem: {no_certificate}; it is empty");
    let utf16 = format!(
        "utf16.pem: {no_certificate}; it is text in UTF-16, save it as UTF-8, or convert it with `embedded-roots list --pem`"
    );
    let der = format!(
        "der.crt: {no_certificate}; it is DER, convert it to PEM with `openssl x509 -inform DER`"
    );
    let latin1 = "latin1.pem, line 3: bad value \"z\u{fffd}rich.example\" of permitted-dns: write the name \
                  in its ASCII form, which begins with xn--";
    let cases = [
        ("\"empty.pem\"", &*empty, "\"empty.pem\""),
        ("\"utf16.pem\"", &utf16, "\"utf16.pem\""),
        ("\"der.crt\"", &der, "\"der.crt\""),
        // A comment may be of any bytes, an annotation may not.
        ("\"comment.pem\", \"latin1.pem\"", latin1, "\"latin1.pem\""),
    ];
    assert_errors(package, &cases);
}

#[test]
fn unknown_names_and_wrong_pins_are_errors() {
    let package = package();
    let zeros = "0".repeat(64);
    let sha1 = "00:".repeat(19) + "00";
    let corp = std::fs::read(package.folder().join("certs/corp.pem")).unwrap();
    let fingerprints: Vec<_> = rustls_pemfile::certs(&mut &corp[..])
        .map(|der| hex(&sha256(&der.unwrap())))
        .collect();
    let mut set: Vec<[u8; 32]> = rustls_pemfile::certs(&mut &corp[..])
        .map(|der| sha256(&der.unwrap()))
        .collect();
    set.sort_unstable();
    let digest = hex(&sha256(&set.concat()));

    let none = "no root of certs/corp.pem has the";
    let its_roots = "its roots are \"One Root CA\", \"Other Root CA\"";
    let pinned = |origin: &str, digest: &str| {
        format!(
            "the bundle of {origin} is not the pinned one\nexpected:    {zeros}\ncompiled in: \
             {digest}\nif the change is intended, pin the second digest"
        )
    };
    let mozillas = hex(&embedded_roots::mozilla::BUNDLE.sha256());
    let unknown = format!(
        "{none} SHA-256 fingerprint {zeros}; its fingerprints are {}, {}",
        fingerprints[0], fingerprints[1]
    );
    let unknown_in_mozillas =
        format!("no root of Mozilla's list has the SHA-256 fingerprint {zeros}");
    let case = |arguments: String, message: String, at: String| (arguments, message, at);
    let corp = |options: &str| format!("\"certs/corp.pem\", {options}");
    let quoted = |name: &str| format!("\"{name}\"");
    let cases = [
        case(
            corp("only = [\"One\"]"),
            format!("{none} subject or common name \"One\"; {its_roots}"),
            quoted("One"),
        ),
        case(
            corp("only = [\"Other Root CA\", \"one root ca\"]"),
            format!("{none} subject or common name \"one root ca\"; {its_roots}"),
            quoted("one root ca"),
        ),
        case(
            corp("without = [\"Other\"]"),
            format!(
                "{none} subject or common name \"Other\"; its roots are \"Other Root CA\", \"One Root CA\""
            ),
            quoted("Other"),
        ),
        case(
            corp("only = [\"One Root CA\"], without = [\"Other Root CA\"]"),
            format!(
                "{none} subject or common name \"Other Root CA\"; its roots are \"One Root CA\""
            ),
            quoted("Other Root CA"),
        ),
        case(
            corp("without = [\"One Root CA\", \"Other Root CA\"]"),
            "this removes the last root of certs/corp.pem".to_owned(),
            quoted("One Root CA"),
        ),
        case(
            corp(&format!("only = [\"{zeros}\"]")),
            unknown,
            quoted(&zeros),
        ),
        case(
            corp(&format!("only = [\"{sha1}\"]")),
            format!("{sha1} is not a SHA-256 fingerprint: it has 40 digits, not 64"),
            quoted(&sha1),
        ),
        case(
            format!("mozilla, without = [\"{zeros}\"]"),
            unknown_in_mozillas,
            quoted(&zeros),
        ),
        case(
            corp(&format!("sha256 = \"{zeros}\"")),
            pinned("certs/corp.pem", &digest),
            quoted(&zeros),
        ),
        case(
            format!("mozilla, sha256 = \"{zeros}\""),
            pinned("Mozilla's list", &mozillas),
            quoted(&zeros),
        ),
        case(
            corp("sha256 = \"sha256:00\""),
            "\"sha256:00\": expected 64 hexadecimal digits".to_owned(),
            quoted("sha256:00"),
        ),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|(arguments, message, at)| (arguments.as_str(), message.as_str(), at.as_str()))
        .collect();
    assert_errors(package, &cases);
}

/// Instead of rustc's error that there is no such macro.
#[test]
fn missing_feature_is_an_error_that_names_it() {
    let package = Package::with_features("include-nothing", &["mozilla"]);
    let expected = "`include_bundle!` needs the feature `macros`: `cargo add embedded-roots \
                    --features macros`";
    assert_errors(
        package,
        &[
            (
                "\"certs/corp.pem\"",
                expected,
                "include_bundle!(\"certs/corp.pem\")",
            ),
            (
                "mozilla, only = [\"ISRG Root X1\"]",
                expected,
                "include_bundle!(mozilla, only = [\"ISRG Root X1\"])",
            ),
        ],
    );
}

#[test]
fn all_unknown_names_are_found_at_once() {
    let package = package().main(
        "static CORP: embedded_roots::Bundle = embedded_roots::include_bundle!(\"certs/corp.pem\", only = \
         [\"A\", \"One Root CA\", \"B\"]);\nfn main() {}\n",
    );
    let at: Vec<_> = package
        .compile_errors()
        .into_iter()
        .map(|(_, at)| at)
        .collect();
    assert_eq!(at, ["\"A\"", "\"B\""]);
}

#[test]
fn malformed_arguments_are_errors() {
    const EXPECTED: &str = "expected a path in quotation marks, `mozilla`, or an option: `sha256 = \"...\"`, \
                            `only = [\"...\"]`, `without = [\"...\"]`";
    const LIST: &str =
        "expected `only = [\"...\", \"...\"]`: subjects, common names or SHA-256 fingerprints";
    const DIGEST: &str = "expected `sha256 = \"...\"`";
    const OPTIONS: &str = "the options are `sha256`, `only` and `without`";
    const WHICH: &str = "expected a PEM file, `include_bundle!(\"certs/corp.pem\")`, or a part of \
                         Mozilla's list, `include_bundle!(mozilla, only = [\"ISRG Root X1\"])`";

    let unknown = format!("unknown option `onyl`: {OPTIONS}");
    assert_errors(
        package(),
        &[
            ("", WHICH, "include_bundle!()"),
            ("only = [\"CA\"]", WHICH, "include_bundle!(only = [\"CA\"])"),
            ("firefox", EXPECTED, "firefox"),
            ("certs/corp.pem", EXPECTED, "certs"),
            ("b\"certs/corp.pem\"", EXPECTED, "b\"certs/corp.pem\""),
            ("c\"certs/corp.pem\"", EXPECTED, "c\"certs/corp.pem\""),
            ("1", EXPECTED, "1"),
            ("concat!(\"certs/\", \"corp.pem\")", EXPECTED, "concat"),
            ("(\"certs/corp.pem\")", EXPECTED, "(\"certs/corp.pem\")"),
            (
                "\"certs/corp.pem\" only = [\"CA\"]",
                EXPECTED,
                "\"certs/corp.pem\"",
            ),
            ("\"certs/corp.pem\",, mozilla", EXPECTED, ","),
            (",", EXPECTED, ","),
            ("\"certs/corp.pem\", onyl = [\"CA\"]", &unknown, "onyl"),
            ("mozilla, only", EXPECTED, "only"),
            ("mozilla, only = ", LIST, "only"),
            ("mozilla, only = \"ISRG Root X1\"", LIST, "\"ISRG Root X1\""),
            ("mozilla, only = [ISRG]", LIST, "ISRG"),
            ("mozilla, only = [\"ISRG\" \"Root\"]", LIST, "\"ISRG\""),
            ("mozilla, only = []", LIST, "[]"),
            ("mozilla, only = [\"a\"] + [\"b\"]", LIST, "[\"a\"]"),
            ("mozilla, sha256 = 1", DIGEST, "1"),
            ("mozilla, sha256 = [\"\"]", DIGEST, "[\"\"]"),
            ("mozilla, sha256 = ", DIGEST, "sha256"),
            (
                "mozilla, only = [\"a\"], only = [\"b\"]",
                "`only` is given twice",
                "only",
            ),
            (
                "mozilla, sha256 = \"\", sha256 = \"\"",
                "`sha256` is given twice",
                "sha256",
            ),
            (
                "mozilla, without = [\"a\"], without = [\"a\"]",
                "`without` is given twice",
                "without",
            ),
            ("mozilla, mozilla", "`mozilla` is given twice", "mozilla"),
            (
                "\"certs/corp.pem\", mozilla",
                "`mozilla` cannot be combined with files: declare a static for each, and pass both to \
                 `Roots::builder()`",
                "mozilla",
            ),
        ],
    );
}

#[test]
fn unusable_intermediates_are_errors_at_their_literal() {
    let package = package();
    let ca = root("CA");
    let between = intermediate("Between", &ca);
    package.file("between.pem", between.pem());
    package.file("narrow.pem", annotated("permitted-dns=.example", &between));
    package.file(
        "leaf.pem",
        between.pem() + &server(&ca, "a.example").chain_pem(),
    );
    let line = between.pem().lines().count() + 1;
    let leaf = format!(
        "leaf.pem, line {line}: \"CN=a server\" does not say that it is a CA (basic constraints), as an intermediate \
         has to"
    );
    let expected = "expected a PEM file, `include_intermediates!(\"certs/intermediates.pem\")`";
    let cases = [
        (
            r#""between.pem", "certs/corp.pem""#,
            "certs/corp.pem, line 1: \"CN=One Root CA\" is self-issued: it is a root, which cannot complete a chain; \
             add it as a root if you trust it, or else remove it",
            r#""certs/corp.pem""#,
        ),
        (r#""leaf.pem""#, &leaf, r#""leaf.pem""#),
        (
            r#""narrow.pem""#,
            "narrow.pem, line 2: \"CN=Between\" has an annotation, which only a root can have",
            r#""narrow.pem""#,
        ),
        (r#"only = ["Between"]"#, expected, "only"),
        ("mozilla", expected, "mozilla"),
    ];
    let item = |nth: usize, call: &str| format!("pub fn f{nth}() {{ {call}; }}");
    assert_errors_of("include_intermediates", item, package, &cases);
}
