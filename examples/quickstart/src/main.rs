//! One HTTPS request with the compiled-in roots.
//!
//! With a URL, it requests that URL:
//!
//! ```sh
//! cargo run -p quickstart -- https://example.com/
//! ```
//!
//! Without one, it needs no internet: it starts a server on loopback under a private CA, which the
//! embedded bundle does not trust, and tries again with that CA added.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use embedded_roots::{Roots, rustls};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::{StatusCode, Uri};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [] => both_sides().await,
        [address] if !address.starts_with('-') => ask(address).await,
        _ => Err("usage: quickstart [https://HOST/PATH]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn ask(address: &str) -> Result<()> {
    print_bundle();
    // This is all that a program needs.
    let status = get(Roots::embedded()?, address).await?;
    println!("{address}: {status}");
    Ok(())
}

async fn both_sides() -> Result<()> {
    print_bundle();
    let server = Server::start()?;
    println!("a server under a CA of its own: {}", server.address);

    match get(Roots::embedded()?, &server.address).await {
        Ok(status) => return Err(format!("accepted without its CA: {status}").into()),
        Err(error) => println!(
            "with the embedded bundle, refused: {}",
            with_causes(&*error)
        ),
    }

    let bundle = embedded_roots::bundle();
    let roots = Roots::builder()
        .bundle(bundle)
        .pem(&server.ca_pem)
        .build()?;
    let status = get(roots, &server.address).await?;
    println!("with that CA added, accepted: {status}");
    Ok(())
}

fn print_bundle() {
    let bundle = embedded_roots::bundle();
    let digest = bundle.sha256().map(|byte| format!("{byte:02x}")).concat();
    println!(
        "bundle: {}, {} roots, SHA-256 {digest}",
        bundle.name(),
        bundle.len()
    );
}

async fn get(roots: Roots, address: &str) -> Result<StatusCode> {
    const PATIENCE: Duration = Duration::from_secs(20);

    let uri: Uri = address
        .parse()
        .map_err(|why| format!("{address} is not an address: {why}"))?;
    if uri.scheme().is_none() || uri.host().is_none() {
        return Err(format!("{address} is not an address: expected https://HOST/PATH").into());
    }
    let client = roots.hyper_client::<Empty<Bytes>>();
    let answer = tokio::time::timeout(PATIENCE, client.get(uri)).await;
    let answer = answer.map_err(|_| format!("{address}: no answer within {PATIENCE:?}"))?;
    Ok(answer
        .map_err(|why| format!("{address}: {}", with_causes(&why)))?
        .status())
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A TLS server on loopback that answers every request with 200.
struct Server {
    address: String,
    ca_pem: String,
}

impl Server {
    fn start() -> Result<Self> {
        let mut ca = CertificateParams::default();
        ca.distinguished_name = DistinguishedName::new();
        ca.distinguished_name
            .push(DnType::CommonName, "A private CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &ca)?;

        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = format!("https://localhost:{}/", listener.local_addr()?.port());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Expected to fail once: the client refuses the certificate and hangs up.
                let _ = answer(stream, Arc::clone(&config));
            }
        });
        Ok(Self {
            address,
            ca_pem: ca.pem(),
        })
    }
}

fn answer(stream: std::net::TcpStream, config: Arc<ServerConfig>) -> Result<()> {
    let connection = ServerConnection::new(config)?;
    let mut tls = rustls::StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if tls.read(&mut byte)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        request.extend(byte);
    }
    tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    tls.conn.send_close_notify();
    tls.flush()?;
    Ok(())
}
