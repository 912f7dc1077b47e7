//! Anchors of private roots, which this project's build marks.

use embedded_roots_bundle::DistinguishedName;
use embedded_roots_bundle::der::{BIT_STRING, Element, SEQUENCE, SET, encode};
use embedded_roots_bundle::digest::{hex, sha256};
use serde::Serialize;

use crate::root::shortest;

/// An anchor without a certificate: the contents of its subject and of its `SubjectPublicKeyInfo`, DER.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MarkedAnchor {
    pub(crate) subject: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

impl MarkedAnchor {
    pub(crate) fn identity(&self) -> (&[u8], &[u8]) {
        (&self.subject, &self.key)
    }
}

/// A private root of a program, of which that has the name and the key alone.
#[derive(Serialize)]
pub(crate) struct PrivateAnchor {
    #[serde(skip)]
    pub(crate) short_name: String,
    pub(crate) subject: String,
    pub(crate) spki_sha256: String,
}

impl From<&MarkedAnchor> for PrivateAnchor {
    fn from(anchor: &MarkedAnchor) -> Self {
        let name = || DistinguishedName::new(&anchor.subject);
        Self {
            short_name: shortest(name()),
            subject: name().to_string(),
            spki_sha256: hex(&sha256(&encode(SEQUENCE, &anchor.key))),
        }
    }
}

/// The anchor whose mark ends where this begins, as `marked_anchors_of` of embedded-roots-bundle writes it.
pub(crate) fn anchor(after_mark: &[u8]) -> Option<MarkedAnchor> {
    let (of_subject, rest) = after_mark.split_first_chunk()?;
    let (of_key, rest) = rest.split_first_chunk()?;
    let length = |bytes: &[u8; 2]| usize::from(u16::from_be_bytes(*bytes));
    let (subject, rest) = rest.split_at_checked(length(of_subject))?;
    let key = rest.get(..length(of_key))?;
    let is_anchor = is_row_of(subject, &[], SET) && is_row_of(key, &[SEQUENCE], BIT_STRING);
    is_anchor.then(|| MarkedAnchor {
        subject: subject.to_vec(),
        key: key.to_vec(),
    })
}

/// Whether these are elements with these tags, and then one or more with the last tag.
fn is_row_of(mut content: &[u8], first: &[u8], last: u8) -> bool {
    let mut first = first.iter();
    let mut count = 0;
    while !content.is_empty() {
        let tag = first.next().copied().unwrap_or(last);
        let Some((_, rest)) = Element::expect(content, tag) else {
            return false;
        };
        content = rest;
        count += 1;
    }
    count > 0 && first.next().is_none()
}
