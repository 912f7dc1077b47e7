//! What Mozilla's list has held since 2015, as compiled in.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;

use embedded_roots::inspect::Certificate;
use embedded_roots_bundle::der::{SEQUENCE, encode};
use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::{DistrustedKey, PrivateKeys, Root, parse};
use flate2::read::GzDecoder;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;

use crate::compromise::{Compromise, Compromises};
use crate::outcome::Result;
use crate::record::{Days, NotForServers, Removal, Removals, paragraphs};

/// Written by `cargo xtask history`.
const HISTORY: &[u8] = include_bytes!("../data/history.pem.gz");
const REMOVALS: &str = include_str!("../data/removals.toml");
const EMAIL: &str = include_str!("../data/email.toml");

/// A certificate that is in the list, or was.
pub(crate) struct HistoryEntry {
    pub(crate) certificate: Certificate,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) standing: Standing,
}

/// When a certificate was in Mozilla's list. Days are those of the releases of certifi that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// The first release with it.
    pub(crate) first: String,
    /// The last release with it; none if the newest has it.
    pub(crate) last: Option<String>,
    /// The first release without it.
    pub(crate) gone: Option<String>,
    /// Why it went, where that is public knowledge, with its source.
    #[serde(flatten)]
    pub(crate) reason: Option<RemovalReason>,
}

impl Standing {
    /// The day from which it is gone, and why, as far as that is known: `2021-02-01: a reason`.
    pub(crate) fn gone_and_why(&self) -> String {
        format!("{}{}", self.gone.as_deref().unwrap_or_default(), self.why())
    }

