//! The main use case: a static program in an empty root directory.

use std::fs;
use std::path::Path;
use std::process::Command;

use embedded_roots_testing::authority::{root, server};
use rustls::version::TLS13;

use crate::scratch::{Package, target};
use crate::server::serve_http;

const HOST: &str = "server.example";

/// Connects with the one-line client config, with reqwest and with ureq, and prints the results.
const MAIN: &str = r#"
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (host, port) = (arguments.next().unwrap(), arguments.next().unwrap());
    assert!(std::fs::metadata("/etc/ssl").is_err(), "this root directory is not empty");
    print("client_config", with_client_config(&host, port.parse().unwrap()));
    print("reqwest", with_reqwest(&format!("https://{host}:{port}/")));
    print("ureq", with_ureq(&format!("https://{host}:{port}/")));
}

fn with_client_config(host: &str, port: u16) -> Result<String, Box<dyn Error>> {
    let config = embedded_roots::client_config()?;
    let connection = rustls::ClientConnection::new(config, host.to_owned().try_into()?)?;
    let mut tls = rustls::StreamOwned::new(connection, TcpStream::connect((host, port))?);
    write!(tls, "GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
    let mut response = String::new();
    tls.read_to_string(&mut response)?;
    Ok(response.lines().next().unwrap_or_default().to_owned())
}

fn with_reqwest(address: &str) -> Result<String, Box<dyn Error>> {
    let client = embedded_roots::reqwest::blocking::client()?;
    Ok(client.get(address).send()?.status().to_string())
}

fn with_ureq(address: &str) -> Result<String, Box<dyn Error>> {
    let agent = embedded_roots::ureq::agent()?;
    Ok(agent.get(address).call()?.status().to_string())
}

fn print(what: &str, outcome: Result<String, Box<dyn Error>>) {
    match outcome {
        Ok(status) => println!("{what}: accepted: {status}"),
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            println!("{what}: refused: {text}");
        }
    }
}
"#;

#[test]
#[ignore = "needs root, for chroot, and a minute for a build of its own; .ci/run runs it"]
fn it_is_accepted_under_custom_and_refused_under_mozilla() {
    let ca = root("CA of nobody else");
    let port = serve_http(server(&ca, HOST), &TLS13).port().to_string();

    let accepted = "client_config: accepted: HTTP/1.1 200 OK\nreqwest: accepted: 200 OK\n\
                    ureq: accepted: 200 OK\n";
    assert_eq!(
        printed_in_an_empty_root("custom", &ca.pem(), &port),
        accepted
    );

    let refused = printed_in_an_empty_root("mozilla", &ca.pem(), &port);
    let lines: Vec<_> = refused.lines().collect();
    let [config, reqwest, ureq] = lines[..] else {
        panic!("{refused}")
    };
    let count = embedded_roots::mozilla::BUNDLE.len();
    let why =
        format!("issuer \"CN=CA of nobody else\" is not trusted by bundle mozilla ({count} roots)");
    for (line, what) in [
        (config, "client_config"),
        (reqwest, "reqwest"),
        (ureq, "ureq"),
    ] {
        assert!(line.starts_with(&format!("{what}: refused: ")), "{line}");
        assert!(line.contains(&why), "{line}");
    }
}

/// Builds the program with the bundle of this feature, puts it into an empty folder, and runs it
/// with that folder as its root directory.
fn printed_in_an_empty_root(bundle: &str, ca_pem: &str, port: &str) -> String {
    const TARGET: &str = "x86_64-unknown-linux-gnu";

    let dependencies = format!(
        "embedded-roots = {{ path = \"{{checkout}}\", default-features = false, \
         features = [\"{bundle}\", \"ring\", \"tls12\", \"reqwest-blocking\", \"ureq\"] }}\n\
         rustls = {{ version = \"0.23\", default-features = false, features = [\"std\"] }}"
    );
    let mut package = Package::new("static-program", &dependencies).main(MAIN);
    let file = package.file("ca.pem", ca_pem);
    package.set_env("EMBEDDED_ROOTS_FILE", file);
    package.set_rustflags("-C target-feature=+crt-static");
    package.build_with(&["--target", TARGET]);

    let program = target().join(TARGET).join("debug/static-program");
    let empty = package.folder().join("root");
    // Container engines provide this file.
    package.file("root/etc/hosts", format!("127.0.0.1 {HOST}\n"));
    fs::copy(program, empty.join("program")).unwrap();
    let output = Command::new("chroot")
        .args([
            &empty,
            Path::new("/program"),
            Path::new(HOST),
            Path::new(port),
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
