//! Connects to the address in a variable, under a bundle that has its root and under one that does not.

use std::io::Write as _;
use std::net::TcpStream;

use embedded_roots::rustls::{ClientConnection, StreamOwned};
use embedded_roots::{Bundle, Roots, include_bundle};

static CORP: Bundle = include_bundle!("certs/corp.pem");
static LETS_ENCRYPT: Bundle = include_bundle!(mozilla, only = ["ISRG Root X1"]);

fn main() {
    let address = std::env::var("ADDRESS").unwrap();
    for bundle in [&CORP, &LETS_ENCRYPT] {
        let roots = Roots::builder().bundle(bundle).build().unwrap();
        let name = "a.corp.example".try_into().unwrap();
        let connection = ClientConnection::new(roots.client_config(), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(&address).unwrap());
        println!(
            "{}",
            stream
                .flush()
                .map_or_else(|why| why.to_string(), |()| "accepted".to_owned())
        );
    }
}
