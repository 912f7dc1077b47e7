//! The keys that no chain may contain, compiled in with every bundle.

/// A key whose private key is public.
#[derive(Debug, PartialEq)]
pub(crate) struct DistrustedKey {
    /// Of the SubjectPublicKeyInfo, DER, as encoded.
    pub(crate) sha256: [u8; 32],
    /// The day since which that is known, `YYYY-MM-DD`.
    pub(crate) date: &'static str,
    /// Separated by commas.
    pub(crate) advisories: &'static str,
}

/// Those of the package embedded-roots-mozilla, sorted by digest.
pub(crate) static KEYS: &[DistrustedKey] =
    include!(concat!(env!("OUT_DIR"), "/distrusted_keys.rs"));
