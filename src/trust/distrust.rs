//! Keys and certificates that no chain may contain, whatever root it leads to.

use std::fmt;

use embedded_roots_bundle::{
    DistinguishedName, iso_day, sort, subject_public_key_info, whole_public_key,
};
use rustls_pki_types::CertificateDer;

use crate::bundle::certificates::fingerprints;
use crate::bundle::distrusted::{DistrustedKey, KEYS};
use crate::bundle::onecrl;
use crate::source::origin::Origin;
use crate::source::root::{RootCertificate, Source};
use crate::trust::digest::Sha256;

/// What is distrusted below the roots: the compiled-in keys, and what the user adds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Distrust {
    /// SHA-256 of the `SubjectPublicKeyInfo`, sorted, each once.
    keys: Vec<[u8; 32]>,
    /// SHA-256 of the certificate, sorted, each once.
    certificates: Vec<[u8; 32]>,
    /// Compiled-in keys that the user allows.
    allowed: Vec<[u8; 32]>,
}

/// What distrusts a certificate. `Display` continues a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DistrustOrigin {
    Key(&'static DistrustedKey),
    KeyOfUser,
    CertificateOfUser,
    /// Mozilla's list of revoked intermediates (feature `onecrl`).
    OneCrl,
}

impl Distrust {
    pub(crate) fn add_key(&mut self, sha256: [u8; 32]) {
        add(&mut self.keys, &[sha256]);
    }

    pub(crate) fn add_certificate(&mut self, sha256: [u8; 32]) {
        add(&mut self.certificates, &[sha256]);
    }

    /// Adds digests of keys or of certificates.
    pub(crate) fn add_digests(&mut self, digests: &[[u8; 32]]) {
        add(&mut self.keys, digests);
        add(&mut self.certificates, digests);
    }

    pub(crate) fn allow_key(&mut self, sha256: [u8; 32]) {
        add(&mut self.allowed, &[sha256]);
    }

    /// What distrusts a certificate of a chain; `None` for one whose key cannot be read, which webpki refuses.
    pub(crate) fn of_certificate(
        &self,
        certificate: &CertificateDer<'_>,
        sha256: Sha256,
    ) -> Option<DistrustOrigin> {
        if !self.certificates.is_empty() && has(&self.certificates, &sha256.hash(certificate)) {
            return Some(DistrustOrigin::CertificateOfUser);
        }
        // Before OneCRL, which names no advisories.
        let by_key = self.of_key(subject_public_key_info(certificate)?, sha256);
        by_key.or_else(|| {
            let is_revoked = onecrl::revokes(certificate, |bytes| sha256.hash(bytes));
            is_revoked.then_some(DistrustOrigin::OneCrl)
        })
    }

    /// Removes the distrusted roots from a source, and returns them.
    pub(super) fn remove_from(&self, source: &mut Source, sha256: Sha256) -> Vec<DistrustedRoot> {
        let bundle = match &source.origin {
            Origin::Bundle(bundle) => Some(bundle),
            _ => None,
        };
        // The build has checked bundles against the compiled-in keys.
        if bundle.is_some() && self.keys.is_empty() && self.certificates.is_empty() {
            return Vec::new();
        }
        let fingerprints = match bundle {
            Some(bundle) if !self.certificates.is_empty() => fingerprints(bundle),
            _ => &[],
        };
        let mut removed = Vec::new();
        let mut numbers = 0..;
        source.roots.retain(|root| {
            let fingerprint = numbers
                .next()
                .and_then(|number: usize| fingerprints.get(number));
            let of_certificate = || match &root.certificate {
                _ if self.certificates.is_empty() => None,
                RootCertificate::Der(certificate) => Some(sha256.hash(certificate)),
                RootCertificate::InBundle(..) | RootCertificate::Nowhere => fingerprint.copied(),
            };
            let is_distrusted = |digest| has(&self.certificates, &digest);
            let trust_anchor = root.anchor.trust_anchor();
            let by = if of_certificate().is_some_and(is_distrusted) {
                Some(DistrustOrigin::CertificateOfUser)
            } else {
                self.of_key(&whole_public_key(trust_anchor), sha256)
            };
            removed.extend(by.map(|by| DistrustedRoot {
                subject: trust_anchor.subject.to_vec(),
                by,
            }));
            by.is_none()
        });
        removed
    }

    fn of_key(&self, key: &[u8], sha256: Sha256) -> Option<DistrustOrigin> {
        // Without digests of the user's, no key of another length has to be hashed.
        if self.keys.is_empty() && KEYS.iter().all(|known| known.length != key.len()) {
            return None;
        }
        let digest = sha256.hash(key);
        if has(&self.keys, &digest) {
            return Some(DistrustOrigin::KeyOfUser);
        }
        let place = KEYS
            .binary_search_by(|known| known.sha256.cmp(&digest))
            .ok()?;
        let known = KEYS.get(place)?;
        (!has(&self.allowed, &digest)).then_some(DistrustOrigin::Key(known))
    }
}

/// A root that is left out.
#[derive(Clone, Debug)]
pub(crate) struct DistrustedRoot {
    /// DER, the content of the SEQUENCE.
    pub(crate) subject: Vec<u8>,
    pub(crate) by: DistrustOrigin,
}

impl fmt::Display for DistrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, by } = self;
        write!(f, "\"{}\": {by}", DistinguishedName::new(subject))
    }
}

// One copy of the search, for the size of the one-line program.
#[inline(never)]
fn has(sorted: &[[u8; 32]], digest: &[u8; 32]) -> bool {
    sorted.binary_search(digest).is_ok()
}

/// Sorts once: a file of 16 MiB has a quarter of a million digests.
fn add(sorted: &mut Vec<[u8; 32]>, digests: &[[u8; 32]]) {
    sorted.extend(digests);
    sort(sorted, &Ord::cmp);
    sorted.dedup();
}

impl fmt::Display for DistrustOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => {
                f.write_str("its key is distrusted since ")?;
                f.write_str(key.date())?;
                f.write_str(": ")?;
                f.write_str(key.advisories())
            }
            Self::KeyOfUser => f.write_str("its key is distrusted by this program"),
            Self::CertificateOfUser => f.write_str("it is distrusted by this program"),
            Self::OneCrl => {
                f.write_str("it is revoked by OneCRL")?;
                match onecrl::as_of() {
                    Some(time) => write!(f, " of {}", iso_day(time)),
                    None => Ok(()),
                }
            }
        }
    }
}
