//! The example runs, and ends well only if the client refuses the CA that was removed.

#[test]
fn rotation_refuses_the_removed_ca() -> std::io::Result<()> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_rotation")).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    Ok(())
}
