//! The one line of others: a client config of webpki-roots, written by hand.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

fn main() {
    let roots = webpki_roots::TLS_SERVER_ROOTS.to_vec();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| {
            let builder = builder.with_root_certificates(RootCertStore { roots });
            Arc::new(builder.with_no_client_auth())
        });
    println!("{:?}", config.map(|config| config.enable_sni));
}
