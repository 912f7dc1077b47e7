//! Every entry of the list is found, and its neighbours are not.

use std::cell::Cell;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::{MAX_REVOCATION_TABLES, PrivateKeys, parse, parse_day};
use rustls_pki_types::UnixTime;

use crate::bundle::onecrl::enabled::TABLE;
use crate::bundle::onecrl::table::Identity;
use crate::bundle::onecrl::{as_of, revokes};

/// The lines of the text with these words: a name, the content of its SEQUENCE, and an entry below
/// it. Read without the reader under test.
fn entries(name_word: &str, entry_word: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut entries = Vec::new();
    let mut name = Vec::new();
    for line in embedded_roots_onecrl::REVOCATIONS.lines() {
        match line.split_once(' ') {
            Some((word, base64)) if word == name_word => {
                let der = STANDARD.decode(base64).unwrap();
                // The length has one byte, or one more that says how many follow.
                let start = if der[1] < 0x80 {
                    2
                } else {
                    2 + usize::from(der[1] & 0x7f)
                };
                name = der[start..].to_vec();
            }
            Some((word, hex)) if word == entry_word => {
                let pairs = hex.as_bytes().chunks(2);
                let bytes = pairs.map(|pair| {
                    u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()
                });
                entries.push((name.clone(), bytes.collect()));
            }
            _ => {}
        }
    }
    entries
}

fn by_serial<'a>(issuer: &'a [u8], serial_number: &'a [u8]) -> Identity<'a> {
    Identity {
        issuer,
        serial_number,
        subject: b"",
        subject_public_key_info: b"",
    }
}

fn by_key<'a>(subject: &'a [u8], subject_public_key_info: &'a [u8]) -> Identity<'a> {
    Identity {
        issuer: b"",
        serial_number: b"",
        subject,
        subject_public_key_info,
    }
}

/// The bytes as a number, plus or minus one.
fn neighbours(serial_number: &[u8]) -> [Vec<u8>; 2] {
    let (mut next, mut previous) = (serial_number.to_vec(), serial_number.to_vec());
    for byte in next.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    for byte in previous.iter_mut().rev() {
        *byte = byte.wrapping_sub(1);
        if *byte != 0xff {
            break;
        }
    }
    [next, previous]
}

/// An element of DER with less than 64 KiB.
fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, short] if short < 0x80 => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [header, value.to_vec()].concat()
}

/// A certificate with these fields, and with nothing in the others.
fn certificate(issuer: &[u8], serial_number: &[u8], subject: &[u8], key: &[u8]) -> Vec<u8> {
    let fields = [
        element(0xa0, &[0x02, 1, 2]),
        element(0x02, serial_number),
        element(0x30, &[]),
        element(0x30, issuer),
        element(0x30, &[]),
        element(0x30, subject),
        key.to_vec(),
    ];
    element(0x30, &element(0x30, &fields.concat()))
}

#[test]
fn serial_numbers_are_found_and_their_neighbours_are_not() {
    let entries = entries("issuer", "serial");
    assert!(entries.len() > 1900, "{}", entries.len());
    for (issuer, serial) in &entries {
        assert!(TABLE.revokes(&by_serial(issuer, serial), sha256));
        let longer = [serial.as_slice(), &[0]].concat();
        let shorter = &serial[..serial.len() - 1];
        let padded = [&[0], serial.as_slice()].concat();
        let others = neighbours(serial);
        let others = others.iter().map(Vec::as_slice);
        for other in others.chain([shorter, &longer, &padded]) {
            let is_entry = entries
                .iter()
                .any(|(name, serial)| name == issuer && serial == other);
            let found = TABLE.revokes(&by_serial(issuer, other), sha256);
            assert_eq!(found, is_entry, "{other:02x?}");
        }
        let mut other = issuer.clone();
        *other.last_mut().unwrap() ^= 1;
        assert!(!TABLE.revokes(&by_serial(&other, serial), sha256));
        let whole = element(0x30, issuer);
        assert!(!TABLE.revokes(&by_serial(&whole, serial), sha256));
    }
}

