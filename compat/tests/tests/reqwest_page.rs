//! docs/reqwest.md: each of its blocks is run in an empty root directory.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Once};

use drop_in_tests::{PLAIN, SECOND, pem, plain};
use embedded_roots_testing::server::{config, read_request, serve};
use rustls::ALL_VERSIONS;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::empty_root::{RUSTFLAGS, TARGET, command, succeeded, target};

mod empty_root;

const PAGE: &str = include_str!("../../../docs/reqwest.md");

/// The versions of all programs here. Where compat/proof/Cargo.lock has the same, aws-lc-rs is compiled once for
/// both.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// The host of the page's code.
const HOST: &str = "example.com";

const TITLE: &str = "# reqwest 0.13: \"No CA certificates were loaded from the system\"";
const EMBEDDED_ROOTS: &str = "## 1. Compile roots in with embedded-roots";
const OWN_API: &str = "## 2. Compile roots in with reqwest's own API";
const SAME_CODE: &str = "## 3. Leave the code as it is";

/// Why the server's CA is refused, by rustls' own verifier and by that of embedded-roots.
const UNKNOWN: &str = "UnknownIssuer";
const NOT_MOZILLA: &str = "is not trusted by bundle mozilla";

/// The headings and languages of all blocks.
const BLOCKS: [(&str, &str); 10] = [
    (TITLE, "toml"),
    (TITLE, "rust,ignore"),
    (TITLE, "text"),
    (EMBEDDED_ROOTS, "toml"),
    (EMBEDDED_ROOTS, "rust,ignore"),
    (OWN_API, "toml"),
    (OWN_API, "rust,ignore"),
    (SAME_CODE, "toml"),
    (SAME_CODE, "dockerfile"),
    (SAME_CODE, "sh"),
];

#[test]
fn no_block_is_left_out() {
    let blocks: Vec<_> = blocks().into_iter().map(|(place, _)| place).collect();
    assert_eq!(blocks, BLOCKS);
}

#[test]
#[ignore = "needs root, for chroot, and a minute for builds; .ci/run runs it"]
fn default_client_is_not_made() {
    build_default_client();
    let expected = block(TITLE, "text");
    let (_, message) = TITLE.split_once(": ").unwrap();
    assert!(expected.contains(message), "{expected}");
    assert_eq!(run("default").unwrap_err(), expected);
    assert_eq!(run("default-http").unwrap_err(), expected);
    let panic = run("default-new").unwrap_err();
    let error = expected.strip_prefix("Error: ").unwrap();
    let expected = format!("Client::new(): {error}");
    assert!(
        panic.contains("panicked at ") && panic.contains(&expected),
        "{panic}"
    );

    for (package, text) in [
        ("reqwest", "| | reqwest 0.12.28 | reqwest VERSION |"),
        (
            "rustls-platform-verifier",
            "rustls-platform-verifier (VERSION here)",
        ),
    ] {
        let text = text.replace("VERSION", locked(package));
        assert!(PAGE.contains(&text), "not on the page: {text}");
    }
}

#[test]
#[ignore = "needs root, for chroot, and a minute for builds; .ci/run runs it"]
fn client_of_embedded_roots_trusts_its_bundle() {
    let code = block(EMBEDDED_ROOTS, "rust,ignore");
    let mozilla = block(EMBEDDED_ROOTS, "toml");
    let custom = replaced(&mozilla, "[\"reqwest\"]", "[\"custom\", \"reqwest\"]");
    let patch = patch(&[("embedded-roots", &checkout())]);
    for (program, manifest) in [("embedded-mozilla", mozilla), ("embedded-custom", custom)] {
        build(program, &(manifest + &patch), &[(program, &code)]);
    }
    assert_refused("embedded-mozilla", NOT_MOZILLA);
    assert_accepted("embedded-custom");
}

