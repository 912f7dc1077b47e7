//! The crypto provider, and the verifier and config that are made with it once.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, ConfigBuilder};

use crate::error::Error;
use crate::verify::verifier::Verifier;

/// The verifier and config that [`Roots`](crate::Roots) hand out to clients.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    pub(crate) config: Arc<ClientConfig>,
}

impl Client {
    pub(crate) fn new(verifier: Verifier) -> Result<Self, Error> {
        let verifier = Arc::new(verifier);
        let builder = builder(Arc::clone(verifier.provider()), Arc::clone(&verifier) as _)?;
        let config = Arc::new(builder.clone().with_no_client_auth());
        Ok(Self {
            verifier,
            builder,
            config,
        })
    }
}

/// A config with this verifier, to complete.
pub(crate) fn builder(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    // `ClientConfig::builder()` would panic without a process default.
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::config)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(builder)
}

/// The explicit provider, else the process default, else the one of the enabled feature.
pub(crate) fn provider(
    explicit: Option<Arc<CryptoProvider>>,
) -> Result<Arc<CryptoProvider>, Error> {
    explicit
        .or_else(|| CryptoProvider::get_default().cloned())
        .or_else(|| COMPILED_IN.map(|provider| Arc::new(provider())))
        .ok_or_else(Error::no_provider)
}

#[cfg(feature = "aws-lc-rs")]
const COMPILED_IN: Option<fn() -> CryptoProvider> =
    Some(rustls::crypto::aws_lc_rs::default_provider);
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
const COMPILED_IN: Option<fn() -> CryptoProvider> = Some(rustls::crypto::ring::default_provider);
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
const COMPILED_IN: Option<fn() -> CryptoProvider> = None;
