//! The error messages that a user sees when a bundle cannot be compiled in.

use std::path::Path;

use embedded_roots::mozilla;
use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::shown_value;
use embedded_roots_testing::authority::{
    P521, annotated, ca_params, certificate_with, root, root_with,
};
use rcgen::{IsCa, KeyUsagePurpose};

use crate::public_key::PUBLIC_KEY;
use crate::scratch::Package;

const FILE: &str = "EMBEDDED_ROOTS_FILE";

fn package() -> Package {
    Package::with_features("build-error", &["custom"])
}

#[track_caller]
fn error_for(pem: impl AsRef<[u8]>) -> (String, String) {
    let package = package();
    let path = package.file("corp.pem", pem);
    let error = package.env(FILE, &path).build_error();
    (error, shown(&path))
}

/// As the message shows it: a temporary folder may have a long name.
fn shown(path: &Path) -> String {
    shown_value(&path.display().to_string())
}

#[test]
fn missing_or_empty_variable_is_an_error() {
    let how = "set it to an absolute path, or let Cargo make one, in .cargo/config.toml of your \
               workspace:\n\n    [env]\n    EMBEDDED_ROOTS_FILE = { value = \"certs/roots.pem\", \
               relative = true }";
    let what =
        "the feature `custom` compiles in the PEM file named by EMBEDDED_ROOTS_FILE, which is";
    let mut package = package();
    assert_eq!(package.build_error(), format!("{what} not set\n{how}"));
    package.set_env(FILE, "");
    assert_eq!(package.build_error(), format!("{what} empty\n{how}"));
}

#[test]
fn the_example_in_the_message_works() {
    let package = package().main(include_str!("../programs/bundle_size.rs"));
    package.file("certs/roots.pem", root("CA").pem());
    let error = package.build_error();
    let (_, example) = error.split_once("\n\n").unwrap();
    let example: Vec<_> = example.lines().map(str::trim_start).collect();
    package.file(
        ".cargo/config.toml",
        example.join(
            "
",
        ),
    );
    assert_eq!(package.run(), "1");
}

#[test]
fn a_documentation_build_needs_no_file() {
    let package =
        package().main("fn main() { print!(\"{:?}\", embedded_roots::bundle().is_empty()) }");
    assert_eq!(package.env("DOCS_RS", "1").run(), "true");
}

#[test]
fn relative_path_is_an_error() {
    let error = package().env(FILE, "corp.pem").build_error();
    let start = "EMBEDDED_ROOTS_FILE names corp.pem, which is a relative path";
    assert!(error.starts_with(start), "{error}");
    let example = "EMBEDDED_ROOTS_FILE = { value = \"corp.pem\", relative = true }";
    assert!(error.ends_with(example), "{error}");
}

#[test]
fn unreadable_file_is_an_error() {
    let package = package();
    let missing = package.folder().join("missing.pem");
    let error = package.env(FILE, &missing).build_error();
    let start = format!("{} cannot be read: ", shown(&missing));
    assert!(error.starts_with(&start), "{error}");

    let package = self::package();
    let folder = package.folder().to_owned();
    let error = package.env(FILE, &folder).build_error();
    assert_eq!(
        error,
        format!(
            "{} cannot be read: it is a directory, not a regular file: name the PEM files in it",
            shown(&folder)
        )
    );
}

/// Cargo prints the error, and keeps it in the log of the build: a private key must not be in it.
#[test]
fn pem_in_the_variable_is_an_error_that_shows_none_of_it() {
    let ca = root("CA");
    let pem = ca.pem() + &ca.key().serialize_pem();
    let body = pem.lines().filter(|line| !line.starts_with('-'));
    let body: Vec<_> = body.collect();
    let mut package = package();
    for value in [pem.clone(), body.concat()] {
        package.set_env(FILE, &value);
        let error = package.build_error();
        assert!(
            error.starts_with("EMBEDDED_ROOTS_FILE: it holds "),
            "{error}"
        );
        assert!(error.contains("in place of a path: write "), "{error}");
        assert!(!body.iter().any(|line| error.contains(line)), "{error}");
    }
    package.set_env(FILE, package.file("corp.pem", &pem[..ca.pem().len()]));
    for variable in ["EMBEDDED_ROOTS_SHA256", "EMBEDDED_ROOTS_EXPECT_DEFAULT"] {
        package.set_env(variable, &pem);
        let error = package.build_error();
        let start = format!("{variable} is PEM text: expected ");
        assert!(error.starts_with(&start), "{error}");
        assert!(!body.iter().any(|line| error.contains(line)), "{error}");
        package.set_env(variable, "");
    }
}

