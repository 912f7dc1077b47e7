//! Finds roots in a stream of bytes of any kind, in one pass and bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::mem;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::emit::sha256;
use indicatif::ProgressBar;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use super::known::{Hit, KnownKeys};
use super::pem;
use crate::Result;
use crate::history::{History, Known, newest};

/// How a root is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// The public key alone, as in a rustls trust anchor.
    Key,
    Der,
    Pem,
}

/// What was found.
#[derive(Default)]
pub(super) struct Found<'h> {
    /// Known roots, by the SHA-256 fingerprint.
    pub(super) roots: BTreeMap<[u8; 32], Kept<&'h Known>>,
    /// Self-signed certificates of known keys that the history does not have. The newest one of the key
    /// that it has stands for each in `roots`.
    pub(super) reissued: BTreeMap<[u8; 32], CertificateDer<'static>>,
    /// Self-signed CAs that Mozilla's list has not held.
    pub(super) unknown: BTreeMap<[u8; 32], Kept<Unknown>>,
    pub(super) bytes: u64,
}

pub(super) struct Kept<T> {
    pub(super) root: T,
    pub(super) forms: BTreeSet<Form>,
    /// Whether the certificate itself was found, rather than its key or another certificate of that.
    pub(super) is_exact: bool,
}

pub(super) struct Unknown {
    pub(super) certificate: Certificate,
    pub(super) der: CertificateDer<'static>,
}

pub(super) struct Search<'h> {
    history: &'h History,
    keys: KnownKeys<'h>,
    needles: AhoCorasick,
    buffer: Vec<u8>,
    pub(super) progress: ProgressBar,
}

/// Where a root may be. Each is short and rare in other data.
const NEEDLES: [&[u8]; 4] = [RSA, EC, PEM, VERSION_3];
/// The object identifier of a key (RFC 3279, section 2.3).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const PEM: &[u8] = b"-BEGIN ";
/// The version, with which the signed part of a certificate begins (RFC 5280, section 4.1).
const VERSION_3: &[u8] = b"\xa0\x03\x02\x01\x02";
const LONGEST_NEEDLE: usize = RSA.len();

const BUFFER: usize = 1024 * 1024;
/// What must be in the buffer before and after a needle: a certificate of version 1 up to its key, and
/// the text of a certificate.
const BEHIND: usize = 4 * 1024;
const AHEAD: usize = 64 * 1024;
/// The longest certificate. Known roots have less than 3 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;

