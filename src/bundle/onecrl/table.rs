//! Tables of revoked certificates, which crates/bundle writes, and their search.

use embedded_roots_bundle::{issuer, serial_number, subject, subject_public_key_info};

/// What the list knows a certificate by.
#[derive(Clone, Copy)]
pub(super) struct Identity<'a> {
    /// The content of the name, DER.
    pub(super) issuer: &'a [u8],
    /// The content of the INTEGER, exactly as encoded.
    pub(super) serial_number: &'a [u8],
    /// The content of the name, DER.
    pub(super) subject: &'a [u8],
    /// The whole SEQUENCE, DER.
    pub(super) subject_public_key_info: &'a [u8],
}

impl<'a> Identity<'a> {
    /// `None` if the certificate, DER, cannot be read.
    pub(super) fn from_certificate(certificate: &'a [u8]) -> Option<Self> {
        Some(Self {
            issuer: issuer(certificate)?.as_der(),
            serial_number: serial_number(certificate)?,
            subject: subject(certificate)?.as_der(),
            subject_public_key_info: subject_public_key_info(certificate)?,
        })
    }
}

/// Revoked certificates, sorted for the search.
pub(super) struct RevocationTable {
    /// Seconds since 1970.
    as_of: u64,
    /// Each serial number after a byte with its length.
    serials: &'static [u8],
    /// Where a serial number starts in `serials`, and the place of its issuer in `issuers`: sorted by
    /// the serial number.
    entries: &'static [(u16, u16)],
    /// The SHA-256 of issuers.
    issuers: &'static [[u8; 32]],
    /// Subjects, each with the SHA-256 of a key. So few that nothing is gained by sorting them.
    keys: &'static [(&'static [u8], [u8; 32])],
}

impl RevocationTable {
    /// For generated code.
    pub(super) const fn from_literals(
        as_of: u64,
        serials: &'static [u8],
        entries: &'static [(u16, u16)],
        issuers: &'static [[u8; 32]],
        keys: &'static [(&'static [u8], [u8; 32])],
    ) -> Self {
        Self {
            as_of,
            serials,
            entries,
            issuers,
            keys,
        }
    }

    pub(super) const fn as_of(&self) -> u64 {
        self.as_of
    }

    /// Whether the list has this certificate, by its issuer and serial number or by its subject and
    /// key.
    pub(super) fn revokes(
        &self,
        certificate: &Identity<'_>,
        sha256: impl Fn(&[u8]) -> [u8; 32],
    ) -> bool {
        self.has_serial(certificate, &sha256) || self.has_key(certificate, &sha256)
    }

    fn has_serial(&self, certificate: &Identity<'_>, sha256: impl Fn(&[u8]) -> [u8; 32]) -> bool {
        let serial_number = certificate.serial_number;
        let first = self
            .entries
            .partition_point(|entry| self.serial(*entry) < serial_number);
        // Several issuers may have used it, small numbers above all.
        let mut same = self
            .entries
            .iter()
            .skip(first)
            .take_while(|entry| self.serial(**entry) == serial_number)
            .peekable();
        if same.peek().is_none() {
            return false;
        }
        let issuer = sha256(certificate.issuer);
        same.any(|(_, nth)| self.issuers.get(usize::from(*nth)) == Some(&issuer))
    }

    fn has_key(&self, certificate: &Identity<'_>, sha256: impl Fn(&[u8]) -> [u8; 32]) -> bool {
        let mut same = self
            .keys
            .iter()
            .filter(|(subject, _)| *subject == certificate.subject)
            .peekable();
        if same.peek().is_none() {
            return false;
        }
        let key = sha256(certificate.subject_public_key_info);
        same.any(|(_, other)| *other == key)
    }

    fn serial(&self, (start, _): (u16, u16)) -> &'static [u8] {
        let prefixed = self.serials.get(usize::from(start)..);
        let Some((length, rest)) = prefixed.and_then(<[u8]>::split_first) else {
            return &[];
        };
        rest.get(..usize::from(*length)).unwrap_or_default()
    }

    /// The bytes of all tables.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        let subjects: usize = self.keys.iter().map(|(subject, _)| subject.len()).sum();
        size_of_val(self.serials)
            + size_of_val(self.entries)
            + size_of_val(self.issuers)
            + size_of_val(self.keys)
            + subjects
    }
}
