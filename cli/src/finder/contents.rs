//! What is found in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use embedded_roots::inspect::Certificate;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::limits::Counter;
use crate::history::HistoryEntry;

/// How a root is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// The public key alone, as in a rustls trust anchor.
    Key,
    Der,
    Pem,
}

/// What was found.
pub(crate) struct Contents<'h> {
    /// Known roots, by the SHA-256 fingerprint.
    pub(crate) roots: BTreeMap<[u8; 32], Occurrence<&'h HistoryEntry>>,
    /// Self-signed certificates of known keys that the history does not have. The newest one of the key
    /// that it has stands for each in `roots`.
    pub(crate) reissued: BTreeMap<[u8; 32], CertificateDer<'static>>,
    /// Self-signed CAs that Mozilla's list has not held.
    pub(crate) unknown: BTreeMap<[u8; 32], Occurrence<ParsedCertificate>>,
    /// Certificates with a compromised key that are no known roots.
    pub(crate) compromised: BTreeMap<[u8; 32], Occurrence<ParsedCertificate>>,
    pub(crate) verifier: VerifierTraces,
    /// What a program carries in a form that is not read.
    pub(crate) payload: Option<&'static str>,
    /// Encrypted data of PKCS#7, as a PKCS#12 file has it.
    pub(crate) has_encrypted_data: bool,
    pub(crate) bytes: u64,
    /// The bytes of what looked like a certificate but was not.
    pub(crate) false_alarms: u64,
    /// The bytes of text that was in another encoding.
    pub(crate) decoded: u64,
    /// Something that looks like a certificate was skipped, after too many false alarms.
    pub(crate) has_skipped: bool,
    /// How many bytes the report may still take.
    pub(super) room: Counter,
    pub(super) is_full: bool,
}

/// What tells of rustls' verifier.
#[derive(Default)]
pub(crate) struct VerifierTraces {
    /// The name of an error of webpki.
    pub(crate) has_error: bool,
    /// A key alone whose private key is public: as a rule, in a list of keys to refuse.
    pub(crate) has_public_key: bool,
}

pub(crate) struct Occurrence<T> {
    pub(crate) root: T,
    pub(crate) forms: BTreeSet<Form>,
    /// Whether the certificate itself was found, rather than its key or another certificate of that.
    pub(crate) is_exact: bool,
}

pub(crate) struct ParsedCertificate {
    pub(crate) certificate: Certificate,
    pub(crate) der: CertificateDer<'static>,
}

