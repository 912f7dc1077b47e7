//! Finds roots in a stream of bytes of any kind, in one pass and bounded memory.

use std::io::{self, Read};
use std::mem;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::der::{
    BIT_STRING, Element, INTEGER, SEQUENCE, context_constructed, encode,
};
use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::emit::ANCHOR_MARK;

use super::contents::{Contents, Form, PayloadForm};
use super::keys::{Hit, KnownKeys};
use super::limits::Counter;
use super::progress::Progress;
use super::range::Range;
use super::reader::fill;
use super::wrapped::{IN_BASE64, IN_UTF_16, after_begin, from_base64, from_utf_16};
use super::{marked, pem};
use super::{nuitka, pyinstaller, zstd};
use crate::history::{History, newest};
use crate::outcome::Result;

pub(crate) struct Search<'h> {
    pub(super) history: &'h History,
    keys: Arc<KnownKeys<'h>>,
    needles: AhoCorasick,
    buffer: Vec<u8>,
    pub(crate) progress: &'h dyn Progress,
}

/// What was found in a part of a file.
pub(crate) struct Part<'h> {
    pub(crate) start: u64,
    /// Where to search next, which may be behind the end of the part.
    pub(crate) next: u64,
    pub(crate) found: Contents<'h>,
    pub(crate) result: io::Result<()>,
}

/// Where a root may be, what tells of rustls' verifier, and what is not looked into. Each is rare in other data.
const NEEDLES: [&[u8]; 15] = [
    RSA,
    EC,
    PEM,
    VERSION_3,
    WEBPKI,
    pyinstaller::COOKIE,
    zstd::MAGIC,
    ENCRYPTED_DATA,
    NSS,
    ANCHOR_MARK,
    IN_BASE64[0],
    IN_BASE64[1],
    IN_BASE64[2],
    IN_UTF_16[0],
    IN_UTF_16[1],
];
/// The object identifier of a key (RFC 3279, section 2.3).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const PEM: &[u8] = b"-BEGIN ";
/// The version, with which the signed part of a certificate begins (RFC 5280, section 4.1).
const VERSION_3: &[u8] = b"\xa0\x03\x02\x01\x02";
/// The name of an error of webpki, which is in every program with rustls' verifier, also if it is optimised as a
/// whole and stripped: rustls wraps webpki's errors as values that can be shown.
const WEBPKI: &[u8] = b"PathLenConstraintViolated";
/// encryptedData (RFC 2315, section 14).
const ENCRYPTED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
/// What a program that holds NSS's module has.
const NSS: &[u8] = b"NSS Builtin Objects";
const LONGEST_NEEDLE: usize = WEBPKI.len();

/// Small enough for the cache of a core, large enough for few system calls.
pub(crate) const BUFFER: usize = 1024 * 1024;
/// What must be in the buffer before and after a needle: a certificate of version 1 up to its key, and
/// the text of a certificate.
pub(crate) const BEHIND: usize = 4 * 1024;
pub(crate) const AHEAD: usize = 64 * 1024;
/// The longest certificate. Known roots have less than 3 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;
/// The longest text of a certificate, so that where the buffer ends makes no difference.
const MAX_TEXT: usize = AHEAD - LONGEST_NEEDLE;
/// How many bytes of false alarms are examined: these, and one more for each few bytes read. A file
/// could have a forged certificate every few bytes, each nearly as long as the longest certificate.
const FREE_FALSE_ALARMS: u64 = 1024 * 1024;
const BYTES_PER_FALSE_ALARM: u64 = 4;
/// How many bytes are decoded of text in another encoding: these, and so many for each byte read. Where lines are
/// broken, a certificate is decoded together with those behind it.
const FREE_DECODED: u64 = 8 * 1024 * 1024;
const DECODED_FOR_BYTE: u64 = 32;

