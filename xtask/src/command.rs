//! Running other programs.

use std::env;
use std::error::Error;
use std::io;
use std::process::{Command, Stdio};

use crate::path;

/// Cargo, in the workspace.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(path(""));
    cargo
}

/// Fails if the program does.
pub(crate) fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    // What it says belongs with what goes wrong; standard output is for the result.
    let status = command.stdout(Stdio::from(io::stderr())).status();
    let status = status.map_err(|why| format!("{command:?}: {why}"))?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(())
}

/// What a program prints; fails if it does.
pub(crate) fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|why| format!("{command:?}: {why}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
