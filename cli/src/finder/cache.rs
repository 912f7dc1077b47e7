//! Results of layers and files that were scanned before, by the digest of their bytes.
//!
//! What is kept depends on the bytes alone, and on what is in the name of its folder: the program, as a digest of its
//! file, and all that may change what a scan finds. A result that lack of memory, of room in the report or of anything
//! else has changed is not kept.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, process};

use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::digest::{hex, sha256_from_hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::contents::{
    Contents, Form, Occurrence, ParsedCertificate, Position, Trust, VerifierTraces,
};
use super::findings::{Failure, Findings, KeyStore, Place, Unread};
use super::layers::{self, Layers, StoredLayers};
use super::limits::{Counter, ScanLimits};
use super::location::Location;
use super::marked::MarkedAnchor;
use crate::history::History;
use crate::input::opened::Password;
use crate::outcome::Result;

/// What was found in one file, wherever that lies, and what it took of the limits.
pub(crate) struct Unit<'h> {
    pub(crate) findings: Findings<'h>,
    pub(crate) entries: u64,
    pub(crate) unpacked: u64,
    pub(crate) report: u64,
}

/// A folder of results.
pub(crate) struct Cache {
    folder: PathBuf,
    /// So that each thread writes to another temporary file.
    written: AtomicU64,
    /// What threads of this process scan now.
    in_work: Mutex<HashSet<PathBuf>>,
    changed: Condvar,
}

/// While it is there, other threads wait for the result.
pub(crate) struct PendingResult<'c> {
    cache: &'c Cache,
    key: PathBuf,
}

/// What is looked for in the cache.
pub(crate) struct Key(PathBuf);

/// Digests what somebody else reads, so that the digest is that of the bytes that were scanned, also of a file that
/// changes.
pub(crate) struct DigestingReader<R> {
    inner: R,
    hasher: Box<blake3::Hasher>,
    has_failed: bool,
}

/// By which layers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentDigest {
    /// Of what is at hand, since it is faster.
    Blake3([u8; 32]),
    /// By which a registry names it.
    #[cfg_attr(
        not(feature = "registry"),
        allow(dead_code, reason = "nothing else does")
    )]
    Sha256([u8; 32]),
}

/// Files below this size are scanned as fast as they are looked up.
pub(crate) const SMALLEST: u64 = 64 << 10;
/// The largest result that is kept.
const LARGEST_RESULT: u64 = 16 << 20;
/// How the files are made.
const FORMAT: &str = "embedded-roots scan 1";

impl Cache {
    /// The results of this program with these limits.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, or the file of the program cannot be read.
    pub(crate) fn open(folder: &Path, limits: &ScanLimits) -> Result<Self> {
        let program = env::current_exe().and_then(|path| digest_of(&mut File::open(path)?));
        let program = program.map_err(|why| format!("the file of this program: {why}"))?;
        let mut digest = Sha256::new();
        digest.update(format!("{program:?} {limits:?}"));
        let folder = folder.join(hex(&digest.finalize()));
        fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        Ok(Self {
            folder,
            written: AtomicU64::new(0),
            in_work: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// By the digest of a file, and by what else of it matters: how deep in other archives it is, which has a limit,
    /// and what its name hints at.
    pub(crate) fn key(&self, digest: &ContentDigest, place: &Location, depth: usize) -> Key {
        let (algorithm, digest) = match digest {
            ContentDigest::Blake3(digest) => ("blake3", digest),
            ContentDigest::Sha256(digest) => ("sha256", digest),
        };
        let digest = hex(digest);
        let (first, rest) = digest.split_at_checked(2).unwrap_or_default();
        let [layer, manifest] = layers::hints(place).map(u8::from);
        let name = format!("{rest}-{algorithm}-{depth}-{layer}{manifest}");
        Key(self.folder.join(first).join(name))
    }

    /// Waits until no other thread scans the same, which it does only with nothing else to wait for than memory, of which
    /// the caller may hold none.
    pub(crate) fn in_work(&self, key: &Key) -> PendingResult<'_> {
        let is_taken = |in_work: &mut HashSet<PathBuf>| !in_work.insert(key.0.clone());
        let in_work = self.in_work.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(in_work, is_taken));
        PendingResult {
            cache: self,
            key: key.0.clone(),
        }
    }

    /// The result for a file that is now in this place.
    ///
    /// # Errors
    ///
    /// If there is a file with the name of a result that this program has not written, or not to its end.
    pub(crate) fn read<'h>(
        &self,
        key: &Key,
        place: &Location,
        history: &'h History,
    ) -> io::Result<Option<Unit<'h>>> {
        let mut file = match File::open(&key.0) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?.take(LARGEST_RESULT),
        };
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let damaged = || io::Error::other("is not a result of this program");
        let (digest, content) = text.split_once('\n').ok_or_else(damaged)?;
        if digest != self.checksum(key, content) {
            return Err(damaged());
        }
        let stored: StoredUnit = serde_json::from_str(content)?;
        stored.read(place, history).ok_or_else(damaged).map(Some)
    }

    /// Keeps the result for a file that was in this place. Nobody sees a part of it.
    pub(crate) fn write(&self, key: &Key, place: &Location, unit: &Unit<'_>) -> io::Result<()> {
        let Some(stored) = StoredUnit::new(place, unit) else {
            return Ok(());
        };
        let content = serde_json::to_string(&stored)?;
        let text = format!("{}\n{content}", self.checksum(key, &content));
        if text.len() as u64 >= LARGEST_RESULT {
            return Ok(());
        }
        if let Some(folder) = key.0.parent() {
            fs::create_dir_all(folder)?;
        }
        let number = self.written.fetch_add(1, Relaxed);
        // In containers, all processes may have the same number, and one folder.
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = time.unwrap_or_default().as_nanos();
        let temporary = format!("{}-{number}-{time}", process::id());
        let temporary = self.folder.join(temporary);
        let written = File::create_new(&temporary)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&temporary, &key.0));
        if written.is_err() {
            // It may be there in part. If it cannot be removed, nobody reads it.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Over the name, too, so that the result of another file is none.
    fn checksum(&self, key: &Key, content: &str) -> String {
        let name = key.0.strip_prefix(&self.folder).unwrap_or(&key.0);
        let mut digest = Sha256::new();
        digest.update(FORMAT);
        digest.update(name.as_os_str().as_encoded_bytes());
        digest.update(b"\n");
        digest.update(content);
        hex(&digest.finalize())
    }
}

