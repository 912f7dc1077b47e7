//! DER (X.690), as much of it as certificates need.

use embedded_roots_bundle::der::{
    BIT_STRING, INTEGER, OID, SEQUENCE, UTC_TIME, context_constructed, encode,
};
use embedded_roots_bundle::rfc3339;
use rustls_pki_types::UnixTime;

/// The encoding of these elements as one SEQUENCE.
pub(crate) fn sequence(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    encode(SEQUENCE, &joined(parts))
}

/// An explicit or a constructed element `[number]`.
pub(crate) fn constructed(number: u8, parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    encode(context_constructed(number), &joined(parts))
}

/// A primitive element `[number]`.
pub(crate) fn primitive(number: u8, content: &[u8]) -> Vec<u8> {
    encode(0x80 | number, content)
}

pub(crate) fn set(part: Vec<u8>) -> Vec<u8> {
    encode(SET, &joined([part]))
}

/// An INTEGER of these octets, which need not be the shortest or positive.
pub(crate) fn integer(octets: &[u8]) -> Vec<u8> {
    encode(INTEGER, octets)
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    encode(BOOLEAN, &[if value { 0xff } else { 0 }])
}

pub(crate) fn octet_string(content: &[u8]) -> Vec<u8> {
    encode(OCTET_STRING, content)
}

/// A BIT STRING of whole octets.
pub(crate) fn bit_string(content: &[u8]) -> Vec<u8> {
    encode(BIT_STRING, &[&[0], content].concat())
}

/// A BIT STRING of named bits, of which the first is the highest: without zeros at its end.
pub(crate) fn named_bits(bits: u8) -> Vec<u8> {
    let unused = u8::try_from(bits.trailing_zeros()).unwrap();
    encode(BIT_STRING, &[unused, bits])
}

pub(crate) fn null() -> Vec<u8> {
    encode(NULL, &[])
}

/// An OBJECT IDENTIFIER, from its numbers with dots between.
pub(crate) fn oid(numbers: &str) -> Vec<u8> {
    let mut numbers = numbers.split('.').map(str::parse::<u64>);
    let mut next = || numbers.next().map(Result::unwrap);
    let (first, second) = (next().unwrap(), next().unwrap());
    let mut content = Vec::new();
    let mut number = Some(first * 40 + second);
    while let Some(value) = number {
        // Seven bits in each octet, and the highest bit in all but the last.
        let mut octets = vec![u8::try_from(value & 0x7f).unwrap()];
        let mut rest = value >> 7;
        while rest > 0 {
            octets.push(0x80 | u8::try_from(rest & 0x7f).unwrap());
            rest >>= 7;
        }
        content.extend(octets.iter().rev());
        number = next();
    }
    encode(OID, &content)
}

/// A time as RFC 5280, section 4.1.2.5, has it: with two digits of the year before 2050, and four from then on.
pub(crate) fn time(time: UnixTime) -> Vec<u8> {
    let digits: String = rfc3339(time).chars().filter(char::is_ascii_digit).collect();
    if digits.as_str() < "2050" {
        encode(UTC_TIME, format!("{}Z", &digits[2..]).as_bytes())
    } else {
        encode(GENERALIZED_TIME, format!("{digits}Z").as_bytes())
    }
}

fn joined(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flatten().collect()
}

const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn numbers_of_an_oid_have_seven_bits_an_octet() {
        assert_eq!(
            oid("1.2.840.113549.1.1.11"),
            b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
        );
        assert_eq!(oid("2.5.29.15"), b"\x06\x03\x55\x1d\x0f");
    }

    #[test]
    fn times_have_four_digits_of_the_year_from_2050_on() {
        let at = |seconds| time(UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        assert_eq!(at(2_524_607_999), b"\x17\x0d491231235959Z");
        assert_eq!(at(2_524_608_000), b"\x18\x0f20500101000000Z");
    }

    #[test]
    fn named_bits_end_with_a_one() {
        assert_eq!(named_bits(0b0000_0110), b"\x03\x02\x01\x06");
    }
}
