//! quinn: QUIC.

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;

use embedded_roots::Roots;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint};

/// An endpoint for connections that speak `protocol`, such as `h3`.
pub fn endpoint(roots: &Roots, protocol: &str) -> Result<Endpoint, Box<dyn Error>> {
    let mut config = (*roots.client_config()).clone();
    config.alpn_protocols = vec![protocol.into()];
    let config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(config)?));
    let mut endpoint = Endpoint::client((Ipv4Addr::UNSPECIFIED, 0).into())?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}
