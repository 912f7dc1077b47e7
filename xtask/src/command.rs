//! Runs other programs.

use std::error::Error;
use std::process::{Child, Command, Output, Stdio};
use std::{env, fs, io};

use crate::path;

/// A Cargo command that runs in the workspace.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(path(""));
    cargo
}

/// The resident memory of a process, in KiB.
pub(crate) fn resident(process: &Child) -> Result<u32, Box<dyn Error>> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.ok_or("no VmRSS in /proc")?.parse()?)
}

/// Runs the program; fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    // Its output goes to stderr, because our stdout is for the result.
    finish(command.stdout(Stdio::from(io::stderr()))).map(drop)
}

/// Returns what the program prints; fails if it does.
pub(crate) fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    Ok(String::from_utf8(finish(command)?.stdout)?)
}

fn finish(command: &mut Command) -> Result<Output, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|why| format!("{command:?}: {why}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(output)
}
