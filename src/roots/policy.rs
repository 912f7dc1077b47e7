//! The effective roots, and what is made of them.

use std::fmt;
use std::sync::Arc;

use embedded_roots_bundle::certificate_to_pem;
use rustls::client::WantsClientCert;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::CertificateDer;

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::bundle::selected::SELECTED;
use crate::config::{self, Client};
use crate::error::Error;
use crate::trust::report::Report;
use crate::trust::set::TrustSet;
use crate::verify::client_verifier::ClientVerifier;
use crate::verify::verifier::Verifier;

/// The effective roots: a store, a verifier and a client config that agree.
///
/// Each is made once, and returned as the same [`Arc`] every time. Clones share them.
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
    /// Only the selected bundle: `custom`, else `mozilla`, else `webpki-roots`. This is the
    /// default.
    ///
    /// # Errors
    ///
    /// If no bundle is compiled in or there is no crypto provider.
    pub fn embedded() -> Result<Self, Error> {
        let trust_set = Arc::new(of_the_bundle()?);
        Self::new(Verifier::new(trust_set, config::provider(None)?))
    }

    /// The anchors as a store for rustls.
    ///
    /// A store cannot carry a distrust date, so roots that have one are left out. If all roots have one, or there
    /// are only [pinned](crate::RootsBuilder::pinned_certificate) certificates, the store is empty and trusts nobody. Nor can a store carry distrusted keys and certificates below the roots.
    /// [`verifier`](Self::verifier) enforces all of it.
    #[must_use]
    pub fn root_store(&self) -> Arc<RootCertStore> {
        Arc::clone(self.trust_set().store())
    }

    /// The trusted anchors, each with its limits. Anchors are unique by subject and SPKI, and sorted by
    /// both.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        self.trust_set().anchors()
    }

    /// The certificates (DER) of the roots, for a client that takes neither a config nor a verifier.
    ///
    /// **Roots whose limits a certificate cannot carry are left out**: those with a distrust date, and those with
    /// name constraints that are not in the certificate itself. A client that reads the certificate would trust
    /// them without these limits. Nor does such a client know distrusted keys and certificates below the roots.
    ///
    /// A generation of [`LiveRoots`](crate::LiveRoots) has the certificates that were read when it began.
    ///
    /// # Errors
    ///
    /// If a root has no certificate, because its source has only anchors (`webpki-roots`,
    /// [`include_bundle!`](crate::include_bundle), [`RootsBuilder::anchors`](crate::RootsBuilder::anchors)), or if
    /// no root is left.
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        self.trust_set().certificates()
    }

    /// The [`certificates`](Self::certificates) as PEM, for a client that takes a file or PEM text.
    ///
    /// # Errors
    ///
    /// Fails like [`certificates`](Self::certificates).
    pub fn pem(&self) -> Result<String, Error> {
        let certificates = self.certificates()?;
        let blocks = certificates.iter().map(|der| certificate_to_pem(der));
        Ok(blocks.collect())
    }

    /// Each of the [`anchors`](Self::anchors) with its certificate (DER). A source that has only anchors has none, and a
    /// bundle none of those that do not carry their limits. For the program `embedded-roots`, which shows the
    /// certificates of files together with the limits that these cannot carry.
    #[doc(hidden)]
    pub fn anchors_and_certificates(
        &self,
    ) -> impl Iterator<Item = (&Anchor, Option<CertificateDer<'static>>)> {
        self.trust_set().anchors_and_certificates()
    }

    /// The verifier of server certificates, for a config of your own.
    #[must_use]
    pub fn verifier(&self) -> Arc<Verifier> {
        Arc::clone(&self.client.verifier)
    }

    /// A config without client certificate and ALPN protocols.
    #[must_use]
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client.config)
    }

    /// A builder of a config, with or without a client certificate (mutual TLS).
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

    /// A verifier of client certificates (mutual TLS), for a server's config.
    ///
    /// A client must present a certificate for client authentication (extended key usage) that leads to one
    /// of these roots, within the limits of that root. If you supplied [CRLs](crate::RootsBuilder::crls),
    /// they are checked. If a client is refused, the handshake fails, and
    /// [`Refusal::of`](crate::Refusal::of) finds the explanation in its error.
    ///
    /// Use the roots of a private CA. Under a public bundle such as `mozilla`, anyone can get a
    /// certificate that is accepted. The verifier decides whether a certificate is valid, and not what
    /// its client may do: your server decides that, by the certificate of the connection
    /// (`peer_certificates`). Name constraints limit the DNS names and IP addresses of a certificate, but
    /// not its subject.
    ///
    /// The server sends the subjects of the roots to each client, which helps it to choose a certificate.
    /// If they are longer than 16 KiB together, none is sent, and the client chooses without them.
    ///
    /// Each call makes a verifier. It cannot fail, because [`build`](crate::RootsBuilder::build) has read the
    /// CRLs.
    ///
    /// ```no_run
    /// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    /// # fn config() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    ///
    /// use embedded_roots::Roots;
    /// use embedded_roots::rustls::ServerConfig;
    /// use embedded_roots::rustls::pki_types::pem::PemObject as _;
    /// use embedded_roots::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    ///
    /// let chain = CertificateDer::pem_file_iter("server.pem")?.collect::<Result<Vec<_>, _>>()?;
    /// let key = PrivateKeyDer::from_pem_file("server.key")?;
    /// let roots = Roots::builder().pem_file("/etc/corp/clients.pem").build()?;
    /// let provider = Arc::clone(roots.client_config().crypto_provider());
    /// let config = ServerConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_client_cert_verifier(roots.client_cert_verifier())
    ///     .with_single_cert(chain, key)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn client_cert_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::new(ClientVerifier::new(self.verifier(), true))
    }

    /// Like [`client_cert_verifier`](Self::client_cert_verifier), but clients without a certificate
    /// are accepted too (rustls' `allow_unauthenticated`).
    ///
    /// If a client presents a certificate, it must still be valid.
    #[must_use]
    pub fn optional_client_cert_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::new(ClientVerifier::new(self.verifier(), false))
    }

    /// What is trusted, and where it came from.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.trust_set().report()
    }

    pub(super) fn new(verifier: Verifier) -> Result<Self, Error> {
        Client::new(verifier).map(|client| Self { client })
    }

    pub(super) fn trust_set(&self) -> &Arc<TrustSet> {
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

/// Does not use the builder, so that the one-line program does not link the PEM reader.
pub(super) fn of_the_bundle() -> Result<TrustSet, Error> {
    TrustSet::from_bundle(selected()?)
}

pub(super) fn selected() -> Result<&'static Bundle, Error> {
    SELECTED.ok_or_else(Error::no_bundle)
}
