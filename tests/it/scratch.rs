//! User packages, which Cargo builds against this checkout in a temporary folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use embedded_roots_testing::folder::Folder;
use serde_json::Value;

/// A package in a folder of its own, which is removed on drop.
///
/// Only one exists at a time: packages share a target folder, to compile dependencies once.
pub(crate) struct Package {
    name: &'static str,
    folder: Folder,
    environment: Vec<(&'static str, String)>,
    _turn: MutexGuard<'static, ()>,
}

impl Package {
    /// A package `name` with these lines as its `[dependencies]`, in which `{checkout}` stands for
    /// the path of this checkout.
    pub(crate) fn new(name: &'static str, dependencies: &str) -> Self {
        static TURN: Mutex<()> = Mutex::new(());

        // Ignore the poison: a test that panicked leaves no state that affects the next one.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Outside the workspace, whose Cargo configuration would otherwise apply.
        let folder = Folder::new(name);
        let package = Self {
            name,
            folder,
            environment: Vec::new(),
            _turn: turn,
        };
        let dependencies = dependencies.replace("{checkout}", env!("CARGO_MANIFEST_DIR"));
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n\n[workspace]\n"
        );
        package.file("Cargo.toml", &manifest);
        package.file("Cargo.lock", include_str!("../../Cargo.lock"));
        package.file("src/main.rs", "fn main() {}\n");
        package
    }

    /// A package that depends only on embedded-roots, with these features and no default features.
    pub(crate) fn with_features(name: &'static str, features: &[&str]) -> Self {
        let dependency = format!(
            "embedded-roots = {{ path = \"{{checkout}}\", default-features = false, features = {features:?} }}"
        );
        Self::new(name, &dependency)
    }

    /// Like [`with_features`](Self::with_features), and depends on rustls as the others do.
    pub(crate) fn with_rustls(name: &'static str, features: &[&str]) -> Self {
        let dependency = format!(
            "embedded-roots = {{ path = \"{{checkout}}\", default-features = false, features = {features:?} }}\n{RUSTLS}"
        );
        Self::new(name, &dependency)
    }

    pub(crate) fn main(self, source: &str) -> Self {
        self.file("src/main.rs", source);
        self
    }

    /// Writes a file into the package.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.folder.file(path, content)
    }

    /// Like [`file`](Self::file), for a file that Cargo takes for newer than any build so far, even where the
    /// file system rounds times to whole seconds.
    pub(crate) fn newer_file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(path, content);
        let file = File::options().write(true).open(&path).unwrap();
        let time = SystemTime::now() + Duration::from_secs(2);
        file.set_modified(time).unwrap();
        path
    }

    pub(crate) fn env(mut self, variable: &'static str, value: impl AsRef<Path>) -> Self {
        self.set_env(variable, value);
        self
    }

    pub(crate) fn set_env(&mut self, variable: &'static str, value: impl AsRef<Path>) {
        self.environment.retain(|(other, _)| *other != variable);
        self.environment
            .push((variable, value.as_ref().to_str().unwrap().to_owned()));
    }

    pub(crate) fn set_rustflags(&mut self, flags: &str) {
        self.set_env("RUSTFLAGS", flags);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `cargo` with these arguments.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO"));
        self.in_environment(&mut command)
            .args(arguments)
            .arg("--offline")
            .env("CARGO_TARGET_DIR", target())
            .env("CARGO_TERM_COLOR", "never")
            // Each is compiled once, and not debugged.
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()
            .unwrap()
    }

    /// The error of embedded-roots' build script, as Cargo shows it.
    #[track_caller]
    pub(crate) fn build_error(&self) -> String {
        let output = self.cargo(&["build"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "it builds: {text}");
        let lines = text.lines();
        let lines = lines.filter_map(|line| line.strip_prefix("error: embedded-roots@0.1.0: "));
        let error = lines.collect::<Vec<_>>().join("\n");
        assert!(!error.is_empty(), "another error: {text}");
        error
    }

    /// The errors of rustc in the package itself, each with the source that it points at.
    #[track_caller]
    pub(crate) fn compile_errors(&self) -> Vec<(String, String)> {
        let output = self.cargo(&["build", "--message-format=json"]);
        assert!(!output.status.success(), "it builds");
        let text = String::from_utf8(output.stdout).unwrap();
        let messages = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let errors = messages.filter(|message: &Value| message["message"]["level"] == "error");
        let errors = errors.filter_map(|message| {
            let mut span = message["message"]["spans"].get(0)?;
            // rustc shows the call of a macro in place of what is in another package.
            while !span["file_name"].as_str()?.ends_with("main.rs") {
                span = span["expansion"].get("span")?;
            }
            let line = span["text"][0]["text"].as_str()?;
            let column = |name: &str| usize::try_from(span[name].as_u64().unwrap() - 1).unwrap();
            let chars = line.chars().take(column("column_end"));
            let source = chars.skip(column("column_start")).collect();
            let message = message["message"]["message"].as_str()?.to_owned();
            Some((message, source))
        });
        let errors: Vec<_> = errors.collect();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.is_empty(), "another error: {stderr}");
        errors
    }

    #[track_caller]
    pub(crate) fn build(&self) {
        self.build_with(&[]);
    }

    #[track_caller]
    pub(crate) fn build_with(&self, arguments: &[&str]) {
        succeeded(self.cargo(&[&["build"], arguments].concat()));
    }

    /// Builds and runs the program; returns what it prints.
    #[track_caller]
    pub(crate) fn run(&self) -> String {
        self.build();
        // Not `cargo run`, which sets SSL_CERT_FILE and SSL_CERT_DIR for the program.
        let mut program = Command::new(target().join("debug").join(self.name));
        succeeded(self.in_environment(&mut program).output().unwrap())
    }

    fn in_environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for variable in INHERITED {
            command.env_remove(variable);
        }
        command
            .current_dir(self.folder.path())
            .envs(self.environment.iter().cloned())
    }
}

/// A dependency. With the same features everywhere, rustls and webpki are compiled once, whatever the features
/// of embedded-roots are. These are what ureq enables, too.
pub(crate) const RUSTLS: &str = "rustls = { version = \"0.23\", default-features = false, \
                                 features = [\"logging\", \"ring\", \"std\", \"tls12\"] }";

/// Variables of this process that the package must not inherit.
const INHERITED: [&str; 8] = [
    "DOCS_RS",
    "EMBEDDED_ROOTS_DEFAULT",
    "EMBEDDED_ROOTS_EXPECT_DEFAULT",
    "EMBEDDED_ROOTS_FILE",
    "EMBEDDED_ROOTS_SHA256",
    "RUSTFLAGS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// The target folder that all packages share.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages")
}

#[track_caller]
fn succeeded(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
