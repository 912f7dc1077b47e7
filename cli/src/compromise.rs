//! Keys whose private keys are public, and roots that lead to them.

use std::collections::HashMap;

use embedded_roots_bundle::digest::sha256_from_hex;
use embedded_roots_bundle::{DistrustedKey, parse_distrusted_keys};
use serde::{Deserialize, Serialize};

use crate::Result;

/// Reviewed by hand.
const ROOTS: &str = include_str!("../data/compromised.toml");

/// Why whoever has a public private key can issue certificates below a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Compromise {
    /// Whether its own private key is public, rather than that of an intermediate below it.
    pub(crate) is_own_key: bool,
    /// The day since which that is known.
    pub(crate) since: String,
    pub(crate) advisories: Vec<String>,
    pub(crate) reason: String,
    /// Where the reason is told, beside the advisories.
    pub(crate) source: Option<String>,
}

impl Compromise {
    /// The reason, and the advisories in brackets.
    pub(crate) fn why(&self) -> String {
        format!("{} ({})", self.reason, self.ids())
    }

    /// The advisories.
    pub(crate) fn ids(&self) -> String {
        self.advisories.join(", ")
    }
}

/// What is compromised, by the key of a certificate.
pub(crate) struct Compromises {
    by_key: HashMap<[u8; 32], Compromise>,
    /// The keys that are public themselves.
    pub(crate) keys: Vec<DistrustedKey>,
}

impl Compromises {
    /// What is compiled in. `key_of` is the digest of a root's key, by its fingerprint.
    pub(crate) fn load(key_of: impl Fn(&[u8; 32]) -> Option<[u8; 32]>) -> Result<Self> {
        let keys = embedded_roots_mozilla::DISTRUSTED_KEYS.as_bytes();
        let keys = parse_distrusted_keys("the list of distrusted keys", keys)?;
        let mut by_key = HashMap::new();
        for root in roots()? {
            let digest = sha256_from_hex(&root.sha256);
            let digest = digest.ok_or_else(|| format!("{}: no SHA-256", root.name))?;
            if let Some(key) = key_of(&digest) {
                by_key.insert(key, root.compromise());
            }
        }
        for key in &keys {
            let compromise = Compromise {
                is_own_key: true,
                since: key.date.clone(),
                advisories: key.advisories.split(',').map(str::to_owned).collect(),
                reason: format!("its private key is public since {}", key.date),
                source: None,
            };
            by_key.insert(key.sha256, compromise);
        }
        Ok(Self { by_key, keys })
    }

    pub(crate) fn of_key(&self, spki_sha256: &[u8; 32]) -> Option<&Compromise> {
        self.by_key.get(spki_sha256)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompromisedRoots {
    root: Vec<CompromisedRoot>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompromisedRoot {
    name: String,
    sha256: String,
    date: String,
    advisories: Vec<String>,
    reason: String,
    source: String,
}

impl CompromisedRoot {
    fn compromise(self) -> Compromise {
        Compromise {
            is_own_key: false,
            since: self.date,
            advisories: self.advisories,
            reason: self.reason,
            source: Some(self.source),
        }
    }
}

fn roots() -> Result<Vec<CompromisedRoot>> {
    let roots: CompromisedRoots = toml::from_str(ROOTS)?;
    Ok(roots.root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::root::short_name;

    #[test]
    fn compromised_roots_are_those_of_the_history() {
        let history = History::load().unwrap();
        let roots = roots().unwrap();
        assert!(!roots.is_empty());
        for root in roots {
            let digest = sha256_from_hex(&root.sha256).unwrap();
            let known = history.of_certificate(&digest).unwrap();
            assert_eq!(short_name(known.certificate.subject()), root.name);
            assert!(root.source.starts_with("https://"), "{}", root.source);
            // Another day or another identifier is a mistake in one of the two.
            let same = |key: &&DistrustedKey| {
                key.date == root.date && key.advisories == root.advisories.join(",")
            };
            assert!(history.distrusted_keys().iter().any(|key| same(&key)));
            let compromise = history.compromise(&known.certificate).unwrap();
            assert_eq!(*compromise, root.compromise());
        }
    }

    #[test]
    fn public_keys_are_compromised() {
        let history = History::load().unwrap();
        assert!(history.distrusted_keys().len() >= 8);
        let compromises = Compromises::load(|_| None).unwrap();
        for key in history.distrusted_keys() {
            let compromise = compromises.of_key(&key.sha256).unwrap();
            assert!(compromise.is_own_key);
            assert_eq!(compromise.advisories.join(","), key.advisories);
            assert!(compromise.why().contains(&key.date));
        }
        assert_eq!(compromises.of_key(&[0; 32]), None);
    }
}
