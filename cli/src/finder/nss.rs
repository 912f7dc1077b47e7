//! For what NSS trusts the roots of its built-in module, which also holds roots for e-mail alone.
//!
//! The module is a list of PKCS#11 objects. In C (`libnssckbi.so`), an object is an array of pointers and lengths, and
//! the one with the trust in a certificate refers to it by SHA-1. In Rust (Firefox), one structure has the certificate
//! and the trust. Both are read in ELF files of 64 bits, little-endian, where a pointer is in its place or in a
//! relocation. What is made in another way stays unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

use aho_corasick::AhoCorasick;
use memchr::memmem;
use sha1::{Digest as _, Sha1};

use super::contents::{Contents, Form, Trust};
use super::elf::Image;

/// Whether a file has as many certificates as NSS's module has.
pub(crate) fn may_be_module(found: &Contents<'_>) -> bool {
    let roots = found.roots.values();
    let certificates = roots.filter(|root| root.forms.contains(&Form::Der));
    certificates.count() >= FEWEST
}

/// By the SHA-256 fingerprints of the certificates, as far as the file says it; none if it has no such module.
pub(crate) fn trust(
    file: &mut (impl Read + Seek),
    found: &Contents<'_>,
) -> io::Result<Option<BTreeMap<[u8; 32], Trust>>> {
    let known = found.roots.iter();
    let known = known.map(|(sha256, root)| (*sha256, &root.root.der));
    let unknown = found.unknown.iter();
    let unknown = unknown.map(|(sha256, root)| (*sha256, &root.root.der));
    let certificates: Vec<_> = known.chain(unknown).collect();
    let mut trust = BTreeMap::new();
    let Some(image) = Image::read(file)? else {
        return Ok(None);
    };
    if !has_name(file)? {
        return Ok(None);
    }
    // The end of a certificate is its signature, which others do not have.
    let ends = certificates.iter().map(|(_, der)| {
        let end = der.len().saturating_sub(LONGEST_PART);
        (der.get(end..).unwrap_or_default().to_vec(), end as u64)
    });
    let digests = certificates.iter();
    let digests = digests.map(|(_, der)| (Sha1::digest(der).to_vec(), 0));
    let in_rust = (places(file, &ends.collect::<Vec<_>>())?, BEHIND_CERTIFICATE);
    let in_c = (places(file, &digests.collect::<Vec<_>>())?, BEHIND_SHA1);
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
    Ok(Some(trust))
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

/// Whether the name of the module is anywhere in the file, which most programs with certificates do not have.
fn has_name(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let name = memmem::Finder::new(NAME);
    file.rewind()?;
    let mut part = Vec::new();
    loop {
        // The end of the part before may have the beginning of the name.
        let kept = part.len().min(NAME.len() - 1);
        part.drain(..part.len() - kept);
        let read = file.take(PART).read_to_end(&mut part)?;
        if name.find(&part).is_some() || read == 0 {
            return Ok(read > 0);
        }
    }
}

/// Where each of these parts begins in the file, less what is before it: its number and that place.
fn places(
    file: &mut (impl Read + Seek),
    parts: &[(Vec<u8>, u64)],
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

/// The name of the module's token.
const NAME: &[u8] = b"NSS Builtin Objects";
/// How much is searched for it at once.
const PART: u64 = 256 * 1024;
/// Fewer certificates are no list.
const FEWEST: usize = 20;
/// A pointer and a length.
const ITEM: u64 = 16;
/// Which items behind the pointer to a certificate are the trust for servers and for e-mail, in Rust.
const BEHIND_CERTIFICATE: [u64; 2] = [1, 2];
/// Likewise behind that to the SHA-1, in C, after the MD5, the issuer and the serial number.
const BEHIND_SHA1: [u64; 2] = [4, 5];
/// `CKT_NSS_TRUSTED_DELEGATOR` of NSS, and `CKT_TRUST_ANCHOR` of PKCS#11 3.2.
const CA: [u64; 2] = [0xce53_4352, 2];
/// `CKT_NSS_MUST_VERIFY_TRUST`, `CKT_NSS_TRUST_UNKNOWN` and `CKT_NSS_NOT_TRUSTED`; `CKT_NOT_TRUSTED` and
/// `CKT_TRUST_MUST_VERIFY_TRUST`.
const NO_CA: [u64; 5] = [0xce53_4353, 0xce53_4355, 0xce53_435a, 3, 4];
/// So much of a certificate is searched for.
const LONGEST_PART: usize = 48;
/// A file has each certificate and digest once or twice.
const MOST_PLACES: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::finder::limits::Counter;
    use crate::finder::search::Search;
    use crate::history::History;

    /// Where the file is in memory.
    const BASE: u64 = 0x10_0000;

    /// A library with one segment, in which these parts are, and then these words, with relocations for some of them.
    fn library(
        parts: &[&[u8]],
        words: impl Fn(&[u64]) -> Vec<u64>,
        relocated: &[usize],
    ) -> Vec<u8> {
        let mut file = vec![0; 64 + 2 * 56];
        let mut addresses = Vec::new();
        for part in parts {
            addresses.push(BASE + file.len() as u64);
            file.extend_from_slice(part);
        }
        file.extend(NAME);
        file.resize(file.len().next_multiple_of(16), 0);
        let begin = file.len();
        let mut words = words(&addresses);
        let mut table = Vec::new();
        for &number in relocated {
            let place = BASE + (begin + 8 * number) as u64;
            table.extend([place, 8, std::mem::take(&mut words[number])]);
        }
        file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        let table_at = file.len() as u64;
        file.extend(table.iter().flat_map(|word| word.to_le_bytes()));
        let dynamic_at = file.len() as u64;
        let dynamic = [7, BASE + table_at, 8, 8 * table.len() as u64, 0, 0];
        file.extend(dynamic.iter().flat_map(|word: &u64| word.to_le_bytes()));
        let size = file.len() as u64;
        let mut set = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        set(0, b"\x7fELF\x02\x01");
        set(32, &64_u64.to_le_bytes());
        set(56, &2_u16.to_le_bytes());
        for (at, kind, place, size) in [(64, 1_u32, 0, size), (120, 2, dynamic_at, 48)] {
            set(at, &kind.to_le_bytes());
            set(at + 4, &6_u32.to_le_bytes());
            set(at + 8, &u64::to_le_bytes(place));
            set(at + 16, &(BASE + place).to_le_bytes());
            set(at + 32, &u64::to_le_bytes(size));
        }
        file
    }

    fn trust_of(history: &History, file: &[u8]) -> Vec<Trust> {
        let mut search = Search::new(history, &()).unwrap();
        let (found, result) = search.read(&mut &*file, &Counter::new(u64::MAX));
        result.unwrap();
        let trust = trust(&mut Cursor::new(file), &found).unwrap();
        trust.unwrap().into_values().collect()
    }

    #[test]
    fn the_name_is_found_wherever_it_is() {
        for before in [0, 1, PART - 10, PART - 1, PART, 2 * PART + 5] {
            let mut file = vec![b'N'; usize::try_from(before).unwrap()];
            assert!(!has_name(&mut Cursor::new(&file)).unwrap());
            file.extend(NAME);
            assert!(has_name(&mut Cursor::new(&file)).unwrap(), "{before}");
            file.pop();
            assert!(!has_name(&mut Cursor::new(&file)).unwrap(), "{before}");
        }
    }

    fn words_of_rust(at: &[u64]) -> Vec<u64> {
        let length = 8;
        vec![at[0], 1, at[1], length, at[2], length]
    }

    fn words_of_c(at: &[u64]) -> Vec<u64> {
        vec![at[3], 20, at[4], 16, at[4], 9, at[4], 3, at[1], 8, at[2], 8]
    }

    #[test]
    fn trust_is_read_as_it_is_compiled() {
        let history = History::load().unwrap();
        let der = &history.all()[7].der;
        let sha1 = Sha1::digest(der);
        for (server, email, expected) in [
            (0xce53_4352_u64, 0xce53_4353_u64, (true, false)),
            (0xce53_4353, 0xce53_4352, (false, true)),
            (4, 2, (false, true)),
            (2, 3, (true, false)),
        ] {
            let (server, email) = (server.to_le_bytes(), email.to_le_bytes());
            let parts: [&[u8]; 5] = [der, &server, &email, &sha1, &[1; 16]];
            let expected = Trust {
                servers: expected.0,
                email: expected.1,
            };
            for relocated in [&[][..], &[0, 2, 4]] {
                let file = library(&parts, words_of_rust, relocated);
                assert_eq!(trust_of(&history, &file), [expected], "{relocated:?}");
            }
            for relocated in [&[][..], &[0, 2, 4, 6, 8, 10]] {
                let file = library(&parts, words_of_c, relocated);
                assert_eq!(trust_of(&history, &file), [expected], "{relocated:?}");
            }
        }
    }

    #[test]
    fn invalid_trust_object_is_unknown() {
        let history = History::load().unwrap();
        let der = &history.all()[7].der;
        let other = 5_u64.to_le_bytes();
        let parts: [&[u8]; 5] = [der, &other, &other, &[2; 20], &[1; 16]];
        let file = library(&parts, words_of_rust, &[]);
        assert_eq!(trust_of(&history, &file), []);
        // Cut off, or with any of its bytes changed.
        let parts: [&[u8]; 5] = [
            der,
            &[2, 0, 0, 0, 0, 0, 0, 0],
            &[4, 0, 0, 0, 0, 0, 0, 0],
            &[2; 20],
            &[1; 16],
        ];
        let file = library(&parts, words_of_rust, &[2]);
        let certificates = trust_of(&history, &file);
        assert_eq!(certificates.len(), 1);
        let mut search = Search::new(&history, &()).unwrap();
        let (found, _) = search.read(&mut &*file, &Counter::new(u64::MAX));
        for length in 0..file.len() {
            trust(&mut Cursor::new(&file[..length]), &found).unwrap();
        }
        for at in (0..176).chain(file.len() - 160..file.len()) {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut changed = file.clone();
                changed[at] = byte;
                trust(&mut Cursor::new(&changed), &found).unwrap();
            }
        }
    }
}
