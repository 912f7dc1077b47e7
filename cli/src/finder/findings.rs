//! What a scan has found.

use std::fmt;

use super::contents::Contents;
use super::layers::Layers;
use super::location::Location;
use super::store;
use crate::input::opened::Password;

/// What was found, where.
pub(crate) struct Place<'h> {
    pub(crate) location: Location,
    pub(crate) key_store: Option<KeyStore>,
    /// What opened a PKCS#12 that is encrypted.
    pub(crate) password: Option<Password>,
    pub(crate) found: Contents<'h>,
}

/// A Java key store. Certificates are not encrypted in them, except in PKCS#12 with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum KeyStore {
    #[serde(rename = "JKS")]
    Jks,
    #[serde(rename = "JCEKS")]
    Jceks,
    #[serde(rename = "PKCS#12")]
    Pkcs12,
}

/// A place that could not be read, or not to its end.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Failure {
    #[serde(flatten)]
    pub(crate) location: Location,
    pub(crate) error: String,
}

/// A place that was recognised, and was not looked into.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Unread {
    #[serde(flatten)]
    pub(crate) location: Location,
    /// What it is.
    pub(crate) form: String,
}

/// On one line, and not escaped.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location.shown, self.error)
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.location.shown, self.form)
    }
}

/// What a scan has found.
#[derive(Default)]
pub(crate) struct Findings<'h> {
    /// The places with roots or compromised certificates.
    pub(crate) places: Vec<Place<'h>>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) unread: Vec<Unread>,
    /// How many places were searched, with and without roots.
    pub(crate) searched: u64,
    pub(crate) bytes: u64,
    pub(crate) layers: Layers,
    /// About the cache, which make no difference in what is found.
    pub(crate) warnings: Vec<String>,
}

impl Findings<'_> {
    /// Adds what was found behind it.
    pub(crate) fn add(&mut self, next: Self) {
        let Self {
            places,
            failures,
            unread,
            searched,
            bytes,
            layers,
            warnings,
        } = next;
        self.places.extend(places);
        self.failures.extend(failures);
        self.unread.extend(unread);
        self.searched += searched;
        self.bytes += bytes;
        self.layers.add(layers);
        self.warnings.extend(warnings);
    }
}

impl KeyStore {
    pub(super) fn from_head(head: &[u8]) -> Option<Self> {
        match head {
            [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] => Some(Self::Jks),
            [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..] => Some(Self::Jceks),
            _ if store::is_pkcs12(head) => Some(Self::Pkcs12),
            _ => None,
        }
    }
}
