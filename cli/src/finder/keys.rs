//! The keys of known roots, and those whose private keys are public, to be looked up where a key begins.

use std::collections::HashMap;

use embedded_roots_bundle::der::{Element, SEQUENCE};
use embedded_roots_bundle::{Annotation, Root};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use super::material::KeyMaterial;
use crate::history::{History, HistoryEntry, newest};
use crate::outcome::Result;

/// The bytes of a `SubjectPublicKeyInfo`'s content by which it is looked up. They lie within the modulus
/// of an RSA key and within the point of an elliptic curve key, so they are as good as random.
const WINDOW: std::ops::Range<usize> = 34..50;

/// The keys that rustls-webpki refuses, as a verifier holds them.
const PUBLIC_KEYS: &[u8] = include_bytes!("../../data/public-keys.pem");

pub(crate) struct KnownKeys<'h> {
    by_window: HashMap<[u8; 16], Vec<KnownKey<'h>>>,
    /// The contents of those whose private keys are public.
    public: HashMap<[u8; 16], Vec<u8>>,
    /// The certificates, by their last bytes, which are of the signature.
    by_end: HashMap<[u8; 16], &'h HistoryEntry>,
    /// Keys without anything around them.
    pub(super) material: KeyMaterial<'h>,
}

/// A key, and where it is in each of its certificates.
struct KnownKey<'h> {
    /// The content of the `SubjectPublicKeyInfo`, as a trust anchor holds it.
    content: Vec<u8>,
    certificates: Vec<(&'h HistoryEntry, usize)>,
}

/// What a key that was found belongs to.
pub(crate) enum Hit<'h> {
    /// The bytes around the key are those of the certificate.
    Certificate(&'h HistoryEntry),
    /// The key is alone.
    Key(&'h HistoryEntry),
    /// Its private key is public. It is no root's.
    Public,
}

impl<'h> KnownKeys<'h> {
    pub(crate) fn new(history: &'h History) -> Result<Self> {
        let mut by_window: HashMap<[u8; 16], Vec<KnownKey<'h>>> = HashMap::new();
        let mut by_end = HashMap::new();
        for known in history.all() {
            let root = Root::new(known.der.clone(), Annotation::default(), 0)?;
            let content = root.trust_anchor().subject_public_key_info.to_vec();
            let place = memchr::memmem::find(&known.der, &content);
            let (Some(window), Some(place)) = (window(&content), place) else {
                return Err(format!("{} has a key of an unknown form", known.certificate).into());
            };
            let end = known.der.last_chunk().ok_or("a certificate is short")?;
            by_end.insert(*end, known);
            let keys = by_window.entry(window).or_default();
            match keys.iter_mut().find(|key| key.content == content) {
                Some(key) => key.certificates.push((known, place)),
                None => keys.push(KnownKey {
                    content,
                    certificates: vec![(known, place)],
                }),
            }
        }
        let mut public = HashMap::new();
        for content in public_keys()? {
            let window = window(&content).ok_or("a public key is short")?;
            public.insert(window, content);
        }
        let keys = by_window.values().flatten();
        let keys = keys.filter_map(|key| {
            let certificates = key.certificates.iter().map(|(known, _)| *known);
            Some((key.content.as_slice(), newest(certificates)?))
        });
        Ok(Self {
            material: KeyMaterial::new(keys),
            by_window,
            public,
            by_end,
        })
    }

    /// The certificate that this is, if it is known.
    pub(crate) fn certificate(&self, der: &[u8]) -> Option<&'h HistoryEntry> {
        let known = self.by_end.get(der.last_chunk()?)?;
        (*known.der == *der).then_some(*known)
    }

    /// What the key belongs to whose content is at this position, and the length of that.
    pub(crate) fn at(&self, data: &[u8], position: usize) -> Option<(Hit<'h>, usize)> {
        let rest = data.get(position..)?;
        let window = window(rest)?;
        let Some(keys) = self.by_window.get(&window) else {
            let content = self.public.get(&window)?;
            return rest
                .starts_with(content)
                .then_some((Hit::Public, content.len()));
        };
        let key = keys.iter().find(|key| rest.starts_with(&key.content))?;
        let exact = key.certificates.iter().find(|(known, place)| {
            let start = position.checked_sub(*place);
            let around = start.and_then(|start| data.get(start..));
            around.is_some_and(|around| around.starts_with(&known.der))
        });
        let hit = exact.map(|(known, _)| Hit::Certificate(known));
        let newest = || newest(key.certificates.iter().map(|(known, _)| *known));
        let hit = hit.or_else(|| newest().map(Hit::Key))?;
        Some((hit, key.content.len()))
    }
}

/// The contents of the keys of which verifiers have a list.
fn public_keys() -> Result<Vec<Vec<u8>>> {
    let keys = SubjectPublicKeyInfoDer::pem_slice_iter(PUBLIC_KEYS);
    let contents = keys.map(|key| {
        let key = key?;
        let content = Element::only(&key, SEQUENCE).ok_or("a public key has another form")?;
        Ok(content.to_vec())
    });
    contents.collect()
}

fn window(content: &[u8]) -> Option<[u8; 16]> {
    content.get(WINDOW)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::{env, fs};

    use embedded_roots_bundle::digest::{hex, sha256};

    use super::*;

    #[test]
    fn public_keys_are_those_of_the_bundle_of_mozilla() {
        let history = History::load().unwrap();
        let digests = public_keys().unwrap().into_iter().map(|content| {
            let length = u8::try_from(content.len()).unwrap();
            hex(&sha256(&[&[0x30, length][..], &content].concat()))
        });
        let listed = history.distrusted_keys().iter();
        let listed: BTreeSet<String> = listed.map(|key| hex(&key.sha256)).collect();
        assert_eq!(digests.collect::<BTreeSet<_>>(), listed);
    }

    #[test]
    fn public_keys_are_those_of_webpki() {
        let folder = source_of("rustls-webpki").join("src/data/distrusted");
        let files = fs::read_dir(folder).unwrap();
        let files: BTreeSet<Vec<u8>> = files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect();
        assert!(files.len() >= 8);
        assert_eq!(files, public_keys().unwrap().into_iter().collect());
    }

    /// The folder of the package that this one is compiled with.
    fn source_of(package: &str) -> PathBuf {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut packages = metadata["packages"].as_array().unwrap().iter();
        let package = packages.find(|other| other["name"] == package).unwrap();
        let manifest = package["manifest_path"].as_str().unwrap();
        Path::new(manifest).parent().unwrap().to_owned()
    }
}
