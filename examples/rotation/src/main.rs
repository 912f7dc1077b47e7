//! A private CA is replaced while a client runs:
//!
//! ```sh
//! cargo run -p rotation
//! ```
//!
//! The client trusts a file of roots, which it reads again several times a second, and asks the server
//! all the time. First the new CA comes into the file, then the server gets a certificate of it, and
//! then the old CA leaves the file. In between, the file is caught half written. At the end, a server
//! with the old certificate is refused.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use std::{env, fs, process, thread};

use embedded_roots::{LiveRoots, Refusal, Roots, rustls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConnection, HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Authority = CertifiedIssuer<'static, KeyPair>;

/// A program that runs for months reads its files once in a minute or an hour.
const INTERVAL: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let file = env::temp_dir().join(format!("embedded-roots-rotation-{}.pem", process::id()));
    let done = rotate(&file);
    let _ = fs::remove_file(&file);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn rotate(file: &PathBuf) -> Result<()> {
    let (old, new) = (authority("Old CA")?, authority("New CA")?);
    replace(file, &old.pem())?;
    let server = Server::start(&old)?;
    let live = Roots::builder().pem_file(file).build_live()?;
    let _guard = live.refresh_every(INTERVAL)?;
    let mut changes = live.changes();
    let mut next_generation = || {
        changes
            .wait_timeout(Duration::from_secs(60))
            .ok_or("no new generation")
    };

    // A client that says nothing keeps nobody from anything.
    let _silent = TcpStream::connect(server.address)?;
    ask(&live, server.address)?;
    ask(&live, server.address)?;

    println!("file:   the new CA is added");
    replace(file, &(old.pem() + &new.pem()))?;
    next_generation()?;
    ask(&live, server.address)?;

    println!("server: a certificate of the new CA");
    server.present(&new)?;
    ask(&live, server.address)?;

    println!("file:   half of it is written");
    let pem = new.pem();
    let half = pem.get(..pem.len() / 2).unwrap_or_default();
    fs::write(file, half)?;
    while live.report().failed_refresh().is_none() {
        thread::sleep(INTERVAL);
    }
    println!(
        "client: {}",
        live.report().to_string().replace('\n', "\n        ")
    );
    ask(&live, server.address)?;

    println!("file:   the old CA is removed");
    replace(file, &pem)?;
    next_generation()?;
    ask(&live, server.address)?;

    println!("server: the old certificate again");
    server.present(&old)?;
    match ask(&live, server.address) {
        Ok(()) => Err("the old CA is still trusted".into()),
        Err(refused) => match Refusal::of(&*refused) {
            Some(refusal) => {
                println!("client: refused: {refusal}");
                Ok(())
            }
            None => Err(refused),
        },
    }
}

/// Nobody sees half of a file that is renamed into its place.
fn replace(file: &Path, pem: &str) -> io::Result<()> {
    let next = file.with_extension("next");
    fs::write(&next, pem)?;
    fs::rename(next, file)
}

/// One request over a new connection, with the config of the current generation.
fn ask(live: &LiveRoots, server: SocketAddr) -> Result<()> {
    let generation = live.generation();
    let name = "localhost".try_into()?;
    let connection = ClientConnection::new(live.client_config(), name)?;
    let mut tls = StreamOwned::new(connection, TcpStream::connect(server)?);
    tls.write_all(b"What time is it?\n")?;
    let mut answer = String::new();
    tls.read_to_string(&mut answer)?;
    let handshake = match tls.conn.handshake_kind() {
        Some(HandshakeKind::Resumed) => "a resumed session",
        _ => "a full handshake",
    };
    println!("client: generation {generation}, {handshake}, {answer:?}");
    Ok(())
}

/// A server on loopback, whose certificate can be replaced.
struct Server {
    address: SocketAddr,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Server {
    fn start(ca: &Authority) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let server = Self {
            address: listener.local_addr()?,
            config: Arc::new(RwLock::new(config(ca)?)),
        };
        let current = Arc::clone(&server.config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The lock is not held while a client is waited for.
                let config = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
                thread::spawn(move || {
                    if let Err(why) = answer(config, stream) {
                        println!("server: {why}");
                    }
                });
            }
        });
        Ok(server)
    }

    fn present(&self, ca: &Authority) -> Result<()> {
        let config = config(ca)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }
}

fn answer(config: Arc<ServerConfig>, stream: TcpStream) -> Result<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config)?, stream);
    let mut byte = [0];
    while byte != *b"\n" {
        tls.read_exact(&mut byte)?;
    }
    tls.write_all(b"Time for a new CA.")?;
    tls.conn.send_close_notify();
    tls.flush()?;
    Ok(())
}

fn authority(name: &str) -> Result<Authority> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// With a new certificate of this CA.
fn config(ca: &Authority) -> Result<Arc<ServerConfig>> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, ca)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Arc::new(config))
}