impl<'h> Contents<'h> {
    pub(crate) fn new(room: Counter) -> Self {
        Self {
            roots: BTreeMap::new(),
            reissued: BTreeMap::new(),
            unknown: BTreeMap::new(),
            compromised: BTreeMap::new(),
            verifier: VerifierTraces::default(),
            payload: None,
            has_encrypted_data: false,
            bytes: 0,
            false_alarms: 0,
            decoded: 0,
            has_skipped: false,
            room,
            is_full: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.unknown.is_empty() && self.compromised.is_empty()
    }

    /// Whether rustls' verifier refuses keys whose private keys are public, if this is a program with that
    /// verifier and trust anchors.
    pub(crate) fn refuses_public_keys(&self) -> Option<bool> {
        let mut roots = self.roots.values();
        let has_anchors = roots.any(|root| root.forms.contains(&Form::Key));
        let VerifierTraces {
            has_error,
            has_public_key,
        } = self.verifier;
        (has_error && has_anchors).then_some(has_public_key)
    }

    pub(crate) fn is_complete(&self) -> io::Result<()> {
        if self.is_full {
            return Err(io::Error::other("more roots than a report has room for"));
        }
        if self.has_skipped {
            return Err(io::Error::other(
                "too many bytes look like certificates but are not: some were skipped",
            ));
        }
        Ok(())
    }

    pub(crate) fn root(&mut self, known: &'h HistoryEntry, form: Form, is_exact: bool) {
        let sha256 = known.certificate.sha256();
        if !self.roots.contains_key(&sha256) && !self.has_room(0) {
            return;
        }
        let entry = self.roots.entry(sha256);
        let entry = entry.or_insert_with(|| Occurrence {
            root: known,
            forms: BTreeSet::new(),
            is_exact: false,
        });
        entry.forms.insert(form);
        entry.is_exact |= is_exact;
    }

    pub(crate) fn reissued(&mut self, certificate: &Certificate, der: &[u8]) {
        let sha256 = certificate.sha256();
        if !self.reissued.contains_key(&sha256) && self.has_room(der.len()) {
            self.reissued.insert(sha256, der.to_vec().into());
        }
    }

    /// Keeps a certificate in one of the two maps.
    pub(crate) fn parsed(
        &mut self,
        map: fn(&mut Self) -> &mut BTreeMap<[u8; 32], Occurrence<ParsedCertificate>>,
        certificate: Certificate,
        der: &[u8],
        form: Form,
    ) {
        let sha256 = certificate.sha256();
        if let Some(kept) = map(self).get_mut(&sha256) {
            kept.forms.insert(form);
            return;
        }
        let root = ParsedCertificate {
            certificate,
            der: der.to_vec().into(),
        };
        if !self.has_room(root.size()) {
            return;
        }
        let kept = Occurrence {
            root,
            forms: BTreeSet::from([form]),
            is_exact: true,
        };
        map(self).insert(sha256, kept);
    }

    /// Adds what was found in the next part of the same place.
    pub(crate) fn add(&mut self, next: Self) {
        let Self {
            roots,
            reissued,
            unknown,
            compromised,
            verifier,
            payload,
            has_encrypted_data,
            bytes,
            false_alarms,
            decoded,
            has_skipped,
            room: _,
            is_full,
        } = next;
        for (sha256, occurrence) in roots {
            if self.roots.contains_key(&sha256) || self.has_room(0) {
                add(&mut self.roots, sha256, occurrence);
            }
        }
        for (sha256, der) in reissued {
            if !self.reissued.contains_key(&sha256) && self.has_room(der.len()) {
                self.reissued.insert(sha256, der);
            }
        }
        for (sha256, occurrence) in unknown {
            if self.unknown.contains_key(&sha256) || self.has_room(occurrence.root.size()) {
                add(&mut self.unknown, sha256, occurrence);
            }
        }
        for (sha256, occurrence) in compromised {
            if self.compromised.contains_key(&sha256) || self.has_room(occurrence.root.size()) {
                add(&mut self.compromised, sha256, occurrence);
            }
        }
        self.verifier.has_error |= verifier.has_error;
        self.verifier.has_public_key |= verifier.has_public_key;
        self.payload = payload.or(self.payload);
        self.has_encrypted_data |= has_encrypted_data;
        self.bytes += bytes;
        self.false_alarms += false_alarms;
        self.decoded += decoded;
        self.has_skipped |= has_skipped;
        self.is_full |= is_full;
    }

    /// Whether one more root with this many bytes may be kept.
    fn has_room(&mut self, bytes: usize) -> bool {
        /// What a root takes beside these bytes, at most.
        const BESIDE: u64 = 1024;
        let has_room = self.room.take(BESIDE + bytes as u64);
        self.is_full |= !has_room;
        has_room
    }
}

impl ParsedCertificate {
    /// The bytes that it takes in a report.
    fn size(&self) -> usize {
        // Escaped, a name may be longer than the certificate.
        let names = self.certificate.subject().len() + self.certificate.issuer().len();
        self.der.len() + names
    }
}

fn add<T>(
    all: &mut BTreeMap<[u8; 32], Occurrence<T>>,
    sha256: [u8; 32],
    occurrence: Occurrence<T>,
) {
    let Occurrence {
        root,
        forms,
        is_exact,
    } = occurrence;
    let kept = all.entry(sha256).or_insert_with(|| Occurrence {
        root,
        forms: BTreeSet::new(),
        is_exact: false,
    });
    kept.forms.extend(forms);
    kept.is_exact |= is_exact;
}
