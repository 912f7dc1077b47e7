//! Policies in child processes, with their own environment variables and root directories. The
//! unit tests of the builder cover the tables of docs/policy.md.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use embedded_roots_testing::authority::root;

use crate::scratch::{Package, target};

fn package() -> Package {
    let package = Package::with_rustls("policies", &["custom", "ring", "system"])
        .main(include_str!("../programs/policies.rs"));
    let file = package.file("bundle.pem", root("Bundle CA").pem());
    package.env("EMBEDDED_ROOTS_FILE", file)
}

#[track_caller]
fn assert_lines(printed: &str, expected: &[&str]) {
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{printed}");
    for (line, expected) in lines.iter().zip(expected) {
        // The rest of an error says how to fix it.
        let start = expected.strip_suffix("...").unwrap_or(expected);
        let ok = line == expected || (start != *expected && line.starts_with(start));
        assert!(ok, "{line}\n{expected}");
    }
}

#[test]
fn variables_of_the_process_are_obeyed() {
    let mut package = package();
    let file = package.file("named.pem", root("Named CA").pem());
    let file = file.to_str().unwrap().to_owned();
    package.set_env("SSL_CERT_FILE", &file);
    package.set_env("EXTRA_CA", &file);
    assert_lines(
        &package.run(),
        &[
            "embedded: bundle custom",
            &format!("system: SSL_CERT_FILE={file}"),
            &format!("system_or_embedded: SSL_CERT_FILE={file}"),
            &format!("embedded_and_system: bundle custom + SSL_CERT_FILE={file}"),
            &format!("ssl_cert_env: SSL_CERT_FILE={file}"),
            &format!("extra_env: bundle custom + EXTRA_CA={file}"),
        ],
    );

    for unusable in ["/nowhere/ca.pem", "/dev/zero"] {
        package.set_env("SSL_CERT_FILE", unusable);
        package.set_env("EXTRA_CA", unusable);
        let why = format!("error: SSL_CERT_FILE: {unusable} cannot be read");
        assert_lines(
            &package.run(),
            &[
                "embedded: bundle custom",
                &format!("system: {why}"),
                &format!("system_or_embedded: {why}"),
                &format!("embedded_and_system: {why}"),
                &format!("ssl_cert_env: {why}"),
                &format!("extra_env: error: EXTRA_CA: {unusable} cannot be read"),
            ],
        );
    }

    package.set_env("SSL_CERT_FILE", "");
    package.set_env("EXTRA_CA", "");
    let printed = package.run();
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(
        lines[4..],
        ["ssl_cert_env: bundle custom", "extra_env: bundle custom"]
    );
    assert!(!printed.contains("SSL_CERT_FILE"), "{printed}");
}

/// The files of a root directory, and its links with their targets.
type Layout = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
);

const LAYOUTS: &[Layout] = &[
    (
        "Debian",
        &[
            "usr/share/ca-certificates/one.crt",
            "etc/ssl/certs/ca-certificates.crt",
        ],
        &[
            (
                "etc/ssl/certs/one.pem",
                "/usr/share/ca-certificates/one.crt",
            ),
            ("etc/ssl/certs/00000000.0", "one.pem"),
        ],
        "/etc/ssl/certs/ca-certificates.crt, /etc/ssl/certs",
    ),
    (
        "RHEL",
        &["etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"],
        &[
            (
                "etc/pki/tls/certs/ca-bundle.crt",
                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            ),
            ("etc/pki/tls/cert.pem", "certs/ca-bundle.crt"),
        ],
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ),
    (
        "Alpine",
        &["etc/ssl/certs/ca-certificates.crt"],
        &[("etc/ssl/cert.pem", "certs/ca-certificates.crt")],
        "/etc/ssl/certs/ca-certificates.crt",
    ),
    (
        "openSUSE",
        &[
            "var/lib/ca-certificates/ca-bundle.pem",
            "var/lib/ca-certificates/pem/one.pem",
        ],
        &[
            (
                "etc/ssl/ca-bundle.pem",
                "/var/lib/ca-certificates/ca-bundle.pem",
            ),
            ("etc/ssl/certs", "/var/lib/ca-certificates/pem"),
        ],
        "/etc/ssl/ca-bundle.pem, /etc/ssl/certs",
    ),
    (
        "FreeBSD",
        &[
            "usr/share/certs/trusted/one.pem",
            "usr/local/share/certs/ca-root-nss.crt",
        ],
        &[
            (
                "etc/ssl/certs/00000000.0",
                "../../../usr/share/certs/trusted/one.pem",
            ),
            (
                "usr/local/etc/ssl/cert.pem",
                "../../share/certs/ca-root-nss.crt",
            ),
        ],
        "/usr/local/etc/ssl/cert.pem, /etc/ssl/certs",
    ),
    (
        "NixOS",
        &["nix/store/xyz/ca-bundle.crt"],
        &[
            ("etc/static/ca-bundle.crt", "/nix/store/xyz/ca-bundle.crt"),
            ("etc/ssl/certs/ca-bundle.crt", "/etc/static/ca-bundle.crt"),
            (
                "etc/ssl/certs/ca-certificates.crt",
                "/etc/static/ca-bundle.crt",
            ),
        ],
        "/etc/ssl/certs/ca-certificates.crt",
    ),
];

#[test]
#[ignore = "needs root, for chroot; .ci/run runs it"]
fn the_store_of_every_system_is_found_in_its_place() {
    const TARGET: &str = "x86_64-unknown-linux-gnu";

    let mut package = package();
    package.set_rustflags("-C target-feature=+crt-static");
    package.build_with(&["--target", TARGET]);
    let program = target().join(TARGET).join("debug/policies");
    let printed_in = |root: &Path| {
        fs::copy(&program, root.join("program")).unwrap();
        let output = Command::new("chroot")
            .arg(root)
            .arg("/program")
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin")
            .output();
        let output = output.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };

    let pem = root("Store CA").pem();
    for (name, files, links, places) in LAYOUTS {
        let root = package.folder().join(name);
        for file in *files {
            package.file(&format!("{name}/{file}"), &pem);
        }
        for (link, to) in *links {
            let link = root.join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(to, link).unwrap();
        }
        let store = format!("system store ({places})");
        assert_lines(
            &printed_in(&root),
            &[
                "embedded: bundle custom",
                &format!("system: {store}"),
                &format!("system_or_embedded: {store}"),
                &format!("embedded_and_system: bundle custom + {store}"),
                "ssl_cert_env: bundle custom",
                "extra_env: bundle custom",
            ],
        );
    }

    let nothing = package.folder().join("nothing at all");
    fs::create_dir(&nothing).unwrap();
    assert_lines(
        &printed_in(&nothing),
        &[
            "embedded: bundle custom",
            "system: error: no root certificates: system store: 0 roots; install the system's CA...",
            "system_or_embedded: bundle custom",
            "embedded_and_system: bundle custom",
            "ssl_cert_env: bundle custom",
            "extra_env: bundle custom",
        ],
    );
}
