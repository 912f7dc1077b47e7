//! Connects with the one-line client config, with reqwest and with ureq, and prints the results.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (host, port) = (arguments.next().unwrap(), arguments.next().unwrap());
    assert!(
        std::fs::metadata("/etc/ssl").is_err(),
        "this root directory is not empty"
    );
    print(
        "client_config",
        with_client_config(&host, port.parse().unwrap()),
    );
    print("reqwest", with_reqwest(&format!("https://{host}:{port}/")));
    print("ureq", with_ureq(&format!("https://{host}:{port}/")));
}

fn with_client_config(host: &str, port: u16) -> Result<String, Box<dyn Error>> {
    let config = embedded_roots::client_config()?;
    let connection = rustls::ClientConnection::new(config, host.to_owned().try_into()?)?;
    let mut tls = rustls::StreamOwned::new(connection, TcpStream::connect((host, port))?);
    write!(
        tls,
        "GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )?;
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
