//! The public API of [rustls-platform-verifier](https://docs.rs/rustls-platform-verifier) over the
//! roots of embedded-roots, with all of their limits.
//!
//! Nothing of the platform is asked: neither its store, nor its rules, nor revocation. The module
//! `android` of the original is missing, because there is nothing to initialize.

use std::sync::Arc;

use embedded_roots::{Error, Refusal, Roots};
use embedded_roots_bundle::Root;
use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, OtherError, SignatureScheme, WantsVerifier,
};

/// A verifier under the default roots of the process: those of
/// `embedded_roots::Roots::install_default`, else the selected bundle (`custom`, else `mozilla`).
#[derive(Debug)]
pub struct Verifier {
    default: Arc<embedded_roots::Verifier>,
    extra: Option<Arc<embedded_roots::Verifier>>,
}

impl Verifier {
    /// A verifier under the default roots.
    ///
    /// Their own crypto provider checks the signatures of certificates. If they have none, because
    /// they were not installed and neither rustls nor a feature has a default, it is this one.
    pub fn new(crypto_provider: Arc<CryptoProvider>) -> Result<Self, rustls::Error> {
        Self::with_extra(None, crypto_provider)
    }

    /// A verifier that also accepts what is under these roots.
    ///
    /// Each of them is used exactly as supplied. One that says that it is not a CA is accepted as the certificate of a
    /// server, and issues no others.
    pub fn new_with_extra_roots(
        extra_roots: impl IntoIterator<Item = CertificateDer<'static>>,
        crypto_provider: Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let extra_roots: Vec<_> = extra_roots.into_iter().collect();
        let extra = if extra_roots.is_empty() {
            None
        } else {
            Some(only(extra_roots, Arc::clone(&crypto_provider))?)
        };
        Self::with_extra(extra, crypto_provider)
    }

    fn with_extra(
        extra: Option<Arc<embedded_roots::Verifier>>,
        crypto_provider: Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let default = default_verifier(crypto_provider).map_err(of_rustls)?;
        Ok(Self { default, extra })
    }
}

fn default_verifier(
    crypto_provider: Arc<CryptoProvider>,
) -> Result<Arc<embedded_roots::Verifier>, Error> {
    match embedded_roots::verifier() {
        Err(error) if error.is_crypto_provider() => {
            // Makes the bundle the default, so that no other default can be installed later.
            embedded_roots::root_store()?;
            let roots = Roots::builder().bundle(embedded_roots::bundle());
            Ok(roots.provider(crypto_provider).build()?.verifier())
        }
        verifier => verifier,
    }
}

fn only(
    roots: Vec<CertificateDer<'static>>,
    crypto_provider: Arc<CryptoProvider>,
) -> Result<Arc<embedded_roots::Verifier>, rustls::Error> {
    let mut builder = Roots::builder().provider(crypto_provider);
    let (pinned, roots): (Vec<_>, Vec<_>) = roots.into_iter().partition(is_not_a_ca);
    if !roots.is_empty() {
        builder = builder.certificates(roots);
    }
    for certificate in pinned {
        builder = builder.pinned_certificate(certificate);
    }
    Ok(builder.build().map_err(of_rustls)?.verifier())
}

fn is_not_a_ca(certificate: &CertificateDer<'static>) -> bool {
    Root::from_der(certificate.clone()).is_err_and(|why| why.is_refused_as_ca())
}

fn is_unknown_issuer(error: &rustls::Error) -> bool {
    Refusal::of(error).is_some_and(|refusal| refusal.is_unknown_issuer())
}

fn of_rustls(error: Error) -> rustls::Error {
    rustls::Error::Other(OtherError(Arc::new(error)))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |verifier: &embedded_roots::Verifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        verify(&self.default).or_else(|refused| match &self.extra {
            Some(extra) => verify(extra).map_err(|by_extra| {
                // The roots that know the issuer say more.
                if is_unknown_issuer(&by_extra) {
                    refused
                } else {
                    by_extra
                }
            }),
            None => Err(refused),
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.default.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.default.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.default.supported_verify_schemes()
    }
}

/// A verifier under this root alone.
///
/// # Panics
///
/// If the certificate cannot be a root. The original panics, too: it is for debugging.
#[cfg(feature = "dbg")]
#[allow(clippy::expect_used, reason = "the original's API has no error")]
#[must_use]
pub fn verifier_for_dbg(
    root: CertificateDer<'static>,
    crypto_provider: Arc<CryptoProvider>,
) -> Arc<dyn ServerCertVerifier> {
    only(vec![root], crypto_provider).expect("this certificate cannot be a root")
}

/// Gives a config this verifier.
pub trait BuilderVerifierExt {
    /// Continues with a [`Verifier`] that has the builder's crypto provider.
    fn with_platform_verifier(
        self,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error>;
}

impl BuilderVerifierExt for ConfigBuilder<ClientConfig, WantsVerifier> {
    fn with_platform_verifier(
        self,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
        let verifier = Verifier::new(Arc::clone(self.crypto_provider()))?;
        Ok(self
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier)))
    }
}

/// Makes a config with this verifier.
pub trait ConfigVerifierExt {
    /// A config without client certificate, with the default crypto provider of rustls.
    fn with_platform_verifier() -> Result<ClientConfig, rustls::Error>;
}

impl ConfigVerifierExt for ClientConfig {
    fn with_platform_verifier() -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder().with_platform_verifier()?;
        Ok(builder.with_no_client_auth())
    }
}
