//! Signatures that were valid in accepted chains are not checked twice.
//!
//! A signature check is a pure function of algorithm, key, message and signature. Its success is all that is
//! remembered: no verdict, no time and no name, which are judged afresh for each chain. So nothing that is
//! remembered can become wrong, and all configs of a process share it.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use crate::trust::digest::Sha256;
use crate::verify::search::{Chain, CrlSearch};

/// The signatures of one chain: it answers for those that are remembered, and asks the provider for the others.
pub(super) struct ChainSignatures<'a> {
    sha256: Sha256,
    provider: usize,
    chain: Chain<'a>,
    revocation: Option<&'a dyn CrlSearch>,
    /// Those that the provider has found valid.
    valid: Mutex<ValidSignatures>,
}

#[derive(Default)]
struct ValidSignatures {
    digests: [Digest; MOST_OF_CHAIN],
    count: usize,
}

/// The digest of a signature, with its algorithm, key and message.
type Digest = [u8; 32];

/// As many as the longest path of webpki has, with a CRL for each certificate.
const MOST_OF_CHAIN: usize = 16;

impl<'a> ChainSignatures<'a> {
    pub(super) fn new(
        provider: &CryptoProvider,
        sha256: Sha256,
        chain: Chain<'a>,
        revocation: Option<&'a dyn CrlSearch>,
    ) -> Self {
        Self {
            sha256,
            // The list is static, so no other provider has its address.
            provider: provider
                .signature_verification_algorithms
                .all
                .as_ptr()
                .addr(),
            chain,
            revocation,
            valid: Mutex::default(),
        }
    }

    /// The algorithms of the provider.
    pub(super) fn algorithms(&self, provider: &CryptoProvider) -> Vec<ChainAlgorithm<'_>> {
        let all = provider.signature_verification_algorithms.all.iter();
        all.enumerate()
            .map(|(number, algorithm)| ChainAlgorithm {
                algorithm: *algorithm,
                number,
                signatures: self,
            })
            .collect()
    }

    /// Remembers what the provider has found valid. For a chain that is accepted: a stranger who sends chains cannot
    /// fill the memory with his own.
    pub(super) fn remember(self) {
        let valid = self
            .valid
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let (digests, _) = valid
            .digests
            .split_at_checked(valid.count)
            .unwrap_or_default();
        for digest in digests {
            MEMORY.get_or_init(Memory::new).insert(*digest);
        }
    }

    /// Each part of what is checked has a digest of its own, so that none can be taken for the end of another.
    ///
    /// The provider is one of them: one that is validated (FIPS 140) must not be answered for by another.
    fn digest(&self, algorithm: usize, parts: [&[u8]; 3]) -> Digest {
        let mut all = [0; 16 + 3 * size_of::<Digest>()];
        let numbers = [self.provider as u64, algorithm as u64].map(u64::to_le_bytes);
        let [key, message, signature] = parts;
        let digests = [
            self.sha256.hash(key),
            self.digest_of_message(message),
            self.sha256.hash(signature),
        ];
        let bytes = numbers.as_flattened().iter().chain(digests.as_flattened());
        for (to, byte) in all.iter_mut().zip(bytes) {
            *to = *byte;
        }
        self.sha256.hash(&all)
    }

    /// webpki checks signatures of certificates that were sent, which are where they were sent, and of CRLs. These are
    /// the same for each chain, and long.
    fn digest_of_message(&self, message: &[u8]) -> Digest {
        let is_inside = |certificate: &[u8]| {
            let range = certificate.as_ptr_range();
            range.contains(&message.as_ptr())
        };
        match self.revocation {
            Some(revocation)
                if !is_inside(self.chain.end_entity)
                    && !self.chain.intermediates.iter().any(|sent| is_inside(sent)) =>
            {
                revocation.digest(message, self.sha256)
            }
            _ => self.sha256.hash(message),
        }
    }

    fn add(&self, digest: Digest) {
        let mut valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        let ValidSignatures { digests, count } = &mut *valid;
        if let Some(next) = digests.get_mut(*count) {
            *next = digest;
            *count += 1;
        }
    }
}

/// An algorithm of the provider, which is asked only for signatures that are not remembered.
pub(super) struct ChainAlgorithm<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    /// Its place in the provider's list.
    number: usize,
    signatures: &'a ChainSignatures<'a>,
}

impl SignatureVerificationAlgorithm for ChainAlgorithm<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let signatures = self.signatures;
        let digest = signatures.digest(self.number, [public_key, message, signature]);
        if MEMORY.get().is_some_and(|memory| memory.has(&digest)) {
            return Ok(());
        }
        self.algorithm
            .verify_signature(public_key, message, signature)?;
        signatures.add(digest);
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}

impl fmt::Debug for ChainAlgorithm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm.fmt(f)
    }
}

