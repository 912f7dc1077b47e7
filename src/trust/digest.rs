//! SHA-256, by the crypto provider where it has it.

use std::fmt;

use embedded_roots_bundle::emit::sha256;
use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::{Hash, HashAlgorithm};

/// SHA-256: that of a cipher suite, which uses what the processor has for it, or else portable code.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sha256(Option<&'static dyn Hash>);

impl Sha256 {
    pub(crate) fn of(provider: &CryptoProvider) -> Self {
        let suites = provider.cipher_suites.iter();
        let mut hashes = suites.filter_map(|suite| Some(suite.tls13()?.common.hash_provider));
        Self(hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256))
    }

    /// Allocates nothing, as far as the provider does not.
    pub(crate) fn hash(self, bytes: &[u8]) -> [u8; 32] {
        let by_provider = self.0.map(|hash| hash.hash(bytes));
        // A provider whose digest has another length is not asked for more.
        by_provider
            .and_then(|digest| digest.as_ref().try_into().ok())
            .unwrap_or_else(|| sha256(bytes))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "of the provider"
        } else {
            "portable"
        })
    }
}
