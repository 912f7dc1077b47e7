//! Whom to trust, as a value.

mod builder;
mod default;
mod merge;
mod report;
#[cfg(feature = "serde")]
mod serialize;
#[cfg(all(test, unix, feature = "custom", feature = "ring", feature = "system"))]
pub(crate) mod tests;
mod trust_set;

use std::fmt;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

pub use builder::RootsBuilder;
use builder::Surroundings;
pub use default::{client_config, client_config_builder, root_store, roots, verifier};
pub(crate) use merge::{Source, Standing};
pub use report::{Report, SourceReport};
pub(crate) use trust_set::{TrustSet, is_dated};

use merge::merge;

use crate::config::{self, Client};
use crate::{Bundle, Error, Verifier, bundle};

/// Roots in force: a store, a verifier and a client config that agree.
///
/// Each is made once, and handed out as the same [`Arc`] every time. A clone shares them.
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
        let trust_set = Arc::new(of_the_bundle()?);
        Self::new(Verifier::new(trust_set, config::provider(None)?))
    }

    /// The operating system's store alone (feature `system`), read anew by each call.
    ///
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` name another store where one of them is set, strictly, as
    /// in [`RootsBuilder::ssl_cert_env`]. The store itself is read as Go's crypto/x509 reads it: the
    /// first of the known files that has roots, and all known directories; on macOS and Windows it
    /// is read through [rustls-native-certs](https://docs.rs/rustls-native-certs). That is tolerant:
    /// what cannot be used is skipped, and stands in the [report](Self::report). The constraints
    /// that are known of Mozilla's list hold for the system's copies of its roots.
    ///
    /// # Errors
    ///
    /// If the feature is off, the store has no usable certificate, a variable is set to something
    /// unusable, or there is no crypto provider.
    pub fn system() -> Result<Self, Error> {
        Self::builder().system().build()
    }

    /// The operating system's store, and only if it has no root the selected bundle: the rule of
    /// Go's `x509.SetFallbackRoots`.
    ///
    /// # Errors
    ///
    /// As [`system`](Self::system), without that an empty store is one: a variable that is set to
    /// something unusable does not open the fallback. If the store is empty, as
    /// [`embedded`](Self::embedded).
    pub fn system_or_embedded() -> Result<Self, Error> {
        Self::builder().system_or_embedded().build()
    }

    /// The selected bundle and the operating system's store. An empty store adds nothing.
    ///
    /// # Errors
    ///
    /// As [`embedded`](Self::embedded) and [`system`](Self::system), without that an empty store is
    /// one.
    pub fn embedded_and_system() -> Result<Self, Error> {
        Self::builder().bundle(selected()?).system().build()
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
        Arc::clone(self.trust_set().store())
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

    /// What is in force, and where it came from.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.trust_set().report()
    }

    fn new(verifier: Verifier) -> Result<Self, Error> {
        Client::new(verifier).map(|client| Self { client })
    }

    fn trust_set(&self) -> &Arc<TrustSet> {
        self.client.verifier.trust_set()
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots")
            .field("trust_set", self.trust_set())
            .finish_non_exhaustive()
    }
}

/// Not through the builder, so that the one-line program does not link the PEM reader.
fn of_the_bundle() -> Result<TrustSet, Error> {
    TrustSet::of(selected()?)
}

fn of_the_system() -> Result<TrustSet, Error> {
    let (anchors, report) = merge(vec![Surroundings::default().system()?])?;
    TrustSet::merged(anchors, report)
}

fn selected() -> Result<&'static Bundle, Error> {
    bundle::SELECTED.ok_or_else(Error::no_bundle)
}