    /// A colon and the reason; empty if it is not known.
    pub(crate) fn why(&self) -> String {
        let reason = self.reason.as_ref();
        let reason = reason.map(|reason| format!(": {}", reason.reason));
        reason.unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RemovalReason {
    pub(crate) reason: String,
    pub(crate) source: String,
}

pub(crate) struct History {
    known: Vec<HistoryEntry>,
    by_sha256: HashMap<[u8; 32], usize>,
    by_key: HashMap<[u8; 32], Vec<usize>>,
    /// The keys of the bundle `mozilla`, which has another source and may keep a root for longer.
    bundled_keys: HashSet<[u8; 32]>,
    compromises: Compromises,
    /// The certificates that Mozilla's list has, but not for servers.
    not_for_servers: HashSet<[u8; 32]>,
    /// The day of the newest release.
    pub(crate) as_of: String,
}

impl History {
    /// What is compiled in.
    pub(crate) fn load() -> Result<Self> {
        let mut text = String::new();
        GzDecoder::new(HISTORY).read_to_string(&mut text)?;
        Self::read(&text, REMOVALS, EMAIL)
    }

    /// A history in the format of the compiled-in one.
    pub(crate) fn read(text: &str, removals: &str, email: &str) -> Result<Self> {
        let mut reasons = reasons(removals)?;
        let mut known = Vec::new();
        let mut as_of = String::new();
        for entry in paragraphs(text).skip(1) {
            let der = CertificateDer::from_pem_slice(entry.as_bytes())?;
            let certificate = Certificate::from_der(&der)?;
            let days = Days::from_text(entry);
            let Days { first, last, gone } = days.map_err(|why| format!("{certificate}: {why}"))?;
            for day in [Some(first), Some(last), gone].into_iter().flatten() {
                if day > as_of.as_str() {
                    day.clone_into(&mut as_of);
                }
            }
            known.push(HistoryEntry {
                standing: Standing {
                    first: first.to_owned(),
                    last: gone.map(|_| last.to_owned()),
                    gone: gone.map(str::to_owned),
                    reason: reasons.remove(&certificate.sha256()),
                },
                certificate,
                der,
            });
        }
        let key_of = |sha256: &[u8; 32]| {
            let certificates = known.iter().map(|known: &HistoryEntry| &known.certificate);
            let mut found = certificates.filter(|certificate| certificate.sha256() == *sha256);
            found.next().map(Certificate::spki_sha256)
        };
        let mut history = Self {
            compromises: Compromises::load(key_of)?,
            not_for_servers: not_for_servers(email)?,
            by_sha256: HashMap::new(),
            by_key: HashMap::new(),
            bundled_keys: bundled_keys()?,
            known,
            as_of,
        };
        for (nth, known) in history.known.iter().enumerate() {
            history.by_sha256.insert(known.certificate.sha256(), nth);
            let of_key = history.by_key.entry(known.certificate.spki_sha256());
            of_key.or_default().push(nth);
        }
        Ok(history)
    }

    pub(crate) fn all(&self) -> &[HistoryEntry] {
        &self.known
    }

    /// The certificate itself.
    pub(crate) fn of_certificate(&self, sha256: &[u8; 32]) -> Option<&HistoryEntry> {
        self.known.get(*self.by_sha256.get(sha256)?)
    }

    /// All certificates of a key.
    pub(crate) fn of_key(
        &self,
        spki_sha256: &[u8; 32],
    ) -> impl Iterator<Item = &HistoryEntry> + use<'_> {
        let of_key = self.by_key.get(spki_sha256).into_iter().flatten();
        of_key.filter_map(|nth| self.known.get(*nth))
    }

    /// When and why the root was removed. A key that is still in the list or in the bundle `mozilla`,
    /// under whichever certificate, is not removed.
    pub(crate) fn removed(&self, certificate: &Certificate) -> Option<&Standing> {
        let key = certificate.spki_sha256();
        let newest = newest(self.of_key(&key))?;
        newest.standing.gone.as_ref()?;
        if self.bundled_keys.contains(&key) {
            return None;
        }
        let exact = self.of_certificate(&certificate.sha256());
        Some(&exact.unwrap_or(newest).standing)
    }

    /// Whether Mozilla's list has the certificate, but not for servers: for e-mail, as a rule.
    pub(crate) fn is_not_for_servers(&self, sha256: &[u8; 32]) -> bool {
        self.not_for_servers.contains(sha256)
    }

    /// Why the certificate is compromised: its private key is public, or that of an intermediate below it.
    pub(crate) fn compromise(&self, certificate: &Certificate) -> Option<&Compromise> {
        self.compromises.of_key(&certificate.spki_sha256())
    }

    /// The keys whose private keys are public.
    pub(crate) fn distrusted_keys(&self) -> &[DistrustedKey] {
        &self.compromises.keys
    }

    /// The list as it was on this day.
    pub(crate) fn on<'a>(&'a self, day: &'a str) -> impl Iterator<Item = &'a HistoryEntry> {
        self.known.iter().filter(move |known| {
            let Standing { first, gone, .. } = &known.standing;
            first.as_str() <= day && gone.as_ref().is_none_or(|gone| day < gone.as_str())
        })
    }
}

/// The certificate that stands for a key: one that is in the list, or the one that left it last.
pub(crate) fn newest<'h>(
    certificates: impl Iterator<Item = &'h HistoryEntry>,
) -> Option<&'h HistoryEntry> {
    certificates.max_by_key(|known| (known.standing.gone.is_none(), &known.standing.gone))
}

/// The digests of the keys of the bundle `mozilla`.
fn bundled_keys() -> Result<HashSet<[u8; 32]>> {
    let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
    let roots = parse("the bundle `mozilla`", pem, PrivateKeys::Refuse)?;
    let anchors = roots.iter().map(Root::trust_anchor);
    let keys = anchors.map(|anchor| sha256(&encode(SEQUENCE, &anchor.subject_public_key_info)));
    Ok(keys.collect())
}

fn reasons(text: &str) -> Result<HashMap<[u8; 32], RemovalReason>> {
    let removals: Removals = toml::from_str(text)?;
    let mut reasons = HashMap::new();
    for Removal {
        sha256,
        reason,
        source,
    } in removals.removal
    {
        for digits in sha256 {
            let digest = sha256_from_hex("removals.toml", &digits)?;
            let reason = RemovalReason {
                reason: reason.clone(),
                source: source.clone(),
            };
            reasons.insert(digest, reason);
        }
    }
    Ok(reasons)
}

fn not_for_servers(text: &str) -> Result<HashSet<[u8; 32]>> {
    let list: NotForServers = toml::from_str(text)?;
    let digests = list.roots.iter();
    digests
        .map(|digits| sha256_from_hex("email.toml", digits))
        .collect()
}

