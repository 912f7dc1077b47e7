//! A signature algorithm that anybody can sign with, in no time.
//!
//! So a target can change any byte of a certificate and still sign it, and webpki builds paths over
//! what no CA would have issued. Inputs are reproducible: no key is random.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// The algorithm, and no other.
pub static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[&Checksum];

/// *ring*, but for signatures of certificates.
pub static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let signature_verification_algorithms = WebPkiSupportedAlgorithms {
        all: ALGORITHMS,
        mapping: &[],
    };
    Arc::new(CryptoProvider {
        signature_verification_algorithms,
        ..ring::default_provider()
    })
});

/// The content of its `AlgorithmIdentifier`: the object identifier 1.2.3.4.
pub const IDENTIFIER: &[u8] = &[6, 3, 0x2a, 3, 4];

/// The signature of a message by a key, which is public and private at once: 64 bits of FNV-1a.
#[must_use]
pub fn sign(key: &[u8], message: &[u8]) -> [u8; 8] {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let bytes = key.iter().chain(message);
    bytes.fold(0xcbf2_9ce4_8422_2325, mix).to_be_bytes()
}

/// How often a signature was checked while this ran.
pub fn count_checks<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = CHECKS.load(Ordering::Relaxed);
    let result = run();
    (result, CHECKS.load(Ordering::Relaxed) - before)
}

static CHECKS: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Checksum;

impl SignatureVerificationAlgorithm for Checksum {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        CHECKS.fetch_add(1, Ordering::Relaxed);
        if signature == sign(key, message) {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(IDENTIFIER)
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(IDENTIFIER)
    }
}
