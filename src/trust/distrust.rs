//! Keys and certificates that no chain may contain, whatever root it leads to.

use std::fmt;

use embedded_roots_bundle::{rfc3339, subject_public_key_info, whole_public_key};
use rustls_pki_types::CertificateDer;

use crate::bundle::distrusted::{DistrustedKey, KEYS};
use crate::bundle::onecrl;
use crate::source::{Origin, Source};
use crate::trust::digest::Sha256;

/// What is distrusted below the roots: the compiled-in keys, and what the user adds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Distrust {
    /// SHA-256 of the `SubjectPublicKeyInfo`, sorted, each once.
    keys: Vec<[u8; 32]>,
    /// SHA-256 of the certificate, sorted, each once.
    certificates: Vec<[u8; 32]>,
    /// Compiled-in keys that the user trusts all the same.
    allowed: Vec<[u8; 32]>,
}

/// What distrusts a certificate. `Display` continues a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DistrustedBy {
    Key(&'static DistrustedKey),
    KeyOfUser,
    CertificateOfUser,
    /// Mozilla's list of revoked intermediates (feature `onecrl`).
    OneCrl,
}

impl Distrust {
    pub(crate) fn add_key(&mut self, sha256: [u8; 32]) {
        insert(&mut self.keys, sha256);
    }

    pub(crate) fn add_certificate(&mut self, sha256: [u8; 32]) {
        insert(&mut self.certificates, sha256);
    }

    pub(crate) fn allow_key(&mut self, sha256: [u8; 32]) {
        insert(&mut self.allowed, sha256);
    }

    /// What distrusts a certificate of a chain; `None` for one whose key cannot be read, which webpki refuses.
    pub(crate) fn of_certificate(
        &self,
        certificate: &CertificateDer<'_>,
        sha256: Sha256,
    ) -> Option<DistrustedBy> {
        if !self.certificates.is_empty() && has(&self.certificates, &sha256.hash(certificate)) {
            return Some(DistrustedBy::CertificateOfUser);
        }
        if onecrl::revokes(certificate, |bytes| sha256.hash(bytes)) {
            return Some(DistrustedBy::OneCrl);
        }
        let key = subject_public_key_info(certificate)?;
        self.of_key(sha256.hash(key))
    }

    /// Removes the distrusted roots from a source; returns them with the reasons.
    pub(super) fn remove_from(&self, source: &mut Source, sha256: Sha256) -> Vec<String> {
        let bundle = match &source.origin {
            Origin::Bundle(bundle) => Some(bundle),
            _ => None,
        };
        // The build has checked bundles against the compiled-in keys.
        if bundle.is_some() && self.keys.is_empty() && self.certificates.is_empty() {
            return Vec::new();
        }
        let fingerprints = match bundle {
            Some(bundle) if !self.certificates.is_empty() => bundle.fingerprints(),
            _ => &[],
        };
        let mut reasons = Vec::new();
        let mut number = 0;
        source.roots.retain(|root| {
            let of_certificate = || match &root.certificate {
                _ if self.certificates.is_empty() => None,
                Some(certificate) => Some(sha256.hash(certificate)),
                None => fingerprints.get(number).copied(),
            };
            let is_distrusted = |digest| has(&self.certificates, &digest);
            let by = if of_certificate().is_some_and(is_distrusted) {
                Some(DistrustedBy::CertificateOfUser)
            } else {
                let key = whole_public_key(root.anchor.trust_anchor());
                self.of_key(sha256.hash(&key))
            };
            number += 1;
            reasons.extend(by.map(|by| format!("\"{}\": {by}", root.anchor.subject())));
            by.is_none()
        });
        reasons
    }

    fn of_key(&self, sha256: [u8; 32]) -> Option<DistrustedBy> {
        if has(&self.keys, &sha256) {
            return Some(DistrustedBy::KeyOfUser);
        }
        let place = KEYS.binary_search_by(|key| key.sha256.cmp(&sha256)).ok()?;
        let known = KEYS.get(place)?;
        (!has(&self.allowed, &sha256)).then_some(DistrustedBy::Key(known))
    }
}

// One copy of the search, for the size of the one-line program.
#[inline(never)]
fn has(sorted: &[[u8; 32]], digest: &[u8; 32]) -> bool {
    sorted.binary_search(digest).is_ok()
}

fn insert(sorted: &mut Vec<[u8; 32]>, digest: [u8; 32]) {
    if let Err(place) = sorted.binary_search(&digest) {
        sorted.insert(place, digest);
    }
}

impl fmt::Display for DistrustedBy {
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
                let Some(time) = onecrl::as_of().map(rfc3339) else {
                    return Ok(());
                };
                let (day, _) = time
                    .split_at_checked("YYYY-MM-DD".len())
                    .unwrap_or_default();
                write!(f, " of {day}")
            }
        }
    }
}