impl Drop for PendingResult<'_> {
    fn drop(&mut self) {
        let in_work = self.cache.in_work.lock();
        let mut in_work = in_work.unwrap_or_else(PoisonError::into_inner);
        in_work.remove(&self.key);
        self.cache.changed.notify_all();
    }
}

impl Key {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl<R: Read> DigestingReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Box::default(),
            has_failed: false,
        }
    }

    /// Of all, the rest of which is read now. None if something could not be read.
    pub(crate) fn digest(mut self) -> Option<ContentDigest> {
        let rest = io::copy(&mut self, &mut io::sink());
        (rest.is_ok() && !self.has_failed)
            .then(|| ContentDigest::Blake3(self.hasher.finalize().into()))
    }
}

impl<R: Read> Read for DigestingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        match &read {
            Ok(count) => {
                let read = buffer.get(..*count).unwrap_or_default();
                self.hasher.update(read);
            }
            Err(_) => self.has_failed = true,
        }
        read
    }
}

/// Of all of it.
pub(crate) fn digest_of(file: &mut dyn Read) -> io::Result<ContentDigest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(ContentDigest::Blake3(hasher.finalize().into()))
}

#[derive(Serialize, Deserialize)]
struct StoredUnit {
    format: String,
    entries: u64,
    unpacked: u64,
    report: u64,
    searched: u64,
    bytes: u64,
    places: Vec<StoredPlace>,
    /// The names of entries below the file, and a text.
    failures: Vec<(Vec<String>, String)>,
    unread: Vec<(Vec<String>, String)>,
    layers: StoredLayers,
}

#[derive(Serialize, Deserialize)]
struct StoredPlace {
    path: Vec<String>,
    key_store: Option<KeyStore>,
    bytes: u64,
    verifier: VerifierTraces,
    /// Digests of known roots.
    roots: Vec<StoredRoot>,
    /// Certificates, as hexadecimal digits.
    reissued: Vec<String>,
    unknown: Vec<StoredRoot>,
    compromised: Vec<StoredRoot>,
    password: Option<Password>,
    /// The digest of the key, the subject and the key.
    anchors: Vec<[String; 3]>,
    /// For servers and for e-mail.
    trust: Option<Vec<(String, bool, bool)>>,
    /// With the number of the root.
    positions: Vec<(Form, u64, usize)>,
}

#[derive(Serialize, Deserialize)]
struct StoredRoot {
    /// A digest or a certificate.
    root: String,
    forms: Vec<Form>,
    is_exact: bool,
}

impl StoredUnit {
    /// None if it is not to be kept.
    fn new(place: &Location, unit: &Unit<'_>) -> Option<Self> {
        let Unit {
            findings,
            entries,
            unpacked,
            report,
        } = unit;
        let Findings {
            places,
            failures,
            unread,
            searched,
            bytes,
            warnings: _,
            layers,
        } = findings;
        let below = |location: &Location| {
            let path = location.path.get(place.path.len()..);
            path.unwrap_or_default().to_vec()
        };
        let failures = failures.iter();
        let unread = unread.iter();
        Some(Self {
            format: FORMAT.to_owned(),
            layers: layers.below(place)?,
            entries: *entries,
            unpacked: *unpacked,
            report: *report,
            searched: *searched,
            bytes: *bytes,
            places: places
                .iter()
                .map(|found| StoredPlace::new(below(&found.location), found))
                .collect(),
            failures: failures
                .map(|Failure { location, error }| (below(location), error.clone()))
                .collect(),
            unread: unread
                .map(|Unread { location, form }| (below(location), form.clone()))
                .collect(),
        })
    }

