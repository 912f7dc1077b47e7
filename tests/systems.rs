//! What differs between operating systems: paths, devices, variables, the system's store and the
//! crypto provider's code. The tests need no network; the part `windows` of the gate runs them under Wine.

// clippy.toml allows these in `#[test]` functions only; the helpers here need it too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(missing_docs, reason = "a test binary has no users")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{env, thread};

use embedded_roots::{Error, Refusal, Roots, mozilla};
use embedded_roots_bundle::shown_value;
use embedded_roots_testing::authority::{Authority, root, server};
use embedded_roots_testing::folder::Folder;
use embedded_roots_testing::handshake::Pair;
use embedded_roots_testing::server::config;
use rustls::{ALL_VERSIONS, HandshakeKind};

const NAME: &str = "server.example";

#[test]
fn a_config_decides_by_the_file_that_is_trusted() {
    let folder = Folder::new("für trusted");
    let ca = root("A CA");
    let path = folder.file("ca.pem", ca.pem());

    let trusting = Roots::builder().pem_file(&path).build().unwrap();
    handshake(&trusting, &ca).unwrap();

    let mozilla = Roots::builder().bundle(&mozilla::BUNDLE).build().unwrap();
    let refused = handshake(&mozilla, &ca).unwrap_err();
    let refusal = Refusal::of(&refused)
        .expect("another error than a refusal")
        .to_string();
    assert!(refusal.contains("CN=A CA"), "{refusal}");
}

#[test]
fn the_store_of_this_system_has_roots() {
    let printed = system_with(&[]);
    if has_store() {
        let roots = roots_in(&printed);
        // A fresh Windows has few roots, and downloads others on demand.
        assert!(roots.is_some_and(|roots| roots >= 10), "{printed}");
        assert!(printed.starts_with("system store"), "{printed}");
    } else {
        let why = "error: no root certificates: system store: 0 roots; install the system's CA";
        assert!(printed.starts_with(why), "{printed}");
    }
}

#[test]
fn variables_name_another_store() {
    let folder = Folder::new("für variables");
    let [one, two] = ["One", "Two"].map(|name| root(name).pem());
    let file = folder.file("one/ca.pem", one);
    folder.file("two/ca.pem", two);

    let printed = system_with(&[("SSL_CERT_FILE", file.as_os_str())]);
    assert_eq!(printed, format!("SSL_CERT_FILE={}: 1 root", shown(&file)));

    // The separator is `:`, or `;` on Windows, where paths contain colons.
    let directories = env::join_paths([folder.join("one"), folder.join("two")]).unwrap();
    let printed = system_with(&[("SSL_CERT_DIR", &directories)]);
    let directories = shown(Path::new(&directories));
    assert_eq!(printed, format!("SSL_CERT_DIR={directories}: 2 roots"));

    let absent = folder.join("absent.pem");
    let printed = system_with(&[("SSL_CERT_FILE", absent.as_os_str())]);
    let why = format!("error: SSL_CERT_FILE: {} cannot be read: ", shown(&absent));
    assert!(printed.starts_with(&why), "{printed}");
}

#[test]
#[cfg_attr(
    any(windows, target_os = "macos"),
    ignore = "rustls-native-certs, which reads the store there, takes an empty variable for a path"
)]
fn an_empty_variable_is_unset() {
    let unset = system_with(&[]);
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        assert_eq!(
            system_with(&[(variable, OsStr::new(""))]),
            unset,
            "{variable}"
        );
    }
}

#[test]
fn directory_in_place_of_a_file_is_an_error() {
    let folder = Folder::new("für folder");
    refused_at_once(folder.path());
}

#[test]
fn absent_files_are_errors() {
    let folder = Folder::new("für absent");
    refused_at_once(&folder.join("ca.pem"));
}

#[test]
#[cfg(unix)]
fn devices_and_sockets_are_not_read() {
    let folder = Folder::new("für devices");
    let socket = folder.join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [Path::new("/dev/zero"), Path::new("/dev/null"), &socket] {
        refused_at_once(path);
    }
}

/// On Windows these names are devices in every folder and with any extension.
#[test]
#[cfg(windows)]
fn devices_are_not_read() {
    let folder = Folder::new("für devices");
    for path in [
        "NUL",
        "CON",
        "CONIN$",
        "AUX",
        "COM1",
        r"\\.\NUL",
        r"\\.\pipe\x",
        "nul.pem",
    ] {
        refused_at_once(Path::new(path));
    }
    refused_at_once(&folder.join("NUL"));
}

/// Nothing writes to the pipe, so reading it would block forever.
#[test]
#[cfg(windows)]
fn a_pipe_is_not_waited_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let _entered = runtime.enter();
    let name = format!(r"\\.\pipe\embedded-roots-{}", std::process::id());
    let _pipe = tokio::net::windows::named_pipe::ServerOptions::new()
        .create(&name)
        .unwrap();
    refused_at_once(Path::new(&name));
}

/// Not a test by itself: other tests run it in a child process with its own variables.
#[test]
#[ignore = "prints what `Roots::system` finds: the other tests read it"]
fn print_system() {
    let printed = match Roots::system() {
        Ok(roots) => roots.report().to_string(),
        Err(error) => format!("error: {error:?}"),
    };
    // Start a new line, because the test harness has printed the start of one.
    println!("\n{PRINTED}{}", printed.lines().next().unwrap_or_default());
}

const PRINTED: &str = "Roots::system: ";

/// The first line that [`print_system`] prints in a child process with these variables.
///
/// All threads of a process share its variables, so a test cannot set its own. Cargo also sets
/// these two for the programs that it runs.
#[track_caller]
fn system_with(variables: &[(&str, &OsStr)]) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "print_system", "--ignored", "--nocapture"])
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let printed = text.lines().find_map(|line| line.strip_prefix(PRINTED));
    printed.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// The value of a variable as reports show it.
fn shown(path: &Path) -> String {
    shown_value(&path.display().to_string())
}

/// The number of roots in `system store (/etc/ssl/certs): 144 roots, 117 already known`.
fn roots_in(line: &str) -> Option<usize> {
    let (before, _) = line.split_once(" root")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// Windows and macOS always have a store; elsewhere it is a package that may be missing.
fn has_store() -> bool {
    let files = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/ssl/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/system/etc/security/cacerts",
    ];
    cfg!(any(windows, target_os = "macos")) || files.iter().any(|path| Path::new(path).exists())
}

/// An unusable path must fail quickly. The timeout turns a hang into a failing test.
#[track_caller]
fn refused_at_once(path: &Path) {
    let (sender, receiver) = mpsc::channel();
    let named = path.to_owned();
    thread::spawn(move || {
        // After five seconds the receiver is gone.
        let _ = sender.send(Roots::builder().pem_file(named).build());
    });
    let built: Result<Roots, Error> = receiver
        .recv_timeout(Duration::from_secs(5))
        .unwrap_or_else(|_| panic!("{}: no answer within five seconds", path.display()));
    let error = built.expect_err("it is trusted");
    assert!(error.is_invalid_input(), "{error:?}");
    let why = format!("{} cannot be read", path.display());
    assert_eq!(error.to_string(), why);
}

/// The result of a client with these roots, at a server of this CA.
fn handshake(roots: &Roots, ca: &Authority) -> Result<HandshakeKind, rustls::Error> {
    let server = Arc::new(config(server(ca, NAME), ALL_VERSIONS));
    Pair::new(&roots.client_config(), &server, NAME).finish()
}
