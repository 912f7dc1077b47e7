//! What the fuzz targets of the repository call. Anything here may change at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use embedded_roots_bundle::digest::hex;

use super::contents::Form;
use super::limits::ScanLimits;
use super::location::Location;
use super::search::{self, Search};
use super::store::StoreForm;
use super::unpack::{self, Scan};
use crate::history::History;
use crate::root::InspectedRoot;

/// The size of the buffer through which a file is searched.
pub const BUFFER: usize = search::BUFFER;
/// So much of the buffer is searched only with what follows it.
pub const AHEAD: usize = search::AHEAD;
/// The limit for what may be unpacked of one file.
pub const UNPACKED: u64 = 4 << 20;

/// Small limits, so that a target reaches them.
const LIMITS: ScanLimits = ScanLimits {
    depth: 6,
    entries: 1_000,
    unpacked: UNPACKED,
    ratio: 1_000,
    ratio_from: 1 << 20,
    in_memory: 4 << 20,
    on_disk: 4 << 20,
    about_entry: 1 << 16,
    report: 1 << 18,
    digests: 1 << 16,
};

/// The roots that a scan knows.
pub struct KnownRoots(History);

impl KnownRoots {
    /// What is compiled in.
    ///
    /// # Errors
    ///
    /// None, as tests show.
    pub fn load() -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self(History::load()?))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.all().len()
    }

    /// The certificate of a root, and the content of its `SubjectPublicKeyInfo`; numbers begin anew
    /// behind the last root.
    ///
    /// # Errors
    ///
    /// None, as tests show.
    pub fn root(&self, number: usize) -> Result<(Vec<u8>, Vec<u8>), Box<dyn Error + Send + Sync>> {
        let known = self.0.all().iter().cycle().nth(number);
        let der = known.ok_or("no root is known")?.der.clone();
        let root = InspectedRoot::from_der(der)?.root;
        let key = root.trust_anchor().subject_public_key_info.to_vec();
        Ok((root.certificate().to_vec(), key))
    }

    /// A scanner with small limits.
    ///
    /// # Errors
    ///
    /// None, as tests show.
    pub fn scanner(&self) -> Result<Scanner<'_>, Box<dyn Error + Send + Sync>> {
        let search = Search::new(&self.0, &())?;
        Ok(Scanner(Scan::new(search, LIMITS)))
    }
}

/// Scans one file after another.
pub struct Scanner<'k>(Scan<'k>);

/// What is in a file, with which nothing of other files is mixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanResult {
    /// The roots of each place: the form and the fingerprint.
    pub places: BTreeMap<String, BTreeSet<String>>,
    /// Each a place and an error.
    pub failures: Vec<(String, String)>,
    /// Each a place and a form that is not looked into.
    pub unread: Vec<(String, String)>,
    /// How many bytes were searched, after unpacking.
    pub bytes: u64,
}

/// Whether a file that begins like this is read as a whole: an archive, what is compressed, or a key store.
#[must_use]
pub fn is_archive(head: &[u8]) -> bool {
    unpack::is_archive(head) || StoreForm::from_head(head).is_some()
}

impl Scanner<'_> {
    /// Scans what can be read once.
    pub fn reader(&mut self, reader: &mut dyn Read) -> ScanResult {
        self.renew();
        self.0.reader("x", reader);
        self.seen()
    }

    /// Scans a file.
    pub fn seekable(&mut self, file: impl Read + Seek) -> ScanResult {
        self.renew();
        self.0.seekable(&Location::file("x".to_owned()), file);
        self.seen()
    }

    /// As if nothing had been scanned before.
    fn renew(&mut self) {
        self.0.digests = Arc::new(AtomicU64::new(LIMITS.digests));
    }

    fn seen(&mut self) -> ScanResult {
        let findings = self.0.take_findings();
        let mut seen = ScanResult {
            bytes: findings.bytes,
            ..ScanResult::default()
        };
        for place in findings.places {
            let roots = seen.places.entry(place.location.shown).or_default();
            let mut add = |kind: &str, sha256: &[u8; 32], forms: &BTreeSet<Form>| {
                let shown = forms
                    .iter()
                    .map(|form| format!("{kind}{form:?} {}", hex(sha256)));
                roots.extend(shown);
            };
            for (sha256, known) in &place.found.roots {
                add("", sha256, &known.forms);
            }
            for (sha256, unknown) in &place.found.unknown {
                add("unknown ", sha256, &unknown.forms);
            }
            for (sha256, compromised) in &place.found.compromised {
                add("compromised ", sha256, &compromised.forms);
            }
        }
        for unread in findings.unread {
            seen.unread.push((unread.location.shown, unread.form));
        }
        for failure in findings.failures {
            seen.failures.push((failure.location.shown, failure.error));
        }
        seen
    }
}

impl ScanResult {
    /// The roots of all places together.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<&str> {
        let roots = self.places.values().flatten();
        roots.map(String::as_str).collect()
    }
}