fn sha256_from_hex(file: &str, digits: &str) -> Result<[u8; 32]> {
    let digest = embedded_roots_bundle::digest::sha256_from_hex(digits);
    Ok(digest.ok_or_else(|| format!("{file}: {digits} is not a SHA-256 digest"))?)
}

#[cfg(test)]
mod tests {
    use embedded_roots::inspect;

    use super::*;
    use crate::compromise::CompromisedRoot;

    #[test]
    fn compiled_in_history_is_read() {
        let history = History::load().unwrap();
        assert!(history.all().len() >= 287, "{}", history.all().len());
        let in_force = history
            .all()
            .iter()
            .filter(|known| known.standing.gone.is_none());
        assert!(in_force.count() > 100);
        let ours = inspect::certificates(embedded_roots_mozilla::ANNOTATED_PEM).unwrap();
        for root in &ours {
            assert!(history.of_certificate(&root.sha256()).is_some(), "{root}");
        }
        let of_2016: Vec<_> = history.on("2016-06-01").collect();
        let has = |name: &str| {
            of_2016
                .iter()
                .any(|known| known.certificate.subject().contains(name))
        };
        assert!(has("WoSign") && has("DST Root CA X3") && !has("ISRG Root X2"));
    }

    #[test]
    fn compromised_roots_are_those_of_the_history() {
        let history = History::load().unwrap();
        let roots = CompromisedRoot::all().unwrap();
        assert!(!roots.is_empty());
        for root in roots {
            let known = history.of_certificate(&root.sha256().unwrap()).unwrap();
            let subject = embedded_roots_bundle::subject(&known.der).unwrap();
            let names: Vec<_> = subject.common_names().collect();
            assert_eq!(names, [root.name.as_str()]);
            let compromise = root.into_compromise();
            let source = compromise.source.as_ref().unwrap();
            assert!(source.starts_with("https://"), "{source}");
            // Another day or another identifier is a mistake in one of the two.
            let same = |key: &DistrustedKey| {
                key.date == compromise.since && key.advisories == compromise.advisories.join(",")
            };
            assert!(history.distrusted_keys().iter().any(same));
            assert_eq!(*history.compromise(&known.certificate).unwrap(), compromise);
        }
    }

    /// A program that has a key alone is compared by subject and key.
    #[test]
    fn certificates_of_a_key_have_its_subject() {
        let history = History::load().unwrap();
        for known in history.all() {
            for other in history.of_key(&known.certificate.spki_sha256()) {
                let subject = embedded_roots_bundle::subject(&known.der);
                assert!(
                    subject == embedded_roots_bundle::subject(&other.der),
                    "{known} and {other}",
                    known = known.certificate,
                    other = other.certificate
                );
            }
        }
    }

    #[test]
    fn bundled_roots_are_not_removed() {
        let history = History::load().unwrap();
        let bundled = inspect::certificates(embedded_roots_mozilla::ANNOTATED_PEM).unwrap();
        assert!(!bundled.is_empty());
        for root in &bundled {
            assert_eq!(history.removed(root), None, "{root}");
        }
    }

    #[test]
    fn bundled_roots_are_for_servers() {
        let history = History::load().unwrap();
        let bundled = inspect::certificates(embedded_roots_mozilla::ANNOTATED_PEM).unwrap();
        for root in &bundled {
            assert!(!history.is_not_for_servers(&root.sha256()), "{root}");
        }
        // Some have been in the list for servers before.
        let were = history
            .all()
            .iter()
            .filter(|known| history.is_not_for_servers(&known.certificate.sha256()));
        assert!(were.count() >= 20);
    }

    #[test]
    fn a_key_that_is_still_in_the_list_is_not_removed() {
        let history = History::load().unwrap();
        // Some CAs have renewed a root with its key.
        let renewed = history.all().iter().filter(|known| {
            let key = known.certificate.spki_sha256();
            let of_key = || history.of_key(&key);
            known.standing.gone.is_some() && of_key().any(|other| other.standing.gone.is_none())
        });
        let renewed: Vec<_> = renewed.collect();
        assert!(!renewed.is_empty());
        for known in renewed {
            assert_eq!(history.removed(&known.certificate), None);
        }
    }
}
