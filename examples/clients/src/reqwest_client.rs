//! reqwest.

use std::sync::Arc;

use embedded_roots::Roots;
use embedded_roots::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use embedded_roots::rustls::version::TLS13;
use embedded_roots::rustls::{self, ClientConfig};
use reqwest::Client;

/// A client that trusts these roots.
pub fn client(roots: &Roots) -> reqwest::Result<Client> {
    roots.reqwest_client_builder().build()
}

/// A config with a client certificate, for [`client_with_config`].
pub fn mutual_tls(
    roots: &Roots,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    roots
        .client_config_builder()
        .with_client_auth_cert(chain, key)
}

/// A config of TLS 1.3 alone, for [`client_with_config`].
pub fn tls13_alone(roots: &Roots) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::clone(roots.client_config().crypto_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous() // rustls calls it so; the verifier is that of the roots.
        .with_custom_certificate_verifier(roots.verifier())
        .with_no_client_auth();
    Ok(config)
}

/// A client with such a config.
pub fn client_with_config(config: ClientConfig) -> reqwest::Result<Client> {
    Client::builder().tls_backend_preconfigured(config).build()
}