    fn read<'h>(self, place: &Location, history: &'h History) -> Option<Unit<'h>> {
        if self.format != FORMAT {
            return None;
        }
        let places = self.places.into_iter();
        let failures = self.failures.into_iter();
        let unread = self.unread.into_iter();
        let findings = Findings {
            places: places
                .map(|stored| stored.read(place, history))
                .collect::<Option<_>>()?,
            failures: failures
                .map(|(path, error)| Failure {
                    location: place.below(path),
                    error,
                })
                .collect(),
            unread: unread
                .map(|(path, form)| Unread {
                    location: place.below(path),
                    form,
                })
                .collect(),
            searched: self.searched,
            bytes: self.bytes,
            warnings: Vec::new(),
            layers: Layers::from_stored(self.layers, place)?,
        };
        Some(Unit {
            findings,
            entries: self.entries,
            unpacked: self.unpacked,
            report: self.report,
        })
    }
}

impl StoredPlace {
    fn new(path: Vec<String>, place: &Place<'_>) -> Self {
        let Place {
            location: _,
            key_store,
            password,
            found,
        } = place;
        // What says why a place is in the other lists, or counts, is used up.
        let Contents {
            roots,
            reissued,
            unknown,
            compromised,
            anchors,
            verifier,
            bytes,
            trust,
            positions,
            position: _,
            payloads: _,
            has_encrypted_data: _,
            false_alarms: _,
            decoded: _,
            has_skipped: _,
            room: _,
            is_full: _,
        } = found;
        let numbers: BTreeMap<_, _> = roots.keys().copied().zip(0..).collect();
        let positions = positions.iter().filter_map(|position| {
            let number = numbers.get(&position.root)?;
            Some((position.form, position.place, *number))
        });
        let anchors = anchors.iter();
        let trust = trust.as_ref().map(|trust| trust.iter());
        let roots = roots.iter();
        let parsed = |certificates: &BTreeMap<_, Occurrence<ParsedCertificate>>| {
            let certificates = certificates.values();
            certificates
                .map(|found| stored(found, hex(&found.root.der)))
                .collect()
        };
        Self {
            path,
            key_store: *key_store,
            bytes: *bytes,
            verifier: *verifier,
            roots: roots
                .map(|(sha256, found)| stored(found, hex(sha256)))
                .collect(),
            reissued: reissued.values().map(|der| hex(der)).collect(),
            unknown: parsed(unknown),
            compromised: parsed(compromised),
            password: *password,
            anchors: anchors
                .map(|(spki_sha256, MarkedAnchor { subject, key })| {
                    [hex(spki_sha256), hex(subject), hex(key)]
                })
                .collect(),
            trust: trust.map(|trust| {
                trust
                    .map(|(sha256, Trust { servers, email })| (hex(sha256), *servers, *email))
                    .collect()
            }),
            positions: positions.collect(),
        }
    }

    fn read<'h>(self, place: &Location, history: &'h History) -> Option<Place<'h>> {
        // What was counted when it was found is counted again with the whole unit.
        let mut found = Contents::new(Counter::new(u64::MAX));
        found.bytes = self.bytes;
        found.verifier = self.verifier;
        let mut digests = Vec::new();
        for StoredRoot {
            root,
            forms,
            is_exact,
        } in self.roots
        {
            let sha256 = sha256_from_hex(&root)?;
            digests.push(sha256);
            let known = history.of_certificate(&sha256)?;
            for form in forms {
                found.root(known, form, is_exact);
            }
        }
        for der in self.reissued {
            let der = bytes(&der)?;
            found.reissued(&Certificate::from_der(&der).ok()?, &der);
        }
        let unknown = self.unknown.into_iter().map(|stored| (stored, false));
        let compromised = self.compromised.into_iter().map(|stored| (stored, true));
        for (stored, is_compromised) in unknown.chain(compromised) {
            let der = bytes(&stored.root)?;
            for form in stored.forms {
                let certificate = Certificate::from_der(&der).ok()?;
                if is_compromised {
                    found.parsed(|found| &mut found.compromised, certificate, &der, form);
                } else {
                    found.parsed(|found| &mut found.unknown, certificate, &der, form);
                }
            }
        }
        for [spki_sha256, subject, key] in self.anchors {
            let anchor = MarkedAnchor {
                subject: bytes(&subject)?,
                key: bytes(&key)?,
            };
            found.anchor(sha256_from_hex(&spki_sha256)?, anchor);
        }
        if let Some(trust) = self.trust {
            let trust = trust.into_iter().map(|(sha256, servers, email)| {
                Some((sha256_from_hex(&sha256)?, Trust { servers, email }))
            });
            found.trust = Some(trust.collect::<Option<_>>()?);
        }
        let positions = self.positions.into_iter().map(|(form, place, number)| {
            let root = *digests.get(number)?;
            Some(Position { form, place, root })
        });
        found.positions = positions.collect::<Option<_>>()?;
        Some(Place {
            location: place.below(self.path),
            key_store: self.key_store,
            password: self.password,
            found,
        })
    }
}

fn stored<T>(occurrence: &Occurrence<T>, root: String) -> StoredRoot {
    StoredRoot {
        root,
        forms: occurrence.forms.iter().copied().collect(),
        is_exact: occurrence.is_exact,
    }
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}
