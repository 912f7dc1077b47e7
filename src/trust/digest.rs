//! SHA-256, by a crypto provider where there is one.

use std::fmt;

use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::Hash;
use rustls::{CipherSuite, CipherSuiteCommon};

/// SHA-256: that of a cipher suite of the crypto provider, which uses what the processor has for it.
///
/// A provider without such a suite is replaced by the one of the enabled feature. Without such a feature, portable
/// code takes its place, which a program with one does not link.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sha256(Option<&'static dyn Hash>);

impl Sha256 {
    pub(crate) fn from_provider(provider: &CryptoProvider) -> Self {
        // By name, because to ask the hash for its algorithm would be one more page of code at the start of a program.
        let is_of_sha256 = |common: &CipherSuiteCommon| {
            let suite = common.suite;
            suite == CipherSuite::TLS13_AES_128_GCM_SHA256
                || suite == CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
        };
        let suites = provider.cipher_suites.iter();
        let mut suites = suites.filter_map(|suite| Some(&suite.tls13()?.common));
        let suite = suites.find(|common| is_of_sha256(common));
        Self(suite.map(|common| common.hash_provider))
    }

    /// Allocates nothing, as far as the provider does not.
    // One copy of what the provider inlines.
    #[inline(never)]
    pub(crate) fn hash(self, bytes: &[u8]) -> [u8; 32] {
        let digest = self.0.and_then(|hash| by(hash, bytes));
        digest.unwrap_or_else(|| other(bytes))
    }
}

/// `None` if the digest does not have 32 bytes, and so is that of another hash.
fn by(hash: &dyn Hash, bytes: &[u8]) -> Option<[u8; 32]> {
    hash.hash(bytes).as_ref().try_into().ok()
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
fn other(bytes: &[u8]) -> [u8; 32] {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs as provider;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring as provider;

    // It is a suite of TLS 1.3.
    let suite = provider::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13();
    let digest = suite.and_then(|suite| by(suite.common.hash_provider, bytes));
    digest.unwrap_or_default()
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
fn other(bytes: &[u8]) -> [u8; 32] {
    embedded_roots_bundle::digest::sha256(bytes)
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sha256").field(&self.0.is_some()).finish()
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use super::*;

    /// With a provider that has SHA-256, with one that does not, and without a provider.
    #[test]
    fn every_sha256_gives_the_same_digest() {
        let text = b"abc";
        // FIPS 180-4, appendix B.1 of its first edition
        let expected = embedded_roots_bundle::digest::sha256_from_hex(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
        let mut provider = rustls::crypto::ring::default_provider();
        let mut hashes = vec![Sha256::default(), Sha256::from_provider(&provider)];
        provider.cipher_suites.retain(|suite| {
            let suite = suite.tls13();
            suite.is_some_and(|suite| suite.common.hash_provider.output_len() != 32)
        });
        hashes.push(Sha256::from_provider(&provider));
        assert_eq!(hashes.iter().filter(|hash| hash.0.is_none()).count(), 2);
        for hash in hashes {
            assert_eq!(Some(hash.hash(text)), expected, "{hash:?}");
        }
    }
}
