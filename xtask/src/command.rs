//! Runs other programs.

use std::env;
use std::error::Error;
use std::io;
use std::process::{Command, Stdio};

use crate::path;

/// A Cargo command that runs in the workspace.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(path(""));
    cargo
}

/// Runs the program; fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    // Its output goes to stderr, because our stdout is for the result.
    let status = command.stdout(Stdio::from(io::stderr())).status();
    let status = status.map_err(|why| format!("{command:?}: {why}"))?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(())
}

/// Returns what the program prints; fails if it does.
pub(crate) fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|why| format!("{command:?}: {why}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
