//! Runs the program, and validates its JSON.

use std::path::Path;
use std::process::{Command, Output};

use embedded_roots_testing::authority::{root_of, root_with};
use embedded_roots_testing::folder;
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

pub(crate) struct ProgramOutput {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run(arguments: &[&str]) -> ProgramOutput {
    run_with(arguments, |_| {})
}

pub(crate) fn run_with(arguments: &[&str], change: impl FnOnce(&mut Command)) -> ProgramOutput {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
    command
        .args(arguments)
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR");
    change(&mut command);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    ProgramOutput {
        status: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// Like [`run`], with this standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> ProgramOutput {
    let folder = Folder::new("input");
    let file = folder.file("input", input);
    let input = std::fs::File::open(file).unwrap();
    run_with(arguments, |command| {
        command.stdin(input);
    })
}

/// Like [`run`], and its standard output goes there.
#[cfg(target_os = "linux")]
pub(crate) fn run_into(out: impl Into<std::process::Stdio>, arguments: &[&str]) -> ProgramOutput {
    let child = Command::new(env!("CARGO_BIN_EXE_embedded-roots"))
        .args(arguments)
        .stdout(out.into())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    ProgramOutput {
        status: output.status.code().unwrap(),
        out: String::new(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The output with `--json`, which agrees with the schema.
#[track_caller]
pub(crate) fn json(arguments: &[&str]) -> (i32, Value) {
    json_with(arguments, |_| {})
}

/// Like [`json`], of a changed command.
#[track_caller]
pub(crate) fn json_with(arguments: &[&str], change: impl FnOnce(&mut Command)) -> (i32, Value) {
    let ran = run_with(&[arguments, &["--json"]].concat(), change);
    let value: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|why| panic!("{why}: {}", ran.err));
    let schema = serde_json::from_str(include_str!("../../schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Some(wrong) = validator.iter_errors(&value).next() {
        panic!("{wrong} at {}", wrong.instance_path());
    }
    (ran.status, value)
}

/// The day up to which Mozilla's list is known.
pub(crate) fn newest_day() -> String {
    json(&["list"]).1["history_as_of"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A temporary folder, whose files are arguments.
pub(crate) struct Folder(folder::Folder);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        Self(folder::Folder::new(name))
    }

    /// The path of a file with this content.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.file(name, content);
        path.into_os_string().into_string().unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The PEM of a CA of this name.
pub(crate) fn ca(name: &str, change: impl FnOnce(&mut CertificateParams)) -> String {
    root_with(name, change).pem()
}

/// Like [`ca`], with a key that others may have, too.
pub(crate) fn ca_of(
    key: &KeyPair,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> String {
    root_of(name, &key.serialize_pem(), change).pem()
}
