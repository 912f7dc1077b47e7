//! Without an argument the example needs no network. A host that refuses connections is an error, and the
//! exit status says so.

use std::io;
use std::process::{Command, Output};

fn quickstart(arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .args(arguments)
        .output()
}

#[test]
fn quickstart_succeeds_without_a_network() -> io::Result<()> {
    let output = quickstart(&[])?;
    assert!(output.status.success(), "{output:?}");
    Ok(())
}

#[test]
fn refused_connection_gives_exit_status_1() -> io::Result<()> {
    // Nobody listens on this port, which only root may use.
    let output = quickstart(&["https://127.0.0.1:1/"])?;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    Ok(())
}