/// The memory of the process, allocated when the first chain is accepted.
static MEMORY: OnceLock<Memory> = OnceLock::new();

/// A fixed number of digests: a set for each remainder of a digest, in which the oldest makes room.
///
/// Nobody waits for a set: one that is being written has nothing to say, and one that is in use is not written. So
/// threads do not queue, and the child of a process that was forked in between is not blocked for ever.
struct Memory(Box<[RwLock<Set>]>);

#[derive(Default)]
struct Set {
    digests: [Digest; WAYS],
    count: usize,
    /// The oldest.
    next: usize,
}

const WAYS: usize = 8;
/// With these, the memory has 64 KiB.
const SETS: usize = 224;

impl Memory {
    fn new() -> Self {
        Self((0..SETS).map(|_| RwLock::default()).collect())
    }

    fn has(&self, digest: &Digest) -> bool {
        let set = self.set(digest).and_then(|set| set.try_read().ok());
        set.is_some_and(|set| set.digests.iter().take(set.count).any(|one| one == digest))
    }

    fn insert(&self, digest: Digest) {
        let Some(mut set) = self.set(&digest).and_then(|set| set.try_write().ok()) else {
            return;
        };
        let Set {
            digests,
            count,
            next,
        } = &mut *set;
        if digests.iter().take(*count).any(|one| *one == digest) {
            return;
        }
        if let Some(oldest) = digests.get_mut(*next) {
            *oldest = digest;
            *next = (*next + 1) % WAYS;
            *count = (*count + 1).min(WAYS);
        }
    }

    fn set(&self, digest: &Digest) -> Option<&RwLock<Set>> {
        let start = digest.first_chunk().copied().unwrap_or_default();
        self.0
            .get(usize::try_from(u32::from_le_bytes(start)).ok()? % SETS)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls_pki_types::{CertificateDer, UnixTime};

    use super::*;
    use crate::verify::search::Purpose;

    fn digest(number: u64) -> Digest {
        Sha256::default().hash(&number.to_le_bytes())
    }

    #[test]
    fn memory_is_bounded_and_keeps_the_newest() {
        assert!(SETS * size_of::<RwLock<Set>>() <= 64 << 10);
        let memory = Memory::new();
        for number in 0..100_000 {
            memory.insert(digest(number));
            assert!(memory.has(&digest(number)));
        }
        let kept = (0..100_000)
            .filter(|number| memory.has(&digest(*number)))
            .count();
        assert_eq!(kept, SETS * WAYS);
        // One that is there is not entered again, and so pushes nothing out.
        let memory = Memory::new();
        let sets = SETS as u64;
        let of_one_set: Vec<_> = (0..100 * sets)
            .map(digest)
            .filter(|digest| {
                memory
                    .set(digest)
                    .is_some_and(|set| std::ptr::eq(set, &raw const memory.0[0]))
            })
            .take(WAYS)
            .collect();
        for _ in 0..3 {
            for digest in &of_one_set {
                memory.insert(*digest);
            }
        }
        assert!(of_one_set.iter().all(|digest| memory.has(digest)));
    }

    /// A thread that stopped in a set, as in the child of a fork, makes nobody wait.
    #[test]
    fn set_in_use_is_skipped_without_waiting() {
        let memory = Memory::new();
        memory.insert(digest(1));
        let set = memory.set(&digest(1)).unwrap();
        let writing = set.write().unwrap();
        assert!(!memory.has(&digest(1)));
        memory.insert(digest(1));
        drop(writing);
        assert!(memory.has(&digest(1)));
        let reading = set.read().unwrap();
        assert!(memory.has(&digest(1)));
        memory.insert(digest(1));
        drop(reading);
    }

    #[cfg(feature = "ring")]
    #[test]
    fn digest_covers_every_part() {
        let provider = rustls::crypto::ring::default_provider();
        let sha256 = Sha256::from_provider(&provider);
        let end_entity = CertificateDer::from(Vec::new());
        let of = |provider: usize, algorithm, parts| {
            let signatures = ChainSignatures {
                sha256,
                provider,
                chain: Chain {
                    end_entity: &end_entity,
                    intermediates: &[],
                    purpose: Purpose::Client,
                    now: UnixTime::since_unix_epoch(Duration::ZERO),
                },
                revocation: None,
                valid: Mutex::default(),
            };
            signatures.digest(algorithm, parts)
        };
        let mut digests = vec![
            of(1, 2, [b"a", b"b", b"c"]),
            of(2, 2, [b"a", b"b", b"c"]),
            of(1, 3, [b"a", b"b", b"c"]),
            of(1, 2, [b"ab", b"", b"c"]),
            of(1, 2, [b"a", b"bc", b""]),
            of(1, 2, [b"b", b"a", b"c"]),
        ];
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 6);
    }
}