impl<'h> Search<'h> {
    pub(super) fn new(history: &'h History, progress: ProgressBar) -> Result<Self> {
        Ok(Self {
            history,
            keys: KnownKeys::new(history)?,
            needles: AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostFirst)
                .build(NEEDLES)?,
            buffer: Vec::new(),
            progress,
        })
    }

    /// Reads to the end. After an error, what was found before it is returned too.
    pub(super) fn read(&mut self, reader: &mut dyn Read) -> (Found<'h>, io::Result<()>) {
        let mut found = Found::default();
        let mut data = mem::take(&mut self.buffer);
        data.clear();
        let mut searched = 0;
        let result = loop {
            let free = BUFFER - data.len();
            let before = data.len();
            // What is read before an error is in the buffer too.
            let result = read_up_to(reader, free, &mut data);
            let count = (data.len() - before) as u64;
            found.bytes += count;
            self.progress.inc(count);
            let is_end = data.len() < BUFFER || result.is_err();
            let end = data.len() - if is_end { 0 } else { AHEAD };
            searched = self.search(&data, searched, end, &mut found);
            if is_end {
                break result;
            }
            let done = searched.saturating_sub(BEHIND);
            data.drain(..done);
            searched -= done;
        };
        self.buffer = data;
        (found, result)
    }

    /// Searches for needles that begin between two positions, and returns where to search next.
    fn search(&self, data: &[u8], start: usize, end: usize, found: &mut Found<'h>) -> usize {
        let limit = data.len().min(end + LONGEST_NEEDLE - 1);
        let mut position = start;
        while position < end {
            let part = Input::new(data).span(position..limit);
            let Some(hit) = self.needles.find(part).filter(|hit| hit.start() < end) else {
                return end;
            };
            position = match NEEDLES.get(hit.pattern().as_usize()) {
                Some(&PEM) => {
                    self.pem(data, hit.end(), found);
                    hit.end()
                }
                Some(&VERSION_3) => {
                    let certificate = self.certificate(data, hit.start(), found);
                    certificate.unwrap_or(hit.end())
                }
                _ => {
                    self.key(data, hit.start(), found);
                    hit.end()
                }
            };
        }
        position
    }

    /// A key whose object identifier is at this position.
    fn key(&self, data: &[u8], oid: usize, found: &mut Found<'h>) {
        // The header of the AlgorithmIdentifier is before it.
        let Some(position) = oid.checked_sub(2) else {
            return;
        };
        match self.keys.at(data, position) {
            Some(Hit::Certificate(known)) => found.root(known, Form::Der, true),
            Some(Hit::Key(known)) => found.root(known, Form::Key, false),
            None => {}
        }
    }

    /// A certificate whose version is at this position. Returns its end, so that its key is not found
    /// for a second time.
    fn certificate(&self, data: &[u8], version: usize, found: &mut Found<'h>) -> Option<usize> {
        let der = HEADERS.iter().find_map(|(outer, inner)| {
            let start = version.checked_sub(outer + inner)?;
            let der = first_element(data.get(start..)?)?;
            let (header, _) = header(data.get(start + outer..)?)?;
            (header == *inner).then_some((start, der))
        });
        let (start, der) = der?;
        self.root(der, Form::Der, found)
            .then_some(start + der.len())
    }

    /// A certificate whose block begins before this position.
    fn pem(&self, data: &[u8], after_begin: usize, found: &mut Found<'h>) {
        let der = data.get(after_begin..).and_then(pem::decode);
        // OpenSSL's trusted certificates have more after the certificate.
        if let Some(der) = der.as_deref().and_then(first_element) {
            self.root(der, Form::Pem, found);
        }
    }

    /// Whether these bytes are a certificate, which is noted if it is a root.
    fn root(&self, der: &[u8], form: Form, found: &mut Found<'h>) -> bool {
        if let Some(known) = self.history.of_certificate(&sha256(der)) {
            found.root(known, form, true);
            return true;
        }
        let Ok(certificate) = Certificate::from_der(der) else {
            return false;
        };
        // Others are intermediate, cross-signed or end-entity certificates.
        if certificate.is_self_issued() {
            let of_key = self.history.of_key(&certificate.spki_sha256());
            let der = || der.to_vec().into();
            if let Some(known) = newest(of_key) {
                found.root(known, form, false);
                let reissued = found.reissued.entry(certificate.sha256());
                reissued.or_insert_with(der);
            } else if certificate.is_ca() == Some(true) {
                let unknown = found.unknown.entry(certificate.sha256());
                let unknown = unknown.or_insert_with(|| Kept {
                    root: Unknown {
                        certificate,
                        der: der(),
                    },
                    forms: BTreeSet::new(),
                    is_exact: true,
                });
                unknown.forms.insert(form);
            }
        }
        true
    }
}

impl<'h> Found<'h> {
    fn root(&mut self, known: &'h Known, form: Form, is_exact: bool) {
        let entry = self.roots.entry(known.certificate.sha256());
        let entry = entry.or_insert_with(|| Kept {
            root: known,
            forms: BTreeSet::new(),
            is_exact: false,
        });
        entry.forms.insert(form);
        entry.is_exact |= is_exact;
    }
}

/// The lengths of the headers of a certificate and of its signed part: either is shorter than 256 bytes
/// or shorter than 64 KiB.
const HEADERS: [(usize, usize); 3] = [(4, 4), (4, 3), (3, 3)];

/// The lengths of the header and of the content of a SEQUENCE that is not very short.
fn header(data: &[u8]) -> Option<(usize, usize)> {
    match *data {
        [0x30, 0x81, length, ..] => Some((3, usize::from(length))),
        [0x30, 0x82, high, low, ..] => Some((4, usize::from(u16::from_be_bytes([high, low])))),
        _ => None,
    }
}

/// The SEQUENCE with which the data begins, if it may be a certificate.
fn first_element(data: &[u8]) -> Option<&[u8]> {
    let (header, content) = header(data)?;
    let length = header + content;
    data.get(..length).filter(|_| length <= MAX_CERTIFICATE)
}

/// Appends this many bytes, or fewer at the end of the reader.
fn read_up_to(reader: &mut dyn Read, count: usize, data: &mut Vec<u8>) -> io::Result<()> {
    let limit = u64::try_from(count).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(data)?;
    Ok(())
}
