//! Static programs in an empty root directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use embedded_roots_testing::folder::Folder;

/// The target whose programs are static with [`RUSTFLAGS`].
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Only with `--target`: the flag would also apply to procedural macros otherwise.
pub(crate) const RUSTFLAGS: &str = "-C target-feature=+crt-static";

/// The target folder of all static programs, to compile the clients once.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("proof")
}

/// Copies this program of [`target`] into an empty folder, and makes a command that runs it with that folder as its
/// root directory, without variables. The
/// folder is removed on drop.
pub(crate) fn command(program: &str, host: &str) -> (Folder, Command) {
    let empty = Folder::new("root");
    // Container engines provide this file.
    empty.file("etc/hosts", format!("127.0.0.1 {host}\n"));
    let program = target().join(TARGET).join("debug").join(program);
    fs::copy(program, empty.join("program")).unwrap();
    let mut command = Command::new("chroot");
    command
        .args([empty.path(), Path::new("/program")])
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default());
    (empty, command)
}

/// The output of a command that succeeded.
#[track_caller]
pub(crate) fn succeeded(output: Output) -> Output {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    output
}
