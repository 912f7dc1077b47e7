//! Digests of certificates, anchors and sets.

use std::fmt::Write as _;

use rustls_pki_types::TrustAnchor;

use crate::sort::sort;

/// The digest of an anchor whose certificate is not available: SHA-256 over the SHA-256 digests of
/// its subject, its key and its name constraints (of the empty string if it has none).
#[must_use]
pub fn sha256_of_anchor(anchor: &TrustAnchor<'_>) -> [u8; 32] {
    let name_constraints = anchor.name_constraints.as_deref().unwrap_or_default();
    let fields = [
        &anchor.subject,
        &anchor.subject_public_key_info,
        name_constraints,
    ];
    sha256(&fields.map(sha256).concat())
}

/// SHA-256 (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    hmac_sha256::Hash::hash(bytes)
}

/// SHA-256 over digests, sorted bytewise and concatenated.
#[must_use]
pub fn sha256_of_set(digests: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut digests: Vec<_> = digests.collect();
    sort(&mut digests, &Ord::cmp);
    sha256(&digests.concat())
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The digest of these 64 hexadecimal digits, with or without colons between them. `None` if the text is
/// not of this form.
#[must_use]
pub fn sha256_from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut digits = digits.chars().filter(|char| *char != ':');
    let mut digit = || digits.next()?.to_digit(16);
    let mut digest = [0; 32];
    for byte in &mut digest {
        *byte = u8::try_from(digit()? * 16 + digit()?).ok()?;
    }
    digits.next().is_none().then_some(digest)
}