#[test]
fn serial_numbers_of_another_issuer_in_the_list_are_not_found() {
    let entries = entries("issuer", "serial");
    let mut pairs = entries.windows(2).filter(|pair| pair[0].0 != pair[1].0);
    let count = pairs
        .by_ref()
        .filter(|pair| {
            let (issuer, serial) = (&pair[0].0, &pair[1].1);
            let is_entry = entries.contains(&(issuer.clone(), serial.clone()));
            assert_eq!(TABLE.revokes(&by_serial(issuer, serial), sha256), is_entry);
            !is_entry
        })
        .count();
    assert!(count > 300, "{count}");
}

/// The keys themselves are not in the list, so their digests stand for them.
#[test]
fn subject_and_key_must_both_match() {
    let entries = entries("subject", "key");
    assert!(entries.len() >= 9, "{}", entries.len());
    for (subject, key) in &entries {
        let digest = |_: &[u8]| <[u8; 32]>::try_from(key.as_slice()).unwrap();
        assert!(TABLE.revokes(&by_key(subject, b""), digest));
        assert!(!TABLE.revokes(&by_key(subject, b"another key"), sha256));
        assert!(!TABLE.revokes(&by_key(&subject[1..], b""), digest));
        assert!(!TABLE.revokes(&by_key(&element(0x30, subject), b""), digest));
    }
}

#[test]
fn certificates_are_found_by_their_fields() {
    let key = element(0x30, b"key");
    for (issuer, serial) in entries("issuer", "serial") {
        assert!(revokes(&certificate(&issuer, &serial, b"", &key), sha256));
        // The subject is not the issuer.
        assert!(!revokes(&certificate(b"", &serial, &issuer, &key), sha256));
    }
    // Not in the list, so only the key is hashed.
    let serial = [0x7f; 30];
    for (subject, digest) in entries("subject", "key") {
        let digest = |bytes: &[u8]| {
            assert_eq!(bytes, key, "the whole SEQUENCE");
            <[u8; 32]>::try_from(digest.as_slice()).unwrap()
        };
        assert!(revokes(&certificate(b"", &serial, &subject, &key), digest));
        // The issuer is not the subject.
        assert!(!revokes(&certificate(&subject, &serial, b"", &key), sha256));
    }
    assert!(!revokes(b"", sha256));
}

#[test]
fn hashes_are_computed_only_for_what_may_be_in_the_list() {
    let count = Cell::new(0);
    let counted = |bytes: &[u8]| {
        count.set(count.get() + 1);
        sha256(bytes)
    };
    let mut serials = entries("issuer", "serial");
    let (issuer, serial) = serials.swap_remove(0);
    let other = neighbours(&serial)[0].clone();
    assert!(!TABLE.revokes(&by_serial(&issuer, &other), counted));
    assert_eq!(count.get(), 0);
    assert!(!TABLE.revokes(&by_serial(b"another issuer", &serial), counted));
    assert_eq!(count.get(), 1);
    let (subject, _) = entries("subject", "key").swap_remove(0);
    assert!(!TABLE.revokes(&by_key(&subject, b"another key"), counted));
    assert_eq!(count.get(), 2);
}

/// Firefox asks about roots as well; here nobody has to, as long as none is in the list.
#[test]
fn no_root_of_mozilla_is_revoked() {
    let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
    let roots = parse("mozilla", pem, PrivateKeys::Refuse).unwrap();
    assert!(roots.len() > 100);
    for root in roots {
        let certificate = root.certificate();
        assert!(Identity::from_certificate(certificate).is_some());
        assert!(!revokes(certificate, sha256), "{root:?}");
    }
}

#[test]
fn tables_are_small() {
    let size = TABLE.size();
    assert!(size <= MAX_REVOCATION_TABLES, "{size}");
    // It counts the list.
    assert!(size > 40_000, "{size}");
}

#[test]
fn date_is_that_of_the_data() {
    let day = parse_day(embedded_roots_onecrl::DATE).unwrap();
    assert_eq!(as_of(), Some(day));
    assert!(day > UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000)));
    let text = embedded_roots_onecrl::REVOCATIONS.lines();
    let mut dates = text.filter_map(|line| line.strip_prefix("# As of: "));
    let date = dates.next().unwrap().replace('-', "");
    assert_eq!(date, embedded_roots_onecrl::DATE);
}
