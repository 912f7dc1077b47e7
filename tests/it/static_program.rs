//! The main use case: a static program in an empty root directory.

use std::fs;
use std::path::Path;
use std::process::Command;

use embedded_roots_testing::authority::{root, server};
use rustls::version::TLS13;

use crate::scratch::{Package, target};
use crate::server::serve_http;

const HOST: &str = "server.example";

#[test]
#[ignore = "needs root, for chroot, and a minute for a build of its own; .ci/run runs it"]
fn static_program_accepts_a_private_ca_only_with_custom() {
    let ca = root("CA of nobody else");
    let port = serve_http(server(&ca, HOST), &TLS13).port().to_string();

    let accepted = "client_config: accepted: HTTP/1.1 200 OK\nreqwest: accepted: 200 OK\n\
                    ureq: accepted: 200 OK\n";
    assert_eq!(
        printed_in_an_empty_root("custom", &ca.pem(), &port),
        accepted
    );

    let refused = printed_in_an_empty_root("mozilla", &ca.pem(), &port);
    let lines: Vec<_> = refused.lines().collect();
    let [config, reqwest, ureq] = lines[..] else {
        panic!("{refused}")
    };
    let count = embedded_roots::mozilla::BUNDLE.len();
    let why =
        format!("issuer \"CN=CA of nobody else\" is not trusted by bundle mozilla ({count} roots)");
    for (line, what) in [
        (config, "client_config"),
        (reqwest, "reqwest"),
        (ureq, "ureq"),
    ] {
        assert!(line.starts_with(&format!("{what}: refused: ")), "{line}");
        assert!(line.contains(&why), "{line}");
    }
}

/// Builds the program with the bundle of this feature, puts it into an empty folder, and runs it
/// with that folder as its root directory.
fn printed_in_an_empty_root(bundle: &str, ca_pem: &str, port: &str) -> String {
    const TARGET: &str = "x86_64-unknown-linux-gnu";

    let dependencies = format!(
        "embedded-roots = {{ path = \"{{checkout}}\", default-features = false, \
         features = [\"{bundle}\", \"ring\", \"tls12\", \"reqwest-blocking\", \"ureq\"] }}\n\
         rustls = {{ version = \"0.23\", default-features = false, features = [\"std\"] }}"
    );
    let mut package = Package::new("static-program", &dependencies)
        .main(include_str!("../programs/static_program.rs"));
    let file = package.file("ca.pem", ca_pem);
    package.set_env("EMBEDDED_ROOTS_FILE", file);
    package.set_rustflags("-C target-feature=+crt-static");
    package.build_with(&["--target", TARGET]);

    let program = target().join(TARGET).join("debug/static-program");
    let empty = package.folder().join("root");
    // Container engines provide this file.
    package.file("root/etc/hosts", format!("127.0.0.1 {HOST}\n"));
    fs::copy(program, empty.join("program")).unwrap();
    let output = Command::new("chroot")
        .args([
            &empty,
            Path::new("/program"),
            Path::new(HOST),
            Path::new(port),
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
