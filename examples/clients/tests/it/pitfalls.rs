//! What docs/clients.md warns of.

use std::env;
use std::process::Command;

/// Runs a test of this program where the system's store cannot be read.
fn without_system_store(test: &str) -> bool {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--include-ignored", "--exact", test]);
    let output = command
        .env("SSL_CERT_FILE", "/nonexistent")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("running 1 test"), "{printed}");
    let because_of_the_store = printed.contains("at '/nonexistent'");
    assert_eq!(output.status.success(), !because_of_the_store, "{printed}");
    output.status.success()
}

#[test]
#[ignore = "needs the servers"]
fn some_clients_read_the_systems_store_in_any_case() {
    for test in ["databases::redis", "messaging::async_nats"] {
        assert!(!without_system_store(test), "{test}");
    }
    for test in [
        "directory::ldap3",
        "http::aws",
        "http::reqwest",
        "messaging::rumqttc",
    ] {
        assert!(without_system_store(test), "{test}");
    }
}