impl<'h> Search<'h> {
    pub(crate) fn new(history: &'h History, progress: &'h dyn Progress) -> Result<Self> {
        Ok(Self {
            history,
            keys: Arc::new(KnownKeys::new(history)?),
            needles: AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostFirst)
                .build(NEEDLES)?,
            buffer: Vec::new(),
            progress,
        })
    }

    /// Another one, for another thread.
    pub(crate) fn another(&self) -> Self {
        Self {
            history: self.history,
            keys: Arc::clone(&self.keys),
            needles: self.needles.clone(),
            buffer: Vec::new(),
            progress: self.progress,
        }
    }

    /// Reads to the end. After an error, what was found before it is returned too.
    ///
    /// It is also an error if something was skipped, or if the report has no `room` for all that was found.
    pub(crate) fn read(
        &mut self,
        reader: &mut dyn Read,
        room: &Counter,
    ) -> (Contents<'h>, io::Result<()>) {
        let (found, _, result) = self.between(reader, 0, u64::MAX, room);
        let result = result.and_then(|()| found.is_complete());
        (found, result)
    }

    /// Searches for what begins between two places of a file.
    pub(crate) fn part(&mut self, file: &Range, start: u64, end: u64, room: &Counter) -> Part<'h> {
        let behind = start.min(BEHIND as u64);
        let first = start - behind;
        let most = (end - first.min(end)).saturating_add(AHEAD as u64);
        let mut reader = file.starting_at(first).take(most);
        if start >= end {
            reader.set_limit(0);
        }
        let (mut found, next, result) =
            self.between(&mut reader, behind, end.max(start) - first, room);
        for position in &mut found.positions {
            position.place += first;
        }
        for payload in &mut found.payloads.all {
            payload.place += first;
        }
        Part {
            start,
            next: next.saturating_add(first).max(start),
            found,
            result,
        }
    }

    /// Searches for what begins between two places of what is read, of which more is read behind the second, and returns
    /// where to search next.
    fn between(
        &mut self,
        reader: &mut dyn Read,
        start: u64,
        end: u64,
        room: &Counter,
    ) -> (Contents<'h>, u64, io::Result<()>) {
        let mut found = Contents::new(room.clone());
        let mut buffer = mem::take(&mut self.buffer);
        // Zeroes it for the first file.
        buffer.resize(BUFFER, 0);
        let mut filled = 0;
        // The place of the buffer, and the position in it up to which it was searched.
        let mut place = 0;
        let mut searched = usize::try_from(start).unwrap_or(usize::MAX);
        let result = loop {
            let before = filled;
            // What is read before an error is in the buffer too.
            let result = fill(reader, &mut buffer, &mut filled);
            let count = (filled - before) as u64;
            found.bytes += count;
            self.progress.bytes(count);
            let is_end = filled < BUFFER || result.is_err();
            let last = usize::try_from(end - place).unwrap_or(usize::MAX);
            let end = filled - if is_end { 0 } else { AHEAD };
            let data = buffer.get(..filled).unwrap_or_default();
            searched = self.search(data, searched, end.min(last), &mut found);
            if end >= last {
                break Ok(());
            }
            if is_end {
                break result;
            }
            let done = searched.saturating_sub(BEHIND);
            buffer.copy_within(done..filled, 0);
            filled -= done;
            searched -= done;
            place += done as u64;
        };
        self.buffer = buffer;
        found.bytes = found.bytes.min(end).saturating_sub(start);
        (found, place + searched as u64, result)
    }

    /// Notes what was taken out of a key store, and says whether it is a certificate.
    pub(crate) fn certificate_of_store(
        &self,
        der: &[u8],
        form: Form,
        found: &mut Contents<'h>,
    ) -> bool {
        first_sequence(der).is_some_and(|der| self.root(der, form, found))
    }

    /// Searches for needles that begin between two positions, and returns where to search next.
    fn search(&self, data: &[u8], start: usize, end: usize, found: &mut Contents<'h>) -> usize {
        let limit = data.len().min(end + LONGEST_NEEDLE - 1);
        let mut position = start;
        while position < end {
            let part = Input::new(data).span(position..limit);
            let Some(hit) = self.needles.find(part).filter(|hit| hit.start() < end) else {
                return end;
            };
            found.position = (found.bytes + hit.start() as u64).saturating_sub(data.len() as u64);
            position = match NEEDLES.get(hit.pattern().as_usize()) {
                Some(&PEM) => {
                    self.pem(data, hit.end(), found);
                    hit.end()
                }
                Some(&VERSION_3) => {
                    let certificate = self.certificate(data, hit.start(), found);
                    certificate.unwrap_or(hit.end())
                }
                Some(&WEBPKI) => {
                    found.verifier.has_error = true;
                    hit.end()
                }
                Some(&pyinstaller::COOKIE) => {
                    found.payload(data, hit.start(), PayloadForm::PyInstaller);
                    hit.end()
                }
                Some(&zstd::MAGIC) => {
                    frame(data, hit.start(), found);
                    hit.end()
                }
                Some(&ENCRYPTED_DATA) => {
                    found.has_encrypted_data = true;
                    hit.end()
                }
                Some(&NSS) => {
                    found.trust.get_or_insert_default();
                    hit.end()
                }
                Some(&ANCHOR_MARK) => {
                    self.marked(data, hit.end(), found);
                    hit.end()
                }
                Some(needle) if IN_BASE64.contains(needle) || IN_UTF_16.contains(needle) => {
                    self.wrapped(data, hit.start(), found);
                    hit.end()
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
    fn key(&self, data: &[u8], oid: usize, found: &mut Contents<'h>) {
        // The header of the AlgorithmIdentifier is before it.
        let Some(position) = oid.checked_sub(2) else {
            return;
        };
        match self.keys.at(data, position) {
            Some(Hit::Certificate(known)) => found.root(known, Form::Der, true),
            Some(Hit::Key(known)) => found.root(known, Form::Key, false),
            Some(Hit::Public) => found.verifier.has_public_key = true,
            None => {}
        }
    }

    /// A certificate whose version is at this position. Returns its end, so that its key is not found
    /// for a second time.
    fn certificate(&self, data: &[u8], version: usize, found: &mut Contents<'h>) -> Option<usize> {
        let der = HEADERS.iter().find_map(|(outer, inner)| {
            let start = version.checked_sub(outer + inner)?;
            let der = first_sequence(data.get(start..)?)?;
            let (signed, _) = Element::read(data.get(start + outer..)?)?;
            let header = signed.encoded.len() - signed.value.len();
            (signed.tag == SEQUENCE && header == *inner).then_some((start, der))
        });
        let (start, der) = der.filter(|(_, der)| is_like_certificate(der))?;
        let allowed = FREE_FALSE_ALARMS + found.bytes / BYTES_PER_FALSE_ALARM;
        if found.false_alarms > allowed {
            found.has_skipped = true;
            return None;
        }
        if self.root(der, Form::Der, found) {
            return Some(start + der.len());
        }
        found.false_alarms += der.len() as u64;
        None
    }

    /// A certificate whose block begins before this position.
    fn pem(&self, data: &[u8], after_begin: usize, found: &mut Contents<'h>) {
        let text = data.get(after_begin..).unwrap_or_default();
        let der = pem::decode(text.get(..MAX_TEXT).unwrap_or(text));
        // OpenSSL's trusted certificates have more after the certificate.
        if let Some(der) = der.as_deref().and_then(first_sequence) {
            self.root(der, Form::Pem, found);
        }
    }

    /// An anchor whose mark ends at this position. One of the history is found by its key.
    fn marked(&self, data: &[u8], after_mark: usize, found: &mut Contents<'h>) {
        let rest = data.get(after_mark..).unwrap_or_default();
        let Some(anchor) = marked::anchor(rest) else {
            return;
        };
        let spki_sha256 = sha256(&encode(SEQUENCE, &anchor.key));
        if self.history.of_key(&spki_sha256).next().is_none() {
            found.anchor(spki_sha256, anchor);
        }
    }

    /// Certificates in an encoding of PEM that begins at this position.
    fn wrapped(&self, data: &[u8], start: usize, found: &mut Contents<'h>) {
        let text = data.get(start..).unwrap_or_default();
        let text = text.get(..MAX_TEXT).unwrap_or(text);
        let allowed = FREE_DECODED + found.bytes * DECODED_FOR_BYTE;
        if found.decoded > allowed {
            found.has_skipped = true;
            return;
        }
        let decoded = if text.first() == Some(&b'L') {
            from_base64(text)
        } else {
            Some(from_utf_16(text))
        };
        let Some(decoded) = decoded else {
            return;
        };
        found.decoded += decoded.len() as u64;
        for text in after_begin(&decoded) {
            if let Some(der) = pem::decode(text).as_deref().and_then(first_sequence) {
                self.root(der, Form::Pem, found);
            }
        }
    }

    /// Whether these bytes are a certificate, which is noted if it is a root or compromised.
    fn root(&self, der: &[u8], form: Form, found: &mut Contents<'h>) -> bool {
        if let Some(known) = self.history.of_certificate(&sha256(der)) {
            found.root(known, form, true);
            return true;
        }
        let Ok(certificate) = Certificate::from_der(der) else {
            return false;
        };
        // Others are intermediate, cross-signed or end-entity certificates.
        let is_self_issued = certificate.is_self_issued();
        let of_key = self.history.of_key(&certificate.spki_sha256());
        if let Some(known) = newest(of_key).filter(|_| is_self_issued) {
            found.root(known, form, false);
            found.reissued(&certificate, der);
            return true;
        }
        if self.history.compromise(&certificate).is_some() {
            let parsed = certificate.clone();
            found.parsed(|found| &mut found.compromised, parsed, der, form);
        }
        if is_self_issued && certificate.is_ca() == Some(true) {
            found.parsed(|found| &mut found.unknown, certificate, der, form);
        }
        true
    }
}

/// A Zstandard frame may begin at this position.
fn frame(data: &[u8], start: usize, found: &mut Contents<'_>) {
    let frame = data.get(start..).unwrap_or_default();
    if !zstd::is_frame(frame) {
        return;
    }
    let before = data.get(..start).unwrap_or_default();
    let form = if before.ends_with(nuitka::BEFORE_FRAME) {
        PayloadForm::Nuitka
    } else {
        PayloadForm::Zstd
    };
    found.payload(data, start, form);
}

/// The lengths of the headers of a certificate and of its signed part: either is shorter than 256 bytes
/// or shorter than 64 KiB.
const HEADERS: [(usize, usize); 3] = [(4, 4), (4, 3), (3, 3)];

/// The SEQUENCE with which the data begins, if it may be a certificate.
fn first_sequence(data: &[u8]) -> Option<&[u8]> {
    let (element, _) = Element::read(data)?;
    let is_short = element.encoded.len() <= MAX_CERTIFICATE;
    (element.tag == SEQUENCE && is_short).then_some(element.encoded)
}

/// Whether this is made like a certificate of version 3 (RFC 5280, section 4.1), by a look at its outer
/// elements. Hardly anything else is, so false alarms are rare.
fn is_like_certificate(der: &[u8]) -> bool {
    const WHOLE: [u8; 3] = [SEQUENCE, SEQUENCE, BIT_STRING];
    const VERSION: u8 = context_constructed(0);
    const SIGNED: [u8; 7] = [
        VERSION, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE,
    ];
    fn after<'a>(tags: &[u8], data: &'a [u8]) -> Option<&'a [u8]> {
        let mut tags = tags.iter();
        tags.try_fold(data, |data, tag| Some(Element::expect(data, *tag)?.1))
    }
    let whole = Element::only(der, SEQUENCE).unwrap_or_default();
    let signed = Element::expect(whole, SEQUENCE).map_or(&[][..], |(signed, _)| signed);
    after(&WHOLE, whole).is_some_and(<[u8]>::is_empty) && after(&SIGNED, signed).is_some()
}
