//! Keys from passwords: the method of PKCS#12 (RFC 7292, appendix B), and PBKDF2 (RFC 8018).

use hmac::{Mac as _, SimpleHmac};
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

/// How a file's own digest is made of its contents.
pub(super) type MacFunction =
    fn(&[u8], Parameters<'_>, Option<&str>, &mut Budget) -> Result<Vec<u8>, String>;

/// The HMAC with the digest that has this object identifier; none if that is not known.
pub(super) fn mac_function(id: &[u8]) -> Option<MacFunction> {
    Some(match id {
        [0x2b, 14, 3, 2, 26] => mac::<Sha1>,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => mac::<Sha256>,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => mac::<Sha384>,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => mac::<Sha512>,
        _ => return None,
    })
}

fn mac<D: Digest + BlockSizeUser>(
    contents: &[u8],
    parameters: Parameters<'_>,
    password: Option<&str>,
    budget: &mut Budget,
) -> Result<Vec<u8>, String> {
    let length = <D as OutputSizeUser>::output_size();
    let key = parameters.derive::<D>(password, Purpose::Mac, length, budget)?;
    let mac = SimpleHmac::<D>::new_from_slice(&key).map_err(|why| why.to_string())?;
    Ok(mac.chain_update(contents).finalize().into_bytes().to_vec())
}

/// What a password may mean: without one, files have an empty one, or none at all.
pub(super) fn meanings(password: Option<&str>) -> Vec<Option<&str>> {
    match password {
        Some(password) => vec![Some(password)],
        None => vec![Some(""), None],
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