#[test]
fn error_shows_at_most_80_characters_of_the_variable() {
    let mut package = package();
    let long = "folder/".repeat(20);
    for value in [
        long.clone(),
        format!("/{long}ca.pem"),
        format!("/{long}\u{7f}"),
    ] {
        package.set_env(FILE, &value);
        let error = package.build_error();
        assert!(error.contains("folder/folder/"), "{error}");
        assert!(!error.contains(&"folder/".repeat(11)), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn endless_file_is_an_error() {
    let error = package().env(FILE, "/dev/zero").build_error();
    assert_eq!(error, "/dev/zero cannot be read: not a regular file");
}

#[test]
fn mistakes_in_the_file_have_their_line() {
    let ca = root("CA");
    let pem = ca.pem();
    let lines = pem.lines().count();
    let in_text = |line: &str| format!("The roots of Example Corp\n\n{line}\n{pem}");
    for (file, line, reason) in [
        (
            String::new(),
            None,
            "no certificate: expected -----BEGIN CERTIFICATE-----; it is empty".to_owned(),
        ),
        (
            pem.replace("-----END CERTIFICATE-----", ""),
            Some(1),
            "-----BEGIN CERTIFICATE----- without its -----END".to_owned(),
        ),
        (
            pem.replacen("\nMII", "\nM*I", 1),
            Some(2),
            "bad base64: '*' in a CERTIFICATE".to_owned(),
        ),
        (
            pem.clone() + &ca.key().serialize_pem(),
            Some(lines + 1),
            "a private key: anyone who has the program can read what is compiled in; remove the \
             key from this file"
                .to_owned(),
        ),
        (
            in_text("# embedded-roots: permited-dns=.example"),
            Some(3),
            "unknown annotation \"permited-dns\": the keys are distrust-after, permitted-dns, \
             excluded-dns, permitted-ip, excluded-ip"
                .to_owned(),
        ),
        (
            in_text("# embedded-roots: permitted-dns=*.example"),
            Some(3),
            "bad value \"*.example\" of permitted-dns: expected a DNS name such as".to_owned(),
        ),
        (
            pem.clone() + "# embedded-roots: permitted-dns=.example\n",
            Some(lines + 1),
            "this annotation has no certificate after it".to_owned(),
        ),
    ] {
        let (error, path) = error_for(file);
        let expected = match line {
            Some(line) => format!("{path}, line {line}: {reason}"),
            None => format!("{path}: {reason}"),
        };
        assert!(error.starts_with(&expected), "{error}\n{expected}");
    }
}

#[test]
fn file_that_is_not_pem_is_an_error() {
    let ca = root("CA");
    let pem = ca.pem();
    let utf16 = [0xff, 0xfe].into_iter();
    let utf16: Vec<u8> = utf16
        .chain(pem.bytes().flat_map(|byte| [byte, 0]))
        .collect();
    for (file, hint) in [
        (
            utf16,
            "it is text in UTF-16, save it as UTF-8, or convert it with `embedded-roots list --pem`",
        ),
        (
            ca.der().to_vec(),
            "it is DER, convert it to PEM with `openssl x509 -inform DER`",
        ),
    ] {
        let (error, path) = error_for(file);
        let expected =
            format!("{path}: no certificate: expected -----BEGIN CERTIFICATE-----; {hint}");
        assert_eq!(error, expected);
    }

    // A comment in Latin-1 is ignored like any other; an annotation must be understood.
    let package = package();
    let text = |line: &[u8]| [line, pem.as_bytes()].concat();
    let path = package.file("corp.pem", text(b"# Z\xfcrich\n"));
    package.env(FILE, path).build();
    let (error, path) = error_for(text(b"# embedded-roots: permitted-dns=z\xfcrich.example\n"));
    let start =
        format!("{path}, line 1: bad value \"z\u{fffd}rich.example\" of permitted-dns: write");
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn an_end_entity_certificate_is_named() {
    let leaf = root_with("www.corp.example", |params| {
        params.is_ca = IsCa::ExplicitNoCa;
    });
    let (error, path) = error_for(root("CA").pem() + "\n" + &leaf.pem());
    let line = root("CA").pem().lines().count() + 2;
    let text = format!(
        "{path}, line {line}: \"CN=www.corp.example\" is an end-entity certificate (basic \
         constraints: CA false), not a root; use the certificate of the CA that issued it, or \
         pin that of a server (`RootsBuilder::pinned_certificate`)"
    );
    assert_eq!(error, text);

    let signer = root_with("Signer", |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    });
    let (error, path) = error_for(signer.pem());
    let start = format!("{path}, line 1: \"CN=Signer\" may not issue certificates (key usage");
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn conflicting_files_are_an_error() {
    let package = package();
    let ca = root("CA");
    let one = package.file("one.pem", ca.pem());
    let other = package.file("other.pem", annotated("permitted-dns=.example", &ca));
    let both = std::env::join_paths([one, other]).unwrap();
    let error = package.env(FILE, &both).build_error();
    assert!(error.starts_with("EMBEDDED_ROOTS_FILE ("), "{error}");
    assert!(
        error.contains("\"CN=CA\" appears more than once"),
        "{error}"
    );
    let advice = "to use the narrower limits, remove line 1 ";
    assert!(error.contains(advice), "{error}");
}

/// The combinations are tested in crates/bundle.
#[test]
fn pinned_digest_is_that_of_the_selected_bundle() {
    let digest = |bundle: &embedded_roots::Bundle| hex(&bundle.sha256());
    let custom = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/custom.pem");
    let pinned = digest(&embedded_roots::custom::BUNDLE);
    let mozillas = digest(&embedded_roots::mozilla::BUNDLE);

    let mut package = Package::with_features("pinned", &["custom", "mozilla"]).env(FILE, custom);
    package.set_env("EMBEDDED_ROOTS_SHA256", &mozillas);
    let error = package.build_error();
    let expected = format!(
        "the selected bundle, `custom`, is not the pinned one\n\
         expected (EMBEDDED_ROOTS_SHA256): {mozillas}\n\
         compiled in:                      {pinned}\n\
         if the change is intended, pin the second digest"
    );
    assert_eq!(error, expected);
    package.set_env("EMBEDDED_ROOTS_SHA256", &pinned);
    package.build();
}

/// No file of roots may bring a key back whose private key is public.
#[test]
fn file_with_distrusted_key_is_refused() {
    let ca = root("CA");
    let public = ca_params("A root").signed_by(&PUBLIC_KEY, &ca).unwrap();
    let (error, path) = error_for(ca.pem() + &public.pem());
    let line = ca.pem().lines().count() + 1;
    let expected = format!(
        "{path}, line {line}: \"CN=A root\" has a key that is distrusted since 2026-10-18: \
         CVE-2026-111943,GHSA-6q48-6c7w-9gw2,RUSTSEC-2026-0382; remove this certificate"
    );
    assert_eq!(error, expected);
}

/// Cargo shows warnings for packages of a workspace and for paths.
#[test]
fn root_that_the_provider_cannot_use_is_a_warning() {
    let of_p521 = certificate_with(mozilla::annotated_pem(), P521);
    let pem = format!("{of_p521}{}", root("CA").pem());

    let warnings = |features: &[&str]| {
        let package = Package::with_features("build-warning", features);
        let path = package.file("corp.pem", &pem);
        let output = package.env(FILE, &path).cargo(&["check"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        let warnings = text.lines().filter(|line| line.contains(FILE));
        warnings.map(str::to_owned).collect::<Vec<_>>()
    };
    let by_ring = warnings(&["custom", "ring"]);
    assert_eq!(by_ring.len(), 1, "{by_ring:?}");
    let text = "a root of EMBEDDED_ROOTS_FILE has a key of the type P-521, which the crypto provider ring cannot use: CN=";
    assert!(by_ring[0].contains(text), "{by_ring:?}");
    // Nobody knows which provider it will be.
    assert_eq!(warnings(&["custom", "rustls"]), Vec::<String>::new());
}
