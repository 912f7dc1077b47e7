//! For what NSS trusts the roots of its built-in module, which also holds roots for e-mail alone.
//!
//! The module is a list of PKCS#11 objects. In C (`libnssckbi.so`), an object is an array of pointers and lengths, and
//! the one with the trust in a certificate refers to it by SHA-1. In Rust (Firefox), one structure has the certificate
//! and the trust. Both are read in ELF files of 64 bits, little-endian, where a pointer is in its place or in a
//! relocation. What is made in another way stays unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

use aho_corasick::AhoCorasick;
use serde::{Serialize, Serializer};
use sha1::{Digest as _, Sha1};

use super::contents::Contents;
use super::elf::Image;

/// What a program that holds NSS's module has.
pub(crate) const NEEDLE: &[u8] = b"NSS Builtin Objects";

/// For what a root is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    pub(crate) servers: bool,
    pub(crate) email: bool,
}

/// An array: `["servers", "email"]`.
impl Serialize for Trust {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let uses = [(self.servers, "servers"), (self.email, "email")];
        serializer.collect_seq(uses.iter().filter(|(is, _)| *is).map(|(_, name)| name))
    }
}

/// By the SHA-256 fingerprints of the certificates, as far as the file says it.
pub(crate) fn trust(
    file: &mut (impl Read + Seek),
    found: &Contents<'_>,
) -> io::Result<BTreeMap<[u8; 32], Trust>> {
    let known = found.roots.iter();
    let known = known.map(|(sha256, root)| (*sha256, &root.root.der));
    let unknown = found.unknown.iter();
    let unknown = unknown.map(|(sha256, root)| (*sha256, &root.root.der));
    let certificates: Vec<_> = known.chain(unknown).collect();
    let mut trust = BTreeMap::new();
    let Some(image) = Image::read(file)? else {
        return Ok(trust);
    };
    // The end of a certificate is its signature, which others do not have.
    let ends = certificates.iter().map(|(_, der)| {
        let end = der.len().saturating_sub(LONGEST_PART);
        (der.get(end..).unwrap_or_default().to_vec(), end as u64)
    });
    let digests = certificates.iter();
    let digests = digests.map(|(_, der)| (Sha1::digest(der).to_vec(), 0));
    let in_rust = (places(file, ends.collect())?, BEHIND_CERTIFICATE);
    let in_c = (places(file, digests.collect())?, BEHIND_SHA1);
    for (places, [servers, email]) in [in_rust, in_c] {
        let mut numbers = BTreeMap::new();
        for (number, place) in places {
            numbers.extend(image.address(place).map(|address| (address, number)));
        }
        let addresses: BTreeSet<u64> = numbers.keys().copied().collect();
        for (pointer, target) in image.pointers(file, &addresses)? {
            let number = numbers.get(&target);
            let certificate = number.and_then(|number| certificates.get(*number));
            let mut value = |item: u64| value(&image, file, pointer.checked_add(item * ITEM)?);
            if let (Some((sha256, _)), Some(servers), Some(email)) =
                (certificate, value(servers), value(email))
            {
                trust.insert(*sha256, Trust { servers, email });
            }
        }
    }
    Ok(trust)
}

/// Whether the item at this address, a pointer and a length, is a trust, and that in a CA.
fn value(image: &Image, file: &mut (impl Read + Seek), item: u64) -> Option<bool> {
    let length = image.word(file, item.checked_add(8)?)?;
    let target = image.pointer(file, item)?;
    let value = image.word(file, target).filter(|_| length == 8)?;
    if CA.contains(&value) {
        return Some(true);
    }
    NO_CA.contains(&value).then_some(false)
}

/// Where each of these parts begins in the file, less what is before it: its number and that place.
fn places(
    file: &mut (impl Read + Seek),
    parts: Vec<(Vec<u8>, u64)>,
) -> io::Result<Vec<(usize, u64)>> {
    let needles = AhoCorasick::new(parts.iter().map(|(part, _)| part));
    let needles = needles.map_err(io::Error::other)?;
    file.rewind()?;
    let mut places = Vec::new();
    for hit in needles.stream_find_iter(file) {
        let hit = hit?;
        let number = hit.pattern().as_usize();
        let before = parts.get(number).map_or(0, |(_, before)| *before);
        places.extend(
            (hit.start() as u64)
                .checked_sub(before)
                .map(|place| (number, place)),
        );
        if places.len() > MOST_PLACES {
            break;
        }
    }
    Ok(places)
}

/// A pointer and a length.
const ITEM: u64 = 16;
/// Which items behind the pointer to a certificate are the trust for servers and for e-mail, in Rust.
const BEHIND_CERTIFICATE: [u64; 2] = [1, 2];
/// Likewise behind that to the SHA-1, in C, after the MD5, the issuer and the serial number.
const BEHIND_SHA1: [u64; 2] = [4, 5];
/// CKT_NSS_TRUSTED_DELEGATOR of NSS, and CKT_TRUST_ANCHOR of PKCS#11 3.2.
const CA: [u64; 2] = [0xce53_4352, 2];
/// CKT_NSS_MUST_VERIFY_TRUST, CKT_NSS_TRUST_UNKNOWN and CKT_NSS_NOT_TRUSTED; CKT_NOT_TRUSTED and
/// CKT_TRUST_MUST_VERIFY_TRUST.
const NO_CA: [u64; 5] = [0xce53_4353, 0xce53_4355, 0xce53_435a, 3, 4];
/// So much of a certificate is searched for.
const LONGEST_PART: usize = 48;
/// A file has each certificate and digest once or twice.
const MOST_PLACES: usize = 10_000;
