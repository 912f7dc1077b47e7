//! What the system can do to a process: no descriptors left, no permission, a store that appears late,
//! child processes. Each test runs in a process of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use embedded_roots_testing::authority::root;

use crate::scratch::{Package, target};

/// Prints the sources that gave roots, or the error, for each policy; with `starved`, first without
/// descriptors and then with some.
const MAIN: &str = r#"
use std::fs::File;

use embedded_roots::{Error, Roots};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("starved") => {
            let mut held = Vec::new();
            while let Ok(file) = File::open("/program").or_else(|_| File::open("/dev/null")) {
                held.push(file);
            }
            print();
            // The failure must not be cached.
            drop(held);
            print();
        }
        _ => print(),
    }
}

fn print() {
    let bundle = embedded_roots::bundle();
    let extended = || Roots::builder().bundle(bundle);
    let results: [(&str, Result<Roots, Error>); 7] = [
        ("default", embedded_roots::roots()),
        ("system", Roots::system()),
        ("system_or_embedded", Roots::system_or_embedded()),
        ("embedded_and_system", Roots::embedded_and_system()),
        ("ssl_cert_env", extended().ssl_cert_env().build()),
        ("extra_env", extended().extra_env("EXTRA_CA").build()),
        ("optional_pem_file", extended().optional_pem_file("optional.pem").build()),
    ];
    for (name, roots) in results {
        match roots {
            Ok(roots) => {
                let sources = roots.report().sources().iter().filter(|source| source.roots() > 0);
                let origins: Vec<_> = sources.map(|source| source.origin()).collect();
                println!("{name}: {}", origins.join(" + "));
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                println!("{name}: {error}{}", cause.unwrap_or_default());
            }
        }
    }
}
"#;

fn package() -> Package {
    let package = Package::with_rustls("faults", &["custom", "ring", "system"]).main(MAIN);
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
fn no_descriptors_are_left() {
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
fn the_systems_store_cannot_be_read() {
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
fn a_store_that_comes_while_sixty_four_threads_wait_for_it() {
    let package = Package::with_rustls("late", &["ring", "system"]).main(
        r#"
        use std::sync::{Arc, Barrier};
        use std::thread;

        fn main() {
            let (come, store) = (std::env::args().nth(1).unwrap(), std::env::args().nth(2).unwrap());
            let barrier = Arc::new(Barrier::new(65));
            let threads: Vec<_> = (0..64)
                .map(|_| {
                    let barrier = Arc::clone(&barrier);
                    thread::spawn(move || {
                        let first = embedded_roots::roots().unwrap_err().to_string();
                        assert!(first.contains("SSL_CERT_FILE"), "{first}");
                        barrier.wait();
                        loop {
                            match embedded_roots::client_config() {
                                Ok(config) => return config,
                                Err(why) => assert!(why.is_invalid_input(), "{why}"),
                            }
                        }
                    })
                })
                .collect();
            barrier.wait();
            std::fs::rename(come, store).unwrap();
            let configs: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(configs.iter().all(|config| Arc::ptr_eq(config, &configs[0])));
            print!("{}", embedded_roots::root_store().unwrap().len());
        }
        "#,
    );
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
    let package = Package::with_rustls("children", &["custom", "ring", "system"]).main(
        r#"
        use std::process::Command;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::thread;

        static READ: AtomicUsize = AtomicUsize::new(0);

        fn main() {
            let count = embedded_roots::root_store().unwrap().len();
            if std::env::args().nth(1).is_some() {
                // The child.
                print!("{count} {}", embedded_roots::Roots::system().unwrap().anchors().len());
                return;
            }
            for _ in 0..4 {
                thread::spawn(|| loop {
                    embedded_roots::Roots::system().unwrap();
                    READ.fetch_add(1, Ordering::Relaxed);
                });
            }
            let program = std::env::current_exe().unwrap();
            for turn in 0.. {
                let listed = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
                let listed = String::from_utf8(listed.stdout).unwrap();
                assert!(listed.contains("/proc/") && !listed.contains("store"), "{listed}");
                let child = Command::new(&program).arg("child").output().unwrap();
                assert_eq!(child.stdout, b"1 1", "{child:?}");
                if turn > 20 && READ.load(Ordering::Relaxed) > 100 {
                    print!("done");
                    return;
                }
            }
        }
        "#,
    );
    let bundle = package.file("bundle.pem", root("Bundle CA").pem());
    let store = package.file("store/ca.pem", root("Store CA").pem());
    let package = package.env("EMBEDDED_ROOTS_FILE", bundle);
    let package = package.env("SSL_CERT_DIR", store.parent().unwrap());
    assert_eq!(package.run(), "done");
}
