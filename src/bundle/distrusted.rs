//! The keys that no chain may contain, compiled in with every bundle.

/// A key whose private key is public.
#[derive(Debug, PartialEq)]
pub(crate) struct DistrustedKey {
    /// The digest of the `SubjectPublicKeyInfo`, DER, as encoded.
    pub(crate) sha256: [u8; 32],
    /// How many bytes the `SubjectPublicKeyInfo` has.
    pub(crate) length: usize,
    /// The day since which that is known, `YYYY-MM-DD`, and the advisories, separated by commas, behind a blank.
    pub(crate) known: &'static str,
}

impl DistrustedKey {
    // The build has checked the day, whose length does not vary.
    const DATE: usize = "YYYY-MM-DD".len();

    pub(crate) fn date(&self) -> &'static str {
        self.known.get(..Self::DATE).unwrap_or_default()
    }

    pub(crate) fn advisories(&self) -> &'static str {
        self.known.get(Self::DATE + 1..).unwrap_or_default()
    }
}

/// Those of the package embedded-roots-mozilla, sorted by digest.
pub(crate) static KEYS: &[DistrustedKey] =
    include!(concat!(env!("OUT_DIR"), "/distrusted_keys.rs"));
