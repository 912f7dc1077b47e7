//! Keys from passwords: the method of PKCS#12 (RFC 7292, appendix B), and PBKDF2 (RFC 8018).

use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha1::digest::core_api::BlockSizeUser;
use sha1::digest::{Digest, OutputSizeUser};
use sha2::{Sha256, Sha384, Sha512};

/// How many digests a file may take: a second or two. The most iterations that programs write are a million, which
/// are five million digests for a key and a MAC.
pub(crate) const DIGESTS: u64 = 6_000_000;

/// What is left of them.
pub(crate) struct Budget {
    left: u64,
    /// More was asked for.
    is_used_up: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: DIGESTS,
            is_used_up: false,
        }
    }
}

impl Budget {
    /// With no more than this many.
    pub(crate) fn up_to(mut self, most: u64) -> Self {
        self.left = self.left.min(most);
        self
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.is_used_up
    }

    /// Takes so many digests for each iteration.
    pub(super) fn take(&mut self, iterations: u32, digests: usize) -> Result<(), String> {
        let rounds = u64::from(iterations).saturating_mul(digests as u64);
        let left = self.left.checked_sub(rounds);
        self.is_used_up |= left.is_none();
        self.left = left.ok_or_else(|| {
            format!(
                "the PKCS#12 asks for {iterations} iterations to derive a key, which takes too long"
            )
        })?;
        Ok(())
    }
}

/// What a derived key is for (appendix B.3).
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// Salt and count of the method of PKCS#12.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a> {
    pub(super) salt: &'a [u8],
    pub(super) iterations: u32,
}

impl Parameters<'_> {
    /// Derives `length` bytes (appendix B.2). Without a password, there is not even the end of a text.
    pub(super) fn derive<D: Digest + BlockSizeUser>(
        &self,
        password: Option<&str>,
        purpose: Purpose,
        length: usize,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, String> {
        let block = <D as BlockSizeUser>::block_size();
        let digests = length.div_ceil(<D as OutputSizeUser>::output_size().max(1));
        budget.take(self.iterations, digests)?;
        // BMPString, with two bytes at its end.
        let password: Vec<u8> = password.map_or_else(Vec::new, |password| {
            let units = password.encode_utf16().chain([0]);
            units.flat_map(u16::to_be_bytes).collect()
        });
        let mut input = [filled(self.salt, block), filled(&password, block)].concat();
        let mut derived = Vec::with_capacity(length);
        loop {
            let first = D::new()
                .chain_update(vec![purpose as u8; block])
                .chain_update(&input);
            let mut hash = first.finalize();
            for _ in 1..self.iterations {
                hash = D::digest(&hash);
            }
            derived.extend_from_slice(&hash);
            if derived.len() >= length {
                derived.truncate(length);
                return Ok(derived);
            }
            let added = filled(&hash, block);
            for part in input.chunks_mut(block) {
                add_one_more(part, &added);
            }
        }
    }
}

/// How a file's own digest is made.
pub(super) struct MacKey<'a> {
    digest: MacDigest,
    parameters: Parameters<'a>,
}

enum MacDigest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl<'a> MacKey<'a> {
    /// None if the digest with this object identifier is not known.
    pub(super) fn new(id: &[u8], salt: &'a [u8], iterations: u32) -> Option<Self> {
        let digest = match id {
            [0x2b, 14, 3, 2, 26] => MacDigest::Sha1,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => MacDigest::Sha256,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => MacDigest::Sha384,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => MacDigest::Sha512,
            _ => return None,
        };
        let parameters = Parameters { salt, iterations };
        Some(Self { digest, parameters })
    }

    pub(super) fn mac(
        &self,
        contents: &[u8],
        password: Option<&str>,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, String> {
        macro_rules! mac {
            ($digest:ty) => {{
                let length = <$digest as OutputSizeUser>::output_size();
                let parameters = &self.parameters;
                let key = parameters.derive::<$digest>(password, Purpose::Mac, length, budget)?;
                let mac = Hmac::<$digest>::new_from_slice(&key).map_err(|why| why.to_string())?;
                Ok(mac.chain_update(contents).finalize().into_bytes().to_vec())
            }};
        }
        match self.digest {
            MacDigest::Sha1 => mac!(Sha1),
            MacDigest::Sha256 => mac!(Sha256),
            MacDigest::Sha384 => mac!(Sha384),
            MacDigest::Sha512 => mac!(Sha512),
        }
    }
}

/// The value of an INTEGER that is a count.
pub(super) fn number(integer: &[u8]) -> Option<u32> {
    let bytes = integer.strip_prefix(&[0]).unwrap_or(integer);
    let is_count =
        bytes.len() <= size_of::<u32>() && integer.first().is_some_and(|first| *first < 0x80);
    is_count.then(|| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    })
}

/// The bytes over and over, up to a multiple of the block.
fn filled(bytes: &[u8], block: usize) -> Vec<u8> {
    let length = bytes.len().div_ceil(block) * block;
    let length = if block == 0 { 0 } else { length };
    bytes.iter().copied().cycle().take(length).collect()
}

/// Adds a number and one to another, big-endian, without the carry.
fn add_one_more(number: &mut [u8], added: &[u8]) {
    let mut carry = 1;
    for (byte, other) in number.iter_mut().zip(added).rev() {
        let sum = u16::from(*byte) + u16::from(*other) + carry;
        let [high, low] = sum.to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
}
