//! The keys of known roots, to be looked up where a key begins.

use std::collections::HashMap;

use embedded_roots_bundle::{Annotation, Root};

use crate::Result;
use crate::history::{History, Known, newest};

/// The bytes of a `SubjectPublicKeyInfo`'s content by which it is looked up. They lie within the modulus
/// of an RSA key and within the point of an elliptic curve key, so they are as good as random.
const WINDOW: std::ops::Range<usize> = 34..50;

pub(super) struct KnownKeys<'h> {
    by_window: HashMap<[u8; 16], Vec<KnownKey<'h>>>,
}

/// A key, and where it is in each of its certificates.
struct KnownKey<'h> {
    /// The content of the `SubjectPublicKeyInfo`, as a trust anchor holds it.
    content: Vec<u8>,
    certificates: Vec<(&'h Known, usize)>,
}

/// A known root whose key was found.
pub(super) enum Hit<'h> {
    /// The bytes around the key are those of the certificate.
    Certificate(&'h Known),
    /// The key is alone.
    Key(&'h Known),
}

impl<'h> KnownKeys<'h> {
    pub(super) fn new(history: &'h History) -> Result<Self> {
        let mut by_window: HashMap<[u8; 16], Vec<KnownKey<'h>>> = HashMap::new();
        for known in history.all() {
            let root = Root::new(known.der.clone(), Annotation::default(), 0)?;
            let content = root.trust_anchor().subject_public_key_info.to_vec();
            let place = memchr::memmem::find(&known.der, &content);
            let (Some(window), Some(place)) = (window(&content), place) else {
                return Err(format!("{} has a key of an unknown form", known.certificate).into());
            };
            let keys = by_window.entry(window).or_default();
            match keys.iter_mut().find(|key| key.content == content) {
                Some(key) => key.certificates.push((known, place)),
                None => keys.push(KnownKey {
                    content,
                    certificates: vec![(known, place)],
                }),
            }
        }
        Ok(Self { by_window })
    }

    /// The root whose key's content is at this position.
    pub(super) fn at(&self, data: &[u8], position: usize) -> Option<Hit<'h>> {
        let rest = data.get(position..)?;
        let keys = self.by_window.get(&window(rest)?)?;
        let key = keys.iter().find(|key| rest.starts_with(&key.content))?;
        let exact = key.certificates.iter().find(|(known, place)| {
            let start = position.checked_sub(*place);
            let around = start.and_then(|start| data.get(start..));
            around.is_some_and(|around| around.starts_with(&known.der))
        });
        let hit = exact.map(|(known, _)| Hit::Certificate(known));
        hit.or_else(|| newest(key.certificates.iter().map(|(known, _)| *known)).map(Hit::Key))
    }
}

fn window(content: &[u8]) -> Option<[u8; 16]> {
    content.get(WINDOW)?.try_into().ok()
}
