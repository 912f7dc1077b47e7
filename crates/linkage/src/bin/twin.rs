//! The one line of others: a client config of webpki-roots, written by hand.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

fn main() -> Result<(), Box<dyn Error>> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.to_vec();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore { roots })
        .with_no_client_auth();
    let config = Arc::new(config);
    println!("{}", config.enable_sni);
    // Holds it until somebody has looked at the memory.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
