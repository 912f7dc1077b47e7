//! `cargo xtask interop`: the programs of the table compared with it.

use std::error::Error;

use crate::command::{cargo, run};

/// Runs the programs of these arguments.
///
/// By Cargo, because the other tasks need none of what that package brings: two crypto libraries, and the program.
pub(crate) fn run_programs(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let mut command = cargo();
    command.args([
        "run",
        "--quiet",
        "--package",
        "embedded-roots-interop",
        "--",
    ]);
    run(command.args(arguments))?;
    Ok("interop: all cells are as the table says".to_owned())
}