#[test]
#[ignore = "needs root, for chroot, and a minute for builds; .ci/run runs it"]
fn own_api_of_reqwest_trusts_the_certificates_that_it_is_given() {
    let code = block(OWN_API, "rust,ignore");
    let manifest = block(OWN_API, "toml");
    let merge = replaced(&code, "tls_certs_only", "tls_certs_merge");
    let unchanged = [("own-api", &*code), ("own-api-merge", &*merge)];
    build("own-api", &manifest, &unchanged);
    for (program, _) in unchanged {
        assert_refused(program, UNKNOWN);
    }

    // A package in place of webpki-root-certs, whose one certificate is that of the server's CA.
    let stand_in = folder("webpki-root-certs");
    // Cargo prefers a version that is locked.
    let version = locked("webpki-root-certs");
    let stand_in_manifest = format!(
        "[package]\nname = \"webpki-root-certs\"\nversion = \"{version}\"\nedition = \"2024\"\n\n\
         [dependencies]\nrustls-pki-types = {{ version = \"1\", default-features = false }}\n\n[workspace]\n"
    );
    let source = "use rustls_pki_types::CertificateDer;\n\n\
        pub const TLS_SERVER_ROOT_CERTS: &[CertificateDer<'static>] =\n    \
        &[CertificateDer::from_slice(include_bytes!(\"root.der\"))];\n";
    let root = CertificateDer::from_pem_slice(pem(PLAIN).as_bytes()).unwrap();
    write(&stand_in.join("Cargo.toml"), stand_in_manifest);
    write(&stand_in.join("src/lib.rs"), source);
    write(&stand_in.join("src/root.der"), &root);
    let certificates = replaced(
        &code,
        "TLS_SERVER_ROOT_CERTS.iter()",
        "embedded_roots::certificates().iter()",
    );
    let patch = patch(&[
        ("embedded-roots", &checkout()),
        ("webpki-root-certs", &stand_in),
    ]);
    let custom = "embedded-roots = { version = \"0.1\", features = [\"custom\"] }\n";
    let programs = [
        ("given-api", &*code),
        ("given-api-merge", &*merge),
        ("given-api-certificates", &*certificates),
    ];
    build("given-api", &(manifest + custom + &patch), &programs);
    for (program, _) in programs {
        assert_accepted(program);
    }
}

#[test]
#[ignore = "needs root, for chroot, and a minute for builds; .ci/run runs it"]
fn patched_client_trusts_the_bundle() {
    let code = block(TITLE, "rust,ignore");
    let dependencies = block(TITLE, "toml");
    let compat = format!("\"{}/compat/", checkout().display());
    let patch = replaced(
        &block(SAME_CODE, "toml"),
        "\"embedded-roots/compat/",
        &compat,
    );
    let custom = "rustls-platform-verifier = { version = \"0.7\", features = [\"custom\"] }\n";
    for (program, custom) in [("patched-mozilla", ""), ("patched-custom", custom)] {
        let manifest = format!("{dependencies}{custom}\n{patch}");
        build(program, &manifest, &[(program, &code)]);
    }
    assert_refused("patched-mozilla", NOT_MOZILLA);
    assert_accepted("patched-custom");
}

#[test]
#[ignore = "needs root, for chroot, and a minute for builds; .ci/run runs it"]
fn default_client_trusts_the_file_that_is_added_to_its_image() {
    build_default_client();
    let copy = block(SAME_CODE, "dockerfile");
    let copied = copy.split_whitespace().last().unwrap();
    let command = block(SAME_CODE, "sh");
    let value = |option| {
        let mut words = command
            .split_whitespace()
            .skip_while(|word| *word != option);
        words.nth(1).unwrap()
    };
    let volume: Vec<_> = value("--volume").split(':').collect();
    let [_, mounted, "ro"] = volume[..] else {
        panic!("{command}");
    };
    let variable = value("--env").split_once('=').unwrap();
    for (path, variable) in [(copied, None), (mounted, Some(variable))] {
        let run = |number| run_with("default", Some((path, &pem(number))), variable);
        assert_is_acceptance(path, &run(PLAIN));
        assert_is_refusal(path, &run(SECOND), UNKNOWN);
    }
}

/// Builds the program with which the page begins, one that requests an `http:` URL, and one that calls
/// `Client::new`.
fn build_default_client() {
    static BUILT: Once = Once::new();

    BUILT.call_once(|| {
        let code = block(TITLE, "rust,ignore");
        let http = replaced(&code, "https://", "http://");
        let new = replaced(&code, "reqwest::get(", "reqwest::Client::new().get(");
        let new = replaced(&new, ").await?", ").send().await?");
        let programs = [
            ("default", &*code),
            ("default-http", &*http),
            ("default-new", &*new),
        ];
        build("default", &block(TITLE, "toml"), &programs);
    });
}

/// The port of a server under the CA [`plain`].
static PORT: LazyLock<u16> = LazyLock::new(|| {
    let config = config(plain().issue(HOST, 2026), ALL_VERSIONS);
    let address = serve(config, |tls| {
        read_request(tls)?;
        tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        tls.conn.send_close_notify();
        Ok(())
    });
    address.port()
});

