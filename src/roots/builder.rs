use std::sync::Arc;

use embedded_roots_bundle::{Annotation, PrivateKeys, Root, parse};
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;

use super::Roots;
use super::merge::{Source, Standing, merge};
use super::trust_set::TrustSet;
use crate::{Anchor, Bundle, Error};

/// Makes [`Roots`] of the sources that it is given.
///
/// Each source adds to the others; a root in several of them is one root. What the caller gives
/// (a PEM text, certificates, the bundle `custom`) stands within the limits that it was given with.
/// What comes from a list (`mozilla`, `webpki-roots`) stands within the tightest limits that are
/// known of it.
///
/// The first error of any step is what [`build`](Self::build) gives.
#[derive(Debug)]
#[must_use = "nothing is trusted before `build`"]
pub struct RootsBuilder {
    sources: Result<Vec<Source>, Error>,
    provider: Option<Arc<CryptoProvider>>,
}

impl RootsBuilder {
    pub(crate) fn new() -> Self {
        Self {
            sources: Ok(Vec::new()),
            provider: None,
        }
    }

    /// Adds a compiled-in bundle, such as [`mozilla::BUNDLE`](crate::mozilla::BUNDLE).
    pub fn bundle(self, bundle: &Bundle) -> Self {
        let standing = if bundle.name() == "custom" {
            Standing::Given
        } else {
            Standing::Listed
        };
        self.source(|| {
            Ok(Source {
                standing,
                anchors: bundle.anchors().to_vec(),
            })
        })
    }

    /// Adds the certificates of a PEM text, annotated or not.
    ///
    /// Strict: one certificate that cannot be used is an error, as is a text without any. Blocks of
    /// other kinds, private keys too, are passed over.
    pub fn pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.source(|| {
            let roots = parse("PEM text", pem.as_ref(), PrivateKeys::PassOver)?;
            let bundle = embedded_roots_bundle::Bundle::new(roots)?;
            let anchors = bundle.roots().iter().map(Anchor::from).collect();
            Ok(Source {
                standing: Standing::Given,
                anchors,
            })
        })
    }

    /// Adds certificates. Strict, as [`pem`](Self::pem).
    pub fn certificates(
        self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.source(|| {
            let anchors = certificates.into_iter().zip(1..).map(|(certificate, nth)| {
                let root = Root::new(certificate, Annotation::default(), 0);
                let root =
                    root.map_err(|why| Error::invalid(format!("certificate {nth}: {why}")))?;
                Ok(Anchor::from(&root))
            });
            let anchors = anchors.collect::<Result<Vec<_>, Error>>()?;
            if anchors.is_empty() {
                return Err(Error::invalid("no certificate in `certificates`".into()));
            }
            Ok(Source {
                standing: Standing::Given,
                anchors,
            })
        })
    }

    /// Takes this crypto provider. Otherwise it is the process default of rustls, else the enabled
    /// feature: `aws-lc-rs` before `ring`.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The roots.
    ///
    /// # Errors
    ///
    /// The first error of the steps before; no source; a certificate that two of them give under
    /// different constraints; no crypto provider, or one that rustls cannot use.
    pub fn build(self) -> Result<Roots, Error> {
        let anchors = merge(&self.sources?)?;
        Roots::new(TrustSet::new(&anchors, Error::no_source)?, self.provider)
    }

    fn source(mut self, source: impl FnOnce() -> Result<Source, Error>) -> Self {
        self.sources = self.sources.and_then(|mut sources| {
            sources.push(source()?);
            Ok(sources)
        });
        self
    }
}
