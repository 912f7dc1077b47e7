//! What is found in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use embedded_roots::inspect::Certificate;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize, Serializer};

use super::limits::Counter;
use super::marked::MarkedAnchor;
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

/// For what a root is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    pub(crate) servers: bool,
    pub(crate) email: bool,
}

/// An array: `["servers", "email"]`.
impl Serialize for Trust {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let uses = [(self.servers, "servers"), (self.email, "email")];
        serializer.collect_seq(uses.iter().filter(|(is, _)| *is).map(|(_, name)| name))
    }
}

/// Where a known root was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) form: Form,
    pub(crate) place: u64,
    /// Its SHA-256 fingerprint.
    pub(crate) root: [u8; 32],
}

/// A dozen lists.
const MOST_POSITIONS: usize = 4096;

/// Certificates or keys, by the SHA-256 fingerprint.
pub(crate) type Occurrences<T> = BTreeMap<[u8; 32], Occurrence<T>>;

/// What was found.
#[derive(Default)]
pub(crate) struct Contents<'h> {
    /// Known roots.
    pub(crate) roots: Occurrences<&'h HistoryEntry>,
    /// Self-signed certificates of known keys that the history does not have. The newest one of the key
    /// that it has stands for each in `roots`.
    pub(crate) reissued: BTreeMap<[u8; 32], CertificateDer<'static>>,
    /// Self-signed CAs that Mozilla's list has not held.
    pub(crate) unknown: Occurrences<ParsedCertificate>,
    /// Certificates with a compromised key that are no known roots.
    pub(crate) compromised: Occurrences<ParsedCertificate>,
    /// Anchors that a program has from this project's build and that are not in the history, by the SHA-256 of the key:
    /// private roots.
    pub(crate) anchors: BTreeMap<[u8; 32], MarkedAnchor>,
    pub(crate) verifier: VerifierTraces,
    /// What is packed between other bytes, as in a program, by its place.
    pub(crate) payloads: Payloads,
    /// Encrypted data of PKCS#7, as a PKCS#12 file has it.
    pub(crate) has_encrypted_data: bool,
    /// For what NSS's module trusts roots, as far as that is known, if it is in the place.
    pub(crate) trust: Option<BTreeMap<[u8; 32], Trust>>,
    /// Where each known root was found, as far as these are not too many.
    pub(crate) positions: Vec<Position>,
    /// Where in the place the search is.
    pub(crate) position: u64,
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

/// What may be packed in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload {
    /// Where it begins; for `PyInstaller`, where the end of its archive does.
    pub(crate) place: u64,
    pub(crate) form: PayloadForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadForm {
    PyInstaller,
    /// A Zstandard frame, and one that Nuitka has written.
    Zstd,
    Nuitka,
}

#[derive(Default)]
pub(crate) struct Payloads {
    pub(crate) all: Vec<Payload>,
    /// There are more than these.
    pub(crate) is_cut_off: bool,
}

impl Payloads {
    fn add(&mut self, payload: Payload) {
        if self.all.len() < MOST_PAYLOADS {
            self.all.push(payload);
        } else {
            self.is_cut_off = true;
        }
    }
}

/// A program has one or a few; file systems that are compressed have more.
const MOST_PAYLOADS: usize = 1 << 16;