/// Builds a package with these lines of its manifest, and these static programs, which request the [`HOST`] at
/// [`PORT`].
fn build(name: &str, manifest: &str, programs: &[(&str, &str)]) {
    let package = folder(name);
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         {manifest}\n[workspace]\n\n[profile.dev]\ndebug = false\n"
    );
    write(&package.join("Cargo.toml"), manifest);
    write(&package.join("Cargo.lock"), LOCK);
    for (program, code) in programs {
        let url = format!("//{HOST}:{}/", *PORT);
        let code = replaced(code, &format!("//{HOST}/"), &url);
        write(&package.join(format!("src/bin/{program}.rs")), code);
    }
    let output = Command::new(env!("CARGO"))
        .args(["build", "--target", TARGET, "--color=never"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", target())
        .env(
            "EMBEDDED_ROOTS_FILE",
            checkout().join("compat/tests/data/roots.pem"),
        )
        .env("RUSTFLAGS", RUSTFLAGS)
        .output();
    let _ = succeeded(output.unwrap());
}

/// What this program prints, or the error that it ends with.
fn run(program: &str) -> Result<String, String> {
    run_with(program, None, None)
}

/// Like [`run`], with this file in the root directory, and this variable.
fn run_with(
    program: &str,
    file: Option<(&str, &str)>,
    variable: Option<(&str, &str)>,
) -> Result<String, String> {
    let (root, mut command) = command(program, HOST);
    if let Some((path, content)) = file {
        root.file(path.strip_prefix('/').unwrap(), content);
    }
    let output = command.envs(variable).output().unwrap();
    let texts = [output.stdout, output.stderr];
    let [stdout, stderr] = texts.map(|text| String::from_utf8(text).unwrap());
    if output.status.success() {
        Ok(stdout)
    } else {
        Err(stderr)
    }
}

#[track_caller]
fn assert_accepted(program: &str) {
    assert_is_acceptance(program, &run(program));
}

#[track_caller]
fn assert_refused(program: &str, why: &str) {
    assert_is_refusal(program, &run(program), why);
}

#[track_caller]
fn assert_is_acceptance(what: &str, outcome: &Result<String, String>) {
    assert_eq!(outcome.as_deref(), Ok("200 OK\n"), "{what}");
}

/// The client was made, and its request failed.
#[track_caller]
fn assert_is_refusal(what: &str, outcome: &Result<String, String>, why: &str) {
    let error = outcome.as_deref().unwrap_err();
    let is_refusal = error.contains("kind: Request") && error.contains(why);
    assert!(is_refusal, "{what}: {error}");
}

/// The blocks of the page, each with its heading and language.
fn blocks() -> Vec<((&'static str, &'static str), String)> {
    let mut blocks: Vec<(_, String)> = Vec::new();
    let mut heading = "";
    let mut is_inside = false;
    for line in PAGE.split_inclusive('\n') {
        match line.strip_prefix("```") {
            Some(_) if is_inside => is_inside = false,
            Some(language) => {
                is_inside = true;
                blocks.push(((heading, language.trim_end()), String::new()));
            }
            None if is_inside => blocks.last_mut().unwrap().1.push_str(line),
            None if line.starts_with('#') => heading = line.trim_end(),
            None => {}
        }
    }
    blocks
}

/// The block of this language under this heading.
#[track_caller]
fn block(heading: &str, language: &str) -> String {
    let block = blocks()
        .into_iter()
        .find(|(place, _)| *place == (heading, language));
    block
        .unwrap_or_else(|| panic!("{heading}: no {language}"))
        .1
}

/// `text` with another part, which it has to have.
#[track_caller]
fn replaced(text: &str, part: &str, other: &str) -> String {
    assert!(text.contains(part), "no {part} in: {text}");
    text.replace(part, other)
}

/// The version of this package in [`LOCK`].
fn locked(package: &str) -> &'static str {
    let (_, rest) = LOCK
        .split_once(&format!("\nname = \"{package}\"\nversion = \""))
        .unwrap();
    rest.split_once('"').unwrap().0
}

/// The lines of a manifest that replace these packages.
fn patch(packages: &[(&str, &Path)]) -> String {
    let lines = packages.iter();
    let lines = lines.map(|(name, path)| format!("{name} = {{ path = \"{}\" }}\n", path.display()));
    format!("\n[patch.crates-io]\n{}", lines.collect::<String>())
}

/// A folder for a package, the same in each run, so that Cargo replaces what it built before.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("reqwest-page")
        .join(name)
}

fn checkout() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    path.canonicalize().unwrap()
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
