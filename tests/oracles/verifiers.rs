//! OpenSSL, Go and `GnuTLS`, each asked in its own way.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs};

use embedded_roots_bundle::rfc3339;
use rustls::pki_types::UnixTime;

use crate::case::{Answer, Case, Verdict};

pub(crate) const OPENSSL: &str = "OpenSSL";
pub(crate) const GO: &str = "Go";
pub(crate) const GNUTLS: &str = "GnuTLS";

pub(crate) struct Verifier {
    pub(crate) name: &'static str,
    /// The command that prints the version.
    version: [&'static str; 2],
    /// The verdict on each case, whose files are in the folder of the same index.
    pub(crate) judge: fn(&[Case], &[PathBuf]) -> Vec<Answer>,
}

impl Verifier {
    /// What the program calls itself.
    pub(crate) fn version(&self) -> String {
        let [program, argument] = self.version;
        let output = run(Command::new(program).arg(argument));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().next().unwrap().to_owned()
    }
}

pub(crate) const VERIFIERS: [Verifier; 3] = [
    Verifier {
        name: OPENSSL,
        version: ["openssl", "version"],
        judge: |cases, folders| each(cases, folders, openssl),
    },
    Verifier {
        name: GO,
        version: ["go", "version"],
        judge: go,
    },
    Verifier {
        name: GNUTLS,
        version: ["certtool", "--version"],
        judge: |cases, folders| each(cases, folders, gnutls),
    },
];

fn each(cases: &[Case], folders: &[PathBuf], judge: fn(&Case, &Path) -> Answer) -> Vec<Answer> {
    let both = cases.iter().zip(folders);
    both.map(|(case, folder)| judge(case, folder)).collect()
}

fn openssl(case: &Case, folder: &Path) -> Answer {
    let mut command = Command::new("openssl");
    command.current_dir(folder).arg("verify");
    command.args(["-CAfile", "roots.pem", "-no-CApath", "-no-CAstore"]);
    // An anchor is an anchor, as for the others, whoever has signed it.
    command.arg("-partial_chain");
    command.args(["-purpose", "sslserver", "-attime", &case.now.to_string()]);
    // What Debian sets for TLS: 112 bits of security.
    command.args(["-auth_level", "2"]);
    let name = match case.server.parse::<IpAddr>() {
        Ok(_) => "-verify_ip",
        Err(_) => "-verify_hostname",
    };
    command.args([name, &case.server]);
    if case.chain.len() > 1 {
        command.args(["-untrusted", "intermediates.pem"]);
    }
    // Of certificates that it cannot read, it says so and exits with 2, or 1.
    spoken(&run(command.arg("leaf.pem")), &[0, 1, 2])
}

/// certtool has no option for the time, so that its clock is another.
fn gnutls(case: &Case, folder: &Path) -> Answer {
    let mut command = Command::new("faketime");
    command.current_dir(folder).env("TZ", "UTC");
    // A clock that stands still: one that goes on would pass the last second of a certificate while certtool starts.
    let now = UnixTime::since_unix_epoch(Duration::from_secs(case.now));
    let now = rfc3339(now).replace('T', " ").replace('Z', "");
    command.args(["-f", &now]);
    command.args(["certtool", "--verify", "--infile", "chain.pem"]);
    command.args(["--load-ca-certificate", "roots.pem"]);
    command.args(["--verify-hostname", &case.server]);
    // 112 bits of security here, too.
    command.args(["--verify-profile", "medium"]);
    // id-kp-serverAuth
    command.args(["--verify-purpose", "1.3.6.1.5.5.7.3.1"]);
    spoken(&run(&mut command), &[0, 1])
}

/// One program for all cases, because it has to be compiled.
fn go(cases: &[Case], folders: &[PathBuf]) -> Vec<Answer> {
    let mut manifest = String::new();
    for (case, folder) in cases.iter().zip(folders) {
        let line = serde_json::json!({
            "roots": folder.join("roots.pem"),
            "chain": folder.join("chain.pem"),
            "server": case.server,
            "now": case.now,
        });
        writeln!(manifest, "{line}").unwrap();
    }
    let path = folders[0].with_file_name("manifest");
    fs::write(&path, manifest).unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    let mut command = Command::new("go");
    command
        .arg("run")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/go/main.go"));
    let output = run(command
        .arg(path)
        .env("GOCACHE", cache)
        .env("GOTOOLCHAIN", "local"));
    assert!(output.status.success(), "{}", text_of(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    let verdict = |line: &str| {
        let why: String = serde_json::from_str(line).unwrap();
        let verdict = if why.is_empty() {
            Verdict::Accepted
        } else {
            Verdict::Refused
        };
        (verdict, why)
    };
    lines.lines().map(verdict).collect()
}

/// The verdict by the exit status, of which others than these are a mistake in the question.
fn spoken(output: &Output, expected: &[i32]) -> Answer {
    let code = output.status.code();
    let text = text_of(output);
    assert!(code.is_some_and(|code| expected.contains(&code)), "{text}");
    let verdict = if code == Some(0) {
        Verdict::Accepted
    } else {
        Verdict::Refused
    };
    (verdict, text)
}

pub(crate) fn run(command: &mut Command) -> Output {
    // Whatever the language of this machine is.
    let output = command.env("LC_ALL", "C").output();
    output.unwrap_or_else(|why| panic!("{command:?}: {why}"))
}

pub(crate) fn text_of(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    both.concat()
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" | ")
}