/// What tells of rustls' verifier.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
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
            room,
            ..Self::default()
        }
    }

    /// For what the place trusts the certificate, if it says so.
    pub(crate) fn trusted_for(&self, sha256: &[u8; 32]) -> Option<Trust> {
        self.trust.as_ref()?.get(sha256).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_empty()
            && self.unknown.is_empty()
            && self.compromised.is_empty()
            && self.anchors.is_empty()
    }

    /// Whether rustls' verifier refuses keys whose private keys are public, if this is a program with that
    /// verifier and trust anchors.
    pub(crate) fn refuses_public_keys(&self) -> Option<bool> {
        let mut roots = self.roots.values();
        let has_anchors = roots.any(|root| root.forms.contains(&Form::Key));
        let verifier = self.verifier;
        (verifier.has_error && has_anchors).then_some(verifier.has_public_key)
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
        let root = Occurrence::new(known, form, is_exact);
        if !self.keep(|found| &mut found.roots, sha256, root, 0) {
            return;
        }
        if self.positions.len() < MOST_POSITIONS {
            self.positions.push(Position {
                form,
                place: self.position,
                root: sha256,
            });
        }
    }

    /// What may be packed at this position of the bytes that were read last.
    pub(crate) fn payload(&mut self, data: &[u8], position: usize, form: PayloadForm) {
        let place = self.bytes - (data.len() - position) as u64;
        self.payloads.add(Payload { place, form });
    }

    pub(crate) fn reissued(&mut self, certificate: &Certificate, der: &[u8]) {
        self.reissued_der(certificate.sha256(), der.to_vec().into());
    }

    fn reissued_der(&mut self, sha256: [u8; 32], der: CertificateDer<'static>) {
        if !self.reissued.contains_key(&sha256) && self.has_room(der.len()) {
            self.reissued.insert(sha256, der);
        }
    }

    pub(crate) fn anchor(&mut self, spki_sha256: [u8; 32], anchor: MarkedAnchor) {
        let size = anchor.subject.len() + anchor.key.len();
        if !self.anchors.contains_key(&spki_sha256) && self.has_room(size) {
            self.anchors.insert(spki_sha256, anchor);
        }
    }

    /// Keeps a certificate in one of the two maps.
    pub(crate) fn parsed(
        &mut self,
        map: fn(&mut Self) -> &mut Occurrences<ParsedCertificate>,
        certificate: Certificate,
        der: &[u8],
        form: Form,
    ) {
        let sha256 = certificate.sha256();
        let root = ParsedCertificate {
            certificate,
            der: der.to_vec().into(),
        };
        let size = root.size();
        self.keep(map, sha256, Occurrence::new(root, form, true), size);
    }

    /// Keeps what was found in one of the maps, unless there is no room for as many bytes; says whether it is there.
    fn keep<T>(
        &mut self,
        map: fn(&mut Self) -> &mut Occurrences<T>,
        sha256: [u8; 32],
        found: Occurrence<T>,
        bytes: usize,
    ) -> bool {
        if let Some(kept) = map(self).get_mut(&sha256) {
            kept.forms.extend(found.forms);
            kept.is_exact |= found.is_exact;
            return true;
        }
        let has_room = self.has_room(bytes);
        if has_room {
            map(self).insert(sha256, found);
        }
        has_room
    }

    /// Adds what was found in the next part of the same place.
    pub(crate) fn add(&mut self, next: Self) {
        let Self {
            roots,
            reissued,
            unknown,
            compromised,
            anchors,
            verifier,
            payloads,
            has_encrypted_data,
            trust,
            positions,
            position: _,
            bytes,
            false_alarms,
            decoded,
            has_skipped,
            room: _,
            is_full,
        } = next;
        for (sha256, root) in roots {
            self.keep(|found| &mut found.roots, sha256, root, 0);
        }
        for (sha256, der) in reissued {
            self.reissued_der(sha256, der);
        }
        for (sha256, certificate) in unknown {
            let size = certificate.root.size();
            self.keep(|found| &mut found.unknown, sha256, certificate, size);
        }
        for (sha256, certificate) in compromised {
            let size = certificate.root.size();
            self.keep(|found| &mut found.compromised, sha256, certificate, size);
        }
        for (spki_sha256, anchor) in anchors {
            self.anchor(spki_sha256, anchor);
        }
        self.verifier.has_error |= verifier.has_error;
        self.verifier.has_public_key |= verifier.has_public_key;
        for payload in payloads.all {
            self.payloads.add(payload);
        }
        self.payloads.is_cut_off |= payloads.is_cut_off;
        self.has_encrypted_data |= has_encrypted_data;
        if let Some(trust) = trust {
            self.trust.get_or_insert_default().extend(trust);
        }
        let left = MOST_POSITIONS - self.positions.len();
        self.positions.extend(positions.into_iter().take(left));
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

impl<T> Occurrence<T> {
    fn new(root: T, form: Form, is_exact: bool) -> Self {
        Self {
            root,
            forms: BTreeSet::from([form]),
            is_exact,
        }
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
