use embedded_roots_bundle::certificate_to_pem;
use embedded_roots_bundle::der::{
    INTEGER, OCTET_STRING, OID, SEQUENCE, SET, context_constructed, encode,
};
use embedded_roots_testing::authority::root;
use embedded_roots_testing::random;

use super::*;
use crate::input::stored::MOST_CERTIFICATES;

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    encode(SEQUENCE, &parts.concat())
}

fn explicit(content: &[u8]) -> Vec<u8> {
    encode(context_constructed(0), content)
}

/// An object identifier of RSA's arc for PKCS: 1.2.840.113549.1.
fn pkcs(rest: &[u8]) -> Vec<u8> {
    encode(
        OID,
        &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1], rest].concat(),
    )
}

fn pkcs7(certificate: &[u8]) -> Vec<u8> {
    let version = encode(INTEGER, &[1]);
    let data = sequence(&[&pkcs(&[7, 1])]);
    let signed = [
        &version,
        &[SET, 0][..],
        &data,
        &explicit(certificate),
        &[SET, 0],
    ];
    sequence(&[&pkcs(&[7, 2]), &explicit(&sequence(&signed))])
}

/// With one certificate in the clear, one in a bag in a bag, and contents that say that they are encrypted.
fn pkcs12(certificate: &[u8]) -> Vec<u8> {
    let octets = |content: &[u8]| encode(OCTET_STRING, content);
    let data = |content: &[u8]| sequence(&[&pkcs(&[7, 1]), &explicit(&octets(content))]);
    let certificate = sequence(&[&pkcs(&[9, 22, 1]), &explicit(&octets(certificate))]);
    let bag = sequence(&[&pkcs(&[12, 10, 1, 3]), &explicit(&certificate)]);
    let nested = sequence(&[&pkcs(&[12, 10, 1, 6]), &explicit(&sequence(&[&bag]))]);
    let derivation = sequence(&[&octets(b"saltsalt"), &encode(INTEGER, &[2])]);
    let derivation = sequence(&[&pkcs(&[5, 12]), &derivation]);
    let aes = encode(OID, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]);
    let cipher = sequence(&[&aes, &octets(&[7; 16])]);
    let method = sequence(&[&pkcs(&[5, 13]), &sequence(&[&derivation, &cipher])]);
    let text = encode(0x80, &[7; 32]);
    let content = sequence(&[&pkcs(&[7, 1]), &method, &text]);
    let encrypted = sequence(&[&encode(INTEGER, &[0]), &content]);
    let encrypted = sequence(&[&pkcs(&[7, 6]), &explicit(&encrypted)]);
    let safe = sequence(&[&data(&sequence(&[&bag, &nested])), &encrypted]);
    sequence(&[&encode(INTEGER, &[3]), &data(&safe)])
}

fn jks(certificate: &[u8]) -> Vec<u8> {
    let length = u32::try_from(certificate.len()).unwrap().to_be_bytes();
    let head = b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\x01a\0\0\0\0\0\0\0\0\0\x05X.509";
    [&head[..], &length, certificate, &[0; 20]].concat()
}

#[test]
fn seeds_are_what_they_should_be() {
    let certificate = root("A root").der().to_vec();
    let pem = certificate_to_pem(&certificate).into_bytes();
    assert_eq!(as_pem(pkcs7(&certificate), None).unwrap().1, pem);
    assert_eq!(as_pem(jks(&certificate), None).unwrap().1, pem);
    // Both certificates are read before what is encrypted.
    let error = as_pem(pkcs12(&certificate), Some("a")).unwrap_err();
    assert!(error.contains("the password is not that"), "{error}");
}

/// Whatever the bytes are, reading ends, without a panic, and gives no more than there was.
#[test]
fn mutated_input_is_read_or_refused() {
    let certificate = root("A root").der().to_vec();
    let mut number = random::numbers();
    let (mut read, mut refused) = (0, 0);
    for seed in [pkcs7(&certificate), pkcs12(&certificate), jks(&certificate)] {
        for _ in 0..4_000 {
            let mut input = seed.clone();
            for _ in 0..=number(3) {
                let place = number(input.len());
                match number(4) {
                    0 => input[place] = [0, 1, 0x7f, 0x80, 0x84, 0xff][number(6)],
                    1 => input[place] ^= 1 << number(8),
                    2 if input.len() > 1 => drop(input.remove(place)),
                    _ => input.truncate(place.max(1)),
                }
            }
            let length = input.len();
            match as_pem(input, Some("a")) {
                Ok((_, pem)) => {
                    read += 1;
                    assert!(pem.len() <= 2 * length + 200);
                }
                Err(why) => {
                    refused += 1;
                    assert!(!why.is_empty() && why.len() < 200, "{why}");
                }
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read}, {refused}");
}

/// Each would take more than fifty times its length.
#[test]
fn the_number_of_certificates_is_bounded() {
    let tiny = sequence(&[&sequence(&[&[0xa0, 0, 2, 0]])]);
    for (count, fits) in [(MOST_CERTIFICATES, true), (MOST_CERTIFICATES + 1, false)] {
        let many = tiny.repeat(count);
        for input in [many.clone(), pkcs7(&many)] {
            let error = as_pem(input, None).err();
            assert_eq!(error.is_none(), fits, "{error:?}");
        }
    }
}

/// Elements in elements are not followed for ever, by a call each.
#[test]
fn depth_is_bounded() {
    for nested in [&[SEQUENCE, 0x80][..], &[0x24, 0x80]] {
        let deep = nested.repeat(1_000_000);
        assert_eq!(ber::to_der(&deep), None);
        let whole = [deep, vec![0; 2_000_000]].concat();
        assert_eq!(ber::to_der(&whole), None);
    }
    let mut certificates = Vec::new();
    for _ in 0..10_000 {
        certificates = encode(SEQUENCE, &certificates);
    }
    assert_eq!(ber::to_der(&certificates), None);
}
