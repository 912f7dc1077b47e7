//! The program, run as a user runs it.

use std::fs;
use std::process::Command;

use embedded_roots_testing::folder::Folder;
use serde_json::Value;

/// `explain`, in a folder with the roots to judge by as `roots.pem`, and those of the operating system
/// as `system.pem`.
pub(crate) struct Explain {
    folder: Folder,
    command: Command,
    roots: &'static str,
    /// What is around the server's name and port: nothing, or the rest of a URL.
    around: [&'static str; 2],
}

pub(crate) struct ExplainOutput {
    pub(crate) status: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Explain {
    pub(crate) fn new(roots: &str, system: &str) -> Self {
        let folder = Folder::new("explain");
        folder.file("roots.pem", roots);
        folder.file("system.pem", system);
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
        command
            .current_dir(folder.path())
            .env("SSL_CERT_FILE", "system.pem")
            .env_remove("SSL_CERT_DIR")
            .arg("explain");
        Self {
            folder,
            command,
            roots: "roots.pem",
            around: [""; 2],
        }
    }

    /// With a URL of the server.
    pub(crate) fn of_url(mut self, before: &'static str, after: &'static str) -> Self {
        self.around = [before, after];
        self
    }

    /// With another name of the file of roots.
    pub(crate) fn roots_named(mut self, name: &'static str) -> Self {
        let folder = self.folder.path();
        fs::rename(folder.join(self.roots), folder.join(name)).unwrap();
        self.roots = name;
        self
    }

    /// With another source in place of the file.
    pub(crate) fn with_roots(self, source: &'static str) -> Self {
        Self {
            roots: source,
            ..self
        }
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn run(mut self, port: u16) -> ExplainOutput {
        let [before, after] = self.around;
        let server = format!("{before}localhost:{port}{after}");
        let connect = format!("127.0.0.1:{port}");
        let arguments = ["--roots", self.roots, &server, "--connect", &connect];
        let output = self.command.args(arguments);
        let output = output.output().unwrap();
        drop(self.folder);
        ExplainOutput {
            status: output.status.code().unwrap(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it writes with `--json`, which agrees with the schema.
    pub(crate) fn json(self, port: u16) -> (i32, Value) {
        let explained = self.args(&["--json"]).run(port);
        let value = serde_json::from_str(&explained.output);
        let value: Value = value.unwrap_or_else(|_| panic!("{}", explained.errors));
        let schema = serde_json::from_str(include_str!("../../schema.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        if let Some(wrong) = validator.iter_errors(&value).next() {
            panic!("{wrong} at {}", wrong.instance_path());
        }
        (explained.status, value)
    }
}

impl ExplainOutput {
    /// The line of this policy.
    pub(crate) fn verdict(&self, policy: &str) -> &str {
        let by = format!("by {policy}: ");
        let mut lines = self.output.lines();
        let found = lines.find(|line| line.contains(&by));
        found.unwrap_or_else(|| panic!("{}{}", self.output, self.errors))
    }

    pub(crate) fn has_line(&self, line: &str) -> bool {
        self.output.lines().any(|other| other == line)
    }
}
