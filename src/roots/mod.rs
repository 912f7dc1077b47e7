//! Whom to trust, as a value.

mod builder;
mod default;
mod merge;
mod trust_set;

use std::fmt;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

pub use builder::RootsBuilder;
pub use default::{client_config, client_config_builder, root_store, roots, verifier};
pub(crate) use merge::{Source, Standing, merge};
pub(crate) use trust_set::TrustSet;

use crate::config::Client;
use crate::{Error, Verifier, bundle, system};

/// Roots in force: a store, a verifier and a client config that agree.
///
/// Everything is made once, when the value is; its methods hand out the same [`Arc`]s every time.
/// A clone shares them.
///
/// ```
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
/// let roots = embedded_roots::Roots::embedded()?;
/// let config = roots.client_config();
/// # let _ = config;
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
#[derive(Clone)]
pub struct Roots {
    trust_set: TrustSet,
    client: Client,
}

impl Roots {
    /// The selected bundle alone: `custom`, else `mozilla`, else `webpki-roots`. This is the
    /// default.
    ///
    /// # Errors
    ///
    /// If no bundle is compiled in or there is no crypto provider.
    pub fn embedded() -> Result<Self, Error> {
        Self::new(of_the_bundle()?, None)
    }

    /// The operating system's store alone, through
    /// [rustls-native-certs](https://docs.rs/rustls-native-certs), read anew by each call.
    ///
    /// Tolerant: a certificate that cannot be used is skipped. The constraints that are known of
    /// Mozilla's list hold for the system's copies of its roots.
    ///
    /// # Errors
    ///
    /// If the feature `system` is off, the store has no usable certificate, or there is no crypto
    /// provider.
    pub fn system() -> Result<Self, Error> {
        Self::new(of_the_system()?, None)
    }

    /// Roots of several sources, or with a certain crypto provider.
    pub fn builder() -> RootsBuilder {
        RootsBuilder::new()
    }

    /// Makes these the default, which the free functions use.
    ///
    /// For the binary, once, before the first use; libraries leave it alone.
    ///
    /// # Errors
    ///
    /// If there is a default already: installed, or made by the first use.
    pub fn install_default(self) -> Result<(), Error> {
        default::install(self)
    }

    /// The anchors as a store for rustls.
    ///
    /// A store cannot carry a distrust date, so it is without the dated roots; it is empty, and
    /// trusts nobody, where all of them are dated. [`verifier`](Self::verifier) has them all.
    #[must_use]
    pub fn root_store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.trust_set.undated)
    }

    /// The verifier of server certificates, for a config of your own.
    #[must_use]
    pub fn verifier(&self) -> Arc<Verifier> {
        Arc::clone(&self.client.verifier)
    }

    /// A config without client certificate. Its list of ALPN protocols is empty.
    #[must_use]
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client.config)
    }

    /// A config to complete: with a client certificate (mutual TLS), or without.
    ///
    /// ```
    /// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
    /// let mut config = embedded_roots::Roots::embedded()?.client_config_builder().with_no_client_auth();
    /// config.alpn_protocols = vec![b"h2".to_vec()];
    /// # }
    /// # Ok::<(), embedded_roots::Error>(())
    /// ```
    #[must_use]
    pub fn client_config_builder(&self) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        self.client.builder.clone()
    }

    fn new(trust_set: TrustSet, provider: Option<Arc<CryptoProvider>>) -> Result<Self, Error> {
        let client = Client::new(&trust_set, provider)?;
        Ok(Self { trust_set, client })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots")
            .field("trust_set", &self.trust_set)
            .finish_non_exhaustive()
    }
}

/// Not through the builder, so that the one-line program does not link the PEM reader.
fn of_the_bundle() -> Result<TrustSet, Error> {
    let bundle = bundle::SELECTED.ok_or_else(Error::no_bundle)?;
    TrustSet::new(bundle.anchors(), Error::no_source)
}

fn of_the_system() -> Result<TrustSet, Error> {
    let anchors = system::anchors()?;
    let merged = merge(&[Source {
        standing: Standing::Listed,
        anchors,
    }])?;
    TrustSet::new(&merged, Error::no_source)
}
