//! What CRLite data is asked, and what it says.

use std::fmt;

use embedded_roots_bundle::{counted, rfc3339, shorten};
use rustls_pki_types::UnixTime;

/// What identifies a certificate in the data.
#[cfg_attr(not(feature = "crlite"), expect(dead_code, reason = "no data"))]
pub(crate) struct LoggedCertificate<'a> {
    /// The `SubjectPublicKeyInfo` (DER) of the issuer that signed it.
    pub(crate) issuer_key: &'a [u8],
    /// The content of the INTEGER.
    pub(crate) serial_number: &'a [u8],
    /// Of each signed certificate timestamp the log, and the time in milliseconds since 1970.
    pub(crate) timestamps: &'a [([u8; 32], u64)],
}

#[cfg_attr(not(feature = "crlite"), expect(dead_code, reason = "no data"))]
pub(crate) enum Status {
    /// Not revoked, or not covered.
    Accepted,
    Revoked,
    /// The data is too old to tell, and the policy refuses what it does not tell.
    Stale,
}

/// The CRLite data of a policy ([`RootsBuilder::crlite`](crate::RootsBuilder), feature `crlite`), and what it has
/// said of end-entity certificates so far. `Display` is one line.
#[derive(Clone, Debug)]
pub struct CrliteReport {
    pub(crate) origin: String,
    pub(crate) filters: usize,
    pub(crate) size: usize,
    pub(crate) as_of: Option<UnixTime>,
    pub(crate) revoked: u64,
    pub(crate) not_revoked: u64,
    pub(crate) not_covered: u64,
}

impl CrliteReport {
    /// Where the data came from: a folder, or the program.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of filters: 0 if there is no data.
    #[must_use]
    pub fn filters(&self) -> usize {
        self.filters
    }

    /// The size of the filters together, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The age of the data: the latest time of a Certificate Transparency log that a filter covers.
    #[must_use]
    pub fn as_of(&self) -> Option<UnixTime> {
        self.as_of
    }

    /// How many certificates were refused as revoked.
    #[must_use]
    pub fn revoked(&self) -> u64 {
        self.revoked
    }

    /// How many certificates were accepted because they are not revoked.
    #[must_use]
    pub fn not_revoked(&self) -> u64 {
        self.not_revoked
    }

    /// How many certificates were accepted although no filter covers them: those of private CAs, those without a
    /// signed certificate timestamp, and those that are younger than the data.
    #[must_use]
    pub fn not_covered(&self) -> u64 {
        self.not_covered
    }
}

impl fmt::Display for CrliteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CRLite {}: ", shorten(&self.origin, 300))?;
        let Some(as_of) = self.as_of else {
            return f.write_str("no data");
        };
        write!(
            f,
            "{} of {}; certificates: {} revoked, {} not revoked, {} not covered",
            counted(self.filters, "filter"),
            rfc3339(as_of),
            self.revoked,
            self.not_revoked,
            self.not_covered
        )
    }
}
