//! What the system can do to a process: no descriptors left, no permission, a store that appears late,
//! child processes. Each test runs in a process of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use embedded_roots_testing::authority::root;

use crate::scratch::{Package, target};

fn package() -> Package {
    let package = Package::with_rustls("faults", &["custom", "ring", "system"])
        .main(include_str!("../programs/faults.rs"));
    let file = package.file("bundle.pem", root("Bundle CA").pem());
    package.env("EMBEDDED_ROOTS_FILE", file)
}

#[track_caller]
fn lines(output: Output) -> Vec<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_lines(lines: &[String], expected: &[&str]) {
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        // An error continues with how to fix it.
        let start = expected.strip_suffix("...").unwrap_or(expected);
        let ok = line == expected || (start != *expected && line.starts_with(start));
        assert!(ok, "{line}\n{expected}\n{lines:#?}");
    }
}

/// Without descriptors, compiled-in roots work and named sources are errors; neither has a lasting
/// effect.
#[test]
fn exhausted_file_descriptors_never_widen_trust() {
    let package = package();
    let named = package.file("named.pem", root("Named CA").pem());
    package.file("optional.pem", root("Optional CA").pem());
    package.build();
    let (named, folder) = (named.display(), package.folder().join("certs"));
    package.file("certs/one.pem", root("Another CA").pem());
    let folder = folder.display();
    for (variable, value) in [("SSL_CERT_FILE", &named), ("SSL_CERT_DIR", &folder)] {
        let other = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
            .into_iter()
            .find(|other| *other != variable);
        let output = Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" starved"])
            .arg(target().join("debug/faults"))
            .current_dir(package.folder())
            .env_remove(other.unwrap())
            .env(variable, value.to_string())
            .env("EXTRA_CA", named.to_string())
            .output();
        let why = "cannot be read: Too many open files (os error 24)";
        let store = format!("{variable}: {value} {why}");
        let read = format!("{variable}={value}");
        assert_lines(
            &lines(output.unwrap()),
            &[
                "default: bundle custom",
                &format!("system: {store}"),
                &format!("system_or_embedded: {store}"),
                &format!("embedded_and_system: {store}"),
                &format!("ssl_cert_env: {store}"),
                &format!("extra_env: EXTRA_CA: {named} {why}"),
                &format!("optional_pem_file: optional.pem {why}"),
                "default: bundle custom",
                &format!("system: {read}"),
                &format!("system_or_embedded: {read}"),
                &format!("embedded_and_system: bundle custom + {read}"),
                &format!("ssl_cert_env: {read}"),
                &format!("extra_env: bundle custom + EXTRA_CA={named}"),
                "optional_pem_file: bundle custom + file optional.pem",
            ],
        );
    }
}

/// The program of a user without privileges, alone in a root directory with a store.
#[test]
#[ignore = "needs root, for chroot and another user; .ci/run runs it"]
fn unreadable_system_store_never_widens_trust() {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    const FILE: &str = "root/etc/ssl/certs/ca-certificates.crt";
    const SYSTEM: &str = "system store (/etc/ssl/certs/ca-certificates.crt)";

    let mut package = package();
    package.set_rustflags("-C target-feature=+crt-static");
    package.build_with(&["--target", TARGET]);
    let program = target().join(TARGET).join("debug/faults");
    let store = package.file(FILE, root("Store CA").pem());
    let root_directory = package.folder().join("root");
    fs::copy(&program, root_directory.join("program")).unwrap();
    // Whatever the umask of this process is.
    for folder in [package.folder(), &root_directory] {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    let run = |argument: &str| {
        let output = Command::new("sh")
            .args([
                "-c",
                "ulimit -n 64 && exec chroot --userspec=65534:65534 \"$0\" /program $1",
            ])
            .arg(&root_directory)
            .arg(argument)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .output();
        lines(output.unwrap())
    };
    let both = format!("bundle custom + {SYSTEM}");
    let read = |lines: &[String]| {
        assert_lines(
            lines,
            &[
                "default: bundle custom",
                &format!("system: {SYSTEM}"),
                &format!("system_or_embedded: {SYSTEM}"),
                &format!("embedded_and_system: {both}"),
                "ssl_cert_env: bundle custom",
                "extra_env: bundle custom",
                "optional_pem_file: bundle custom",
            ],
        );
    };
    // As in Go, the fallback opens if the store cannot be read.
    let unread = |lines: &[String], why: &str| {
        let skipped = format!("skipped: /etc/ssl/certs/ca-certificates.crt: {why}");
        assert_lines(
            lines,
            &[
                "default: bundle custom",
                &format!("system: no root certificates: system store: 0 roots; {skipped}..."),
                "system_or_embedded: bundle custom",
                "embedded_and_system: bundle custom",
                "ssl_cert_env: bundle custom",
                "extra_env: bundle custom",
                "optional_pem_file: bundle custom",
            ],
        );
    };
    read(&run("plain"));
    let starved = run("starved");
    let (without, with) = starved.split_at(starved.len() / 2);
    unread(without, "Too many open files (os error 24)");
    read(with);
    for closed in [&store, store.parent().unwrap()] {
        let mode = fs::metadata(closed).unwrap().permissions();
        fs::set_permissions(closed, Permissions::from_mode(0o000)).unwrap();
        unread(&run("plain"), "Permission denied (os error 13)");
        fs::set_permissions(closed, mode).unwrap();
        read(&run("plain"));
    }
}

/// The file appears while 64 threads make their first call: each fails until it is there, and all get
/// the same value.
#[test]
fn store_that_appears_during_concurrent_first_calls_is_used() {
    let package = Package::with_rustls("late", &["ring", "system"])
        .main(include_str!("../programs/late_store.rs"));
    let come = package.file("come.pem", root("CA").pem());
    let store = package.folder().join("store.pem");
    package.build();
    let output = Command::new(target().join("debug/late"))
        .args([&come, &store])
        .env_remove("SSL_CERT_DIR")
        .env("SSL_CERT_FILE", &store)
        .output();
    assert_eq!(lines(output.unwrap()), ["1"]);
}

/// Children started while other threads read the store make a default of their own.
#[test]
fn a_child_inherits_nothing_of_the_store() {
    let package = Package::with_rustls("children", &["custom", "ring", "system"])
        .main(include_str!("../programs/children.rs"));
    let bundle = package.file("bundle.pem", root("Bundle CA").pem());
    let store = package.file("store/ca.pem", root("Store CA").pem());
    let package = package.env("EMBEDDED_ROOTS_FILE", bundle);
    let package = package.env("SSL_CERT_DIR", store.parent().unwrap());
    assert_eq!(package.run(), "done");
}
