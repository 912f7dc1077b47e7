//! Keys whose private keys are public, and roots that lead to them.

use std::collections::HashMap;

use embedded_roots_bundle::digest::sha256_from_hex;
use embedded_roots_bundle::{DistrustedKey, parse_distrusted_keys};
use serde::{Deserialize, Serialize};

use crate::outcome::Result;

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

    /// As a remark about a root in a table.
    pub(crate) fn remark(&self) -> String {
        format!("compromised: {}", self.ids())
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
        for root in CompromisedRoot::all()? {
            if let Some(key) = key_of(&root.sha256()?) {
                by_key.insert(key, root.into_compromise());
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

/// A root that leads to a key whose private key is public.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompromisedRoot {
    /// Its common name.
    pub(crate) name: String,
    /// Its fingerprint, in hexadecimal digits.
    sha256: String,
    date: String,
    advisories: Vec<String>,
    reason: String,
    source: String,
}

impl CompromisedRoot {
    pub(crate) fn all() -> Result<Vec<Self>> {
        let roots: CompromisedRoots = toml::from_str(ROOTS)?;
        Ok(roots.root)
    }

    pub(crate) fn sha256(&self) -> Result<[u8; 32]> {
        let sha256 = sha256_from_hex(&self.sha256);
        Ok(sha256.ok_or_else(|| format!("{}: no SHA-256", self.name))?)
    }

    pub(crate) fn into_compromise(self) -> Compromise {
        Compromise {
            is_own_key: false,
            since: self.date,
            advisories: self.advisories,
            reason: self.reason,
            source: Some(self.source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_are_compromised() {
        let compromises = Compromises::load(|_| None).unwrap();
        assert!(compromises.keys.len() >= 8);
        for key in &compromises.keys {
            let compromise = compromises.of_key(&key.sha256).unwrap();
            assert!(compromise.is_own_key);
            assert_eq!(compromise.advisories.join(","), key.advisories);
            assert!(compromise.why().contains(&key.date));
        }
        assert_eq!(compromises.of_key(&[0; 32]), None);
    }
}
