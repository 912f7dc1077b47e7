//! Runs the program, with a folder that has what Docker has in `~/.docker`.

use std::process::{Command, Output};

use embedded_roots_testing::folder::Folder;
use serde_json::Value;

pub(crate) struct ProgramOutput {
    pub(crate) status: i32,
    pub(crate) report: Value,
    pub(crate) err: String,
}

impl ProgramOutput {
    /// The place, and what is said of it.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.report["errors"].as_array().unwrap().iter();
        errors
            .map(|error| {
                (
                    error["place"].as_str().unwrap(),
                    error["error"].as_str().unwrap(),
                )
            })
            .collect()
    }

    /// The names of the places with roots, without that of the image.
    pub(crate) fn places(&self) -> Vec<Vec<&str>> {
        let places = self.report["places"].as_array().unwrap().iter();
        let path = |place: &'_ Value| place["path"].as_array().unwrap().clone();
        let names = places.map(|place| {
            assert!(!path(place).is_empty());
            let names = place["path"].as_array().unwrap().iter().skip(1);
            names.map(|name| name.as_str().unwrap()).collect()
        });
        names.collect()
    }
}

/// `scan --json`, whose report agrees with the schema.
#[track_caller]
pub(crate) fn scan(docker: &Folder, arguments: &[&str]) -> ProgramOutput {
    scan_with(docker, arguments, |_| {})
}

#[track_caller]
pub(crate) fn scan_with(
    docker: &Folder,
    arguments: &[&str],
    change: impl FnOnce(&mut Command),
) -> ProgramOutput {
    let mut command = program(docker);
    command.args(["scan", "--json"]).args(arguments);
    change(&mut command);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let err = String::from_utf8(stderr).unwrap();
    let report = serde_json::from_slice(&stdout).unwrap_or_else(|why| panic!("{why}: {err}"));
    assert_agrees(&report);
    ProgramOutput {
        status: status.code().unwrap(),
        report,
        err,
    }
}

/// The program, without the user's own settings.
pub(crate) fn program(docker: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
    command.env("DOCKER_CONFIG", docker.path());
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    // Nobody listens there. Loopback is never asked for through a proxy.
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
    ] {
        command.env(name, "http://127.0.0.1:1");
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    command
}

#[track_caller]
pub(crate) fn assert_agrees(value: &Value) {
    let schema = serde_json::from_str(include_str!("../../schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Some(wrong) = validator.iter_errors(value).next() {
        panic!("{wrong} at {}", wrong.instance_path());
    }
}
