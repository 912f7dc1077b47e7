//! Packages of users, built by Cargo against this checkout in a temporary folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

/// A package in a folder of its own, which goes away with it.
///
/// There is one at a time: they share a target folder, so that dependencies are compiled once.
pub(crate) struct Package {
    name: &'static str,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    _turn: MutexGuard<'static, ()>,
}

impl Package {
    /// A package `name` with these lines as `[dependencies]`. `{checkout}` in them is the path of
    /// this checkout.
    pub(crate) fn new(name: &'static str, dependencies: &str) -> Self {
        static TURN: Mutex<()> = Mutex::new(());

        // A test that failed in its turn leaves nothing that others could stumble over.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Not below the workspace, whose Cargo configuration would hold for it.
        let folder = env::temp_dir().join(format!("embedded-roots-{}-{name}", std::process::id()));
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

    /// One that depends on embedded-roots alone, with these features and no default ones.
    pub(crate) fn with_features(name: &'static str, features: &[&str]) -> Self {
        let dependency = format!(
            "embedded-roots = {{ path = \"{{checkout}}\", default-features = false, features = {features:?} }}"
        );
        Self::new(name, &dependency)
    }

    pub(crate) fn main(self, source: &str) -> Self {
        self.file("src/main.rs", source);
        self
    }

    /// Writes a file of the package.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
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
        &self.folder
    }

    /// What `cargo` with these arguments says and does.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO"));
        self.in_environment(&mut command)
            .args(arguments)
            .arg("--offline")
            .env("CARGO_TARGET_DIR", target())
            .env("CARGO_TERM_COLOR", "never")
            .output()
            .unwrap()
    }

    /// What embedded-roots says when the package cannot be built: its lines, as Cargo shows them.
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

    #[track_caller]
    pub(crate) fn build(&self) {
        self.build_with(&[]);
    }

    #[track_caller]
    pub(crate) fn build_with(&self, arguments: &[&str]) {
        succeeded(self.cargo(&[&["build"], arguments].concat()));
    }

    /// What the program prints.
    #[track_caller]
    pub(crate) fn run(&self) -> String {
        self.build();
        // Not by `cargo run`, which sets SSL_CERT_FILE and SSL_CERT_DIR for what it runs.
        let mut program = Command::new(target().join("debug").join(self.name));
        succeeded(self.in_environment(&mut program).output().unwrap())
    }

    fn in_environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for variable in INHERITED {
            command.env_remove(variable);
        }
        command
            .current_dir(&self.folder)
            .envs(self.environment.iter().cloned())
    }
}

/// Variables of this process that are not for the package.
const INHERITED: [&str; 7] = [
    "DOCS_RS",
    "EMBEDDED_ROOTS_DEFAULT",
    "EMBEDDED_ROOTS_FILE",
    "EMBEDDED_ROOTS_SHA256",
    "RUSTFLAGS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

impl Drop for Package {
    fn drop(&mut self) {
        // It may be gone, and it is the system's to clean up in the end.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The target folder of all packages.
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
