//! CRLs, checked by rustls' own verifiers.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::CertificateRevocationListDer;

use crate::error::Error;

/// CRLs, and how rustls is to check them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revocation {
    pub(crate) crls: Vec<CertificateRevocationListDer<'static>>,
    pub(crate) allow_unknown_status: bool,
    pub(crate) only_end_entity: bool,
    pub(crate) enforce_expiration: bool,
}

impl Revocation {
    /// In bytes.
    pub(super) fn size(&self) -> usize {
        self.crls.iter().map(|crl| crl.len()).sum()
    }

    pub(super) fn server_verifier(
        &self,
        store: Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, Error> {
        let mut builder = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(provider))
            .with_crls(self.crls.iter().cloned());
        if self.allow_unknown_status {
            builder = builder.allow_unknown_revocation_status();
        }
        if self.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if self.enforce_expiration {
            builder = builder.enforce_revocation_expiration();
        }
        // The store is not empty, so only the CRLs can be invalid.
        builder.build().map_err(Error::revocation)
    }

    /// The same for clients, by another builder of rustls.
    pub(super) fn client_verifier(
        &self,
        store: Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        let mut builder = WebPkiClientVerifier::builder_with_provider(store, Arc::clone(provider))
            .clear_root_hint_subjects()
            .with_crls(self.crls.iter().cloned());
        if self.allow_unknown_status {
            builder = builder.allow_unknown_revocation_status();
        }
        if self.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if self.enforce_expiration {
            builder = builder.enforce_revocation_expiration();
        }
        builder.build().map_err(Error::revocation)
    }
}
