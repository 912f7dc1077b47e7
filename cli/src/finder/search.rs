//! Finds roots in a stream of bytes of any kind, in one pass and bounded memory.

use std::io::{self, Read};
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, Input, Match, MatchKind, Span};
use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::der::{
    BIT_STRING, Element, INTEGER, SEQUENCE, context_constructed, encode,
};
use embedded_roots_bundle::digest::sha256;

use super::contents::{Contents, Form, PayloadForm};
use super::keys::{Hit, KnownKeys};
use super::limits::Counter;
use super::needles::{DECIMAL_AND_ESCAPES, HEXADECIMAL, LONGEST, NEEDLES, Needle, Sign};
use super::progress::Progress;
use super::range;
use super::reader::fill;
use super::text::{Marks, Run, Spelling, samples};
use super::{marked, nuitka, pem, zstd};
use crate::history::{History, newest};
use crate::outcome::Result;

pub(crate) struct Search<'h> {
    pub(super) history: &'h History,
    keys: Arc<KnownKeys<'h>>,
    needles: Automaton,
    numbers: [(Automaton, &'static [Needle]); 2],
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

/// Small enough for the cache of a core, large enough for few system calls.
pub(crate) const BUFFER: usize = 512 * 1024;
/// What must be in the buffer before and after a needle: a certificate of version 1 up to its key, and
/// the text of a certificate.
pub(crate) const BEHIND: usize = 4 * 1024;
pub(crate) const AHEAD: usize = 64 * 1024;
/// The longest certificate. Known roots have less than 3 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;
/// The longest text that is decoded at once, so that where the buffer ends makes no difference.
const MAX_TEXT: usize = AHEAD - LONGEST;
/// How much of a text that is longer is decoded again with what follows: a certificate of 3 KiB with ten characters for
/// each byte.
const OVERLAP: usize = 32 * 1024;
/// How deep a text may be in others.
const MAX_TEXTS: usize = 3;
/// How many bytes of false alarms are examined: these, and one more for each few bytes read. A file
/// could have a forged certificate every few bytes, each nearly as long as the longest certificate.
const FREE_FALSE_ALARMS: u64 = 1024 * 1024;
const BYTES_PER_FALSE_ALARM: u64 = 4;
/// How many bytes of text are decoded: these, and so many for each byte read. Text in a text is decoded for a second
/// time.
const FREE_DECODED: u64 = 8 * 1024 * 1024;
const DECODED_FOR_BYTE: u64 = 32;

/// What is searched: a file, or what was decoded of one.
struct Layer {
    depth: usize,
    /// How a certificate is kept that is found in it.
    form: Form,
    /// Up to where texts were decoded, by their spelling.
    decoded: [usize; Spelling::COUNT],
    /// The rest of those that were too long to be decoded at once.
    rest: [Option<(Spelling, Run)>; Spelling::COUNT],
}

impl Layer {
    fn new(depth: usize, form: Form) -> Self {
        Self {
            depth,
            form,
            decoded: [0; Spelling::COUNT],
            rest: [const { None }; Spelling::COUNT],
        }
    }

    /// Text in UTF-16 has a mark at its beginning, as a rule.
    fn begin(&mut self, data: &[u8]) {
        let start = match data {
            [0xff, 0xfe, ..] => 2,
            [0xfe, 0xff, ..] => 3,
            _ => return,
        };
        let run = Spelling::Utf16.run(data, start, start);
        if let Some(rest) = self.rest.get_mut(Spelling::Utf16.index()) {
            *rest = Some((Spelling::Utf16, run));
        }
    }

    /// Notes where in the file the search is.
    fn at(&self, data: &[u8], position: usize, found: &mut Contents<'_>) {
        if self.depth == 0 {
            let read = found.bytes + position as u64;
            found.position = read.saturating_sub(data.len() as u64);
        }
    }

    /// So many bytes are no longer in the buffer.
    fn shift(&mut self, count: usize) {
        for end in &mut self.decoded {
            *end = end.saturating_sub(count);
        }
        for (_, run) in self.rest.iter_mut().flatten() {
            run.shift(count);
        }
    }
}

impl<'h> Search<'h> {
    pub(crate) fn new(history: &'h History, progress: &'h dyn Progress) -> Result<Self> {
        Ok(Self {
            history,
            keys: Arc::new(KnownKeys::new(history)?),
            needles: Automaton::new(NEEDLES)?,
            numbers: [
                (Automaton::new(HEXADECIMAL)?, HEXADECIMAL),
                (Automaton::new(DECIMAL_AND_ESCAPES)?, DECIMAL_AND_ESCAPES),
            ],
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
            numbers: self.numbers.clone(),
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
    pub(crate) fn part(
        &mut self,
        file: &range::Range,
        start: u64,
        end: u64,
        room: &Counter,
    ) -> Part<'h> {
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
        let mut layer = Layer::new(0, Form::Der);
        let mut is_begin = start == 0;
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
            if mem::take(&mut is_begin) {
                layer.begin(data);
            }
            searched = self.search(data, searched..end.min(last), &mut layer, &mut found);
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
            layer.shift(done);
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
    fn search(
        &self,
        data: &[u8],
        range: Range<usize>,
        layer: &mut Layer,
        found: &mut Contents<'h>,
    ) -> usize {
        let Range { start, end } = range;
        if start >= end {
            return start;
        }
        let limit = data.len().min(end + LONGEST - 1);
        for index in 0..Spelling::COUNT {
            let rest = layer.rest.get_mut(index).and_then(Option::take);
            if let Some((spelling, run)) = rest {
                self.decode(data, end, spelling, run, layer, found);
            }
        }
        let raw = self.keys.material.find(data, start..end);
        let mut position = start;
        while position < end {
            let hit = self.needles.find(data, position..limit);
            let Some(hit) = hit.filter(|hit| hit.start() < end) else {
                position = end;
                break;
            };
            position = hit.end();
            let is_file = layer.depth == 0;
            layer.at(data, hit.start(), found);
            match NEEDLES
                .get(hit.pattern().as_usize())
                .map(|needle| needle.sign)
            {
                Some(Sign::Pem) => {
                    let end = self.pem(data, hit.start(), hit.end(), found);
                    position = end.unwrap_or(position);
                }
                Some(Sign::Version) => {
                    if let Some(certificate) = self.certificate(data, hit.start(), layer, found) {
                        position = certificate.end;
                    }
                }
                Some(Sign::Key) => {
                    if let Some(key) = self.key(data, hit.start(), layer, found) {
                        position = key.end;
                    }
                }
                Some(Sign::Verifier) => found.verifier.has_error |= is_file,
                Some(Sign::PyInstaller) if is_file => {
                    found.payload(data, hit.start(), PayloadForm::PyInstaller);
                }
                Some(Sign::Zstd) if is_file => frame(data, hit.start(), found),
                Some(Sign::Anchor) if is_file => self.marked(data, hit.end(), found),
                Some(Sign::EncryptedData) => found.has_encrypted_data |= is_file,
                Some(Sign::Text(spelling)) => {
                    self.text(data, hit.start()..end, spelling, layer, found);
                }
                Some(Sign::PyInstaller | Sign::Zstd | Sign::Anchor) | None => {}
            }
        }
        self.numbers(data, start..end, layer, found);
        for (place, root) in raw {
            layer.at(data, place.start, found);
            found.root(root, Form::Key, false);
        }
        position
    }

    /// Searches for what is written as numbers.
    fn numbers(
        &self,
        data: &[u8],
        range: Range<usize>,
        layer: &mut Layer,
        found: &mut Contents<'h>,
    ) {
        if layer.depth == MAX_TEXTS {
            return;
        }
        for part in samples::parts(data, &range) {
            let limit = data.len().min(part.end + LONGEST - 1);
            for (automaton, needles) in &self.numbers {
                let mut position = part.start;
                while let Some(hit) = automaton.find(data, position..limit) {
                    position = hit.end();
                    let needle = needles.get(hit.pattern().as_usize());
                    if let Some(Sign::Text(spelling)) = needle.map(|needle| needle.sign) {
                        self.text(data, hit.start()..range.end, spelling, layer, found);
                    }
                }
            }
        }
    }

    /// A text with a needle at the beginning of this range, as far as it begins within the range.
    fn text(
        &self,
        data: &[u8],
        range: Range<usize>,
        spelling: Spelling,
        layer: &mut Layer,
        found: &mut Contents<'h>,
    ) {
        let decoded = layer.decoded.get(spelling.index()).copied();
        let floor = decoded.filter(|end| *end <= range.start && layer.depth < MAX_TEXTS);
        if let (Some(floor), true) = (floor, range.start < range.end) {
            let run = spelling.run(data, range.start, floor);
            self.decode(data, range.end, spelling, run, layer, found);
        }
    }

    /// Searches what is decoded of a text, up to its end or until more of it is in the buffer.
    fn decode(
        &self,
        data: &[u8],
        end: usize,
        spelling: Spelling,
        mut run: Run,
        layer: &mut Layer,
        found: &mut Contents<'h>,
    ) {
        let form = match spelling {
            Spelling::Base64(_) => Form::Pem,
            _ => layer.form,
        };
        let index = spelling.index();
        while run.start < end {
            let allowed = FREE_DECODED + found.bytes * DECODED_FOR_BYTE;
            if found.decoded > allowed {
                found.has_skipped = true;
                return;
            }
            layer.at(data, run.start, found);
            let text = data.get(run.start..).unwrap_or_default();
            let is_cut = text.len() > MAX_TEXT;
            let text = text.get(..MAX_TEXT).unwrap_or(text);
            let decoded = run.decode(spelling, text, MAX_TEXT - OVERLAP);
            found.decoded += decoded.end as u64;
            let bytes = &decoded.bytes;
            let next = decoded.next;
            let next = next.filter(|_| is_cut && decoded.end + LONGEST_TOKEN >= text.len());
            // What is decoded again is searched once: what begins in its first quarter now, the rest when what begins
            // there is whole.
            let ahead = next.map_or(0, |next| bytes.len().saturating_sub(next.bytes) / 4);
            let end = next.map_or(bytes.len(), |next| next.bytes + ahead);
            let mut inner = Layer::new(layer.depth + 1, form);
            self.search(bytes, run.searched..end, &mut inner, found);
            if let Some(end) = layer.decoded.get_mut(index) {
                *end = run.start + decoded.end;
            }
            match next {
                Some(next) => run.advance(next.at.max(1), ahead),
                None => return,
            }
        }
        if let Some(rest) = layer.rest.get_mut(index) {
            *rest = Some((spelling, run));
        }
    }

    /// A key whose object identifier is at this position. Returns its place.
    fn key(
        &self,
        data: &[u8],
        oid: usize,
        layer: &Layer,
        found: &mut Contents<'h>,
    ) -> Option<Range<usize>> {
        // The header of the AlgorithmIdentifier is before it.
        let position = oid.checked_sub(2)?;
        let (hit, length) = self.keys.at(data, position)?;
        match hit {
            Hit::Certificate(known) => found.root(known, layer.form, true),
            Hit::Key(known) => found.root(known, Form::Key, false),
            Hit::Public => found.verifier.has_public_key |= layer.depth == 0,
        }
        Some(position..position + length)
    }

    /// A certificate whose version is at this position. Returns its place, so that its key is not found
    /// for a second time.
    fn certificate(
        &self,
        data: &[u8],
        version: usize,
        layer: &Layer,
        found: &mut Contents<'h>,
    ) -> Option<Range<usize>> {
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
        if self.root(der, layer.form, found) {
            return Some(start..start + der.len());
        }
        found.false_alarms += der.len() as u64;
        None
    }

    /// A certificate whose block begins here, and its label there. Returns the end of the block.
    fn pem(
        &self,
        data: &[u8],
        begin: usize,
        label: usize,
        found: &mut Contents<'h>,
    ) -> Option<usize> {
        let text = data.get(label..).unwrap_or_default();
        let text = text.get(..MAX_TEXT).unwrap_or(text);
        let marks = || {
            let hyphens = data.get(..begin).unwrap_or_default().iter().rev();
            let hyphens = hyphens.take(4).take_while(|byte| **byte == b'-').count();
            Marks::before(data, begin - hyphens)
        };
        let (der, end) = pem::decode(text, marks, MAX_CERTIFICATE)?;
        // OpenSSL's trusted certificates have more after the certificate.
        let der = first_sequence(&der)?;
        self.root(der, Form::Pem, found).then_some(label + end)
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

    /// Whether these bytes are a certificate, which is noted if it is a root or compromised.
    fn root(&self, der: &[u8], form: Form, found: &mut Contents<'h>) -> bool {
        if let Some(known) = self.keys.certificate(der) {
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

/// What may be left of a text that is cut off, as no whole token of it.
const LONGEST_TOKEN: usize = 256;

/// Searches for needles.
#[derive(Clone)]
enum Automaton {
    Vectorised(packed::Searcher),
    /// Where the processor has no instructions for that.
    Other(AhoCorasick),
}

impl Automaton {
    fn new(needles: &[Needle]) -> Result<Self> {
        let patterns = needles.iter().map(|needle| needle.bytes);
        // `AhoCorasick` would choose a search for rare bytes, which are not rare in text.
        let vectorised = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(patterns.clone())
            .build();
        if let Some(vectorised) = vectorised {
            return Ok(Self::Vectorised(vectorised));
        }
        let mut builder = AhoCorasick::builder();
        let automaton = builder
            .match_kind(MatchKind::LeftmostFirst)
            .build(patterns)?;
        Ok(Self::Other(automaton))
    }

    fn find(&self, data: &[u8], range: Range<usize>) -> Option<Match> {
        match self {
            Self::Vectorised(searcher) => searcher.find_in(data, Span::from(range)),
            Self::Other(automaton) => automaton.find(Input::new(data).span(range)),
        }
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
