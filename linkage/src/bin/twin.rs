//! The twin of the one-line program: a client config written by hand over webpki-roots.

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
    // Keep the config until `cargo xtask figures` has measured the memory.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
