//! Just enough DER (X.690) to read certificates: minimal lengths, one-byte tags.

pub(crate) const BOOLEAN: u8 = 0x01;
/// The tag of an INTEGER.
pub const INTEGER: u8 = 0x02;
/// The tag of a BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// The tag of an OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// The tag of an OBJECT IDENTIFIER.
pub const OID: u8 = 0x06;
/// The tag of a `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// The tag of a SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// The tag of a SET.
pub const SET: u8 = 0x31;

/// The constructed context-specific tag `[number]`.
#[must_use]
pub const fn context_constructed(number: u8) -> u8 {
    0xa0 | number
}

/// The primitive context-specific tag `[number]`.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The elements of `content`. The iterator yields `None` for a malformed element, and then ends.
pub fn elements(content: &[u8]) -> impl Iterator<Item = Option<Element<'_>>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let read = Element::read(rest);
        rest = read.map_or(&[], |(_, after)| after);
        Some(read.map(|(element, _)| element))
    })
}

/// The `BOOLEAN DEFAULT FALSE` that `input` may begin with, and what comes after it.
///
/// An explicit FALSE is accepted: DER omits a default value (X.690, section 11.5), but certificates
/// that have it are common and not ambiguous. TRUE must be 0xff (section 11.1).
pub(crate) fn boolean_or_false(input: &[u8]) -> Option<(bool, &[u8])> {
    if input.first() != Some(&BOOLEAN) {
        return Some((false, input));
    }
    match Element::expect(input, BOOLEAN)? {
        ([0x00], rest) => Some((false, rest)),
        ([0xff], rest) => Some((true, rest)),
        _ => None,
    }
}

/// One tag, length and value.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The tag.
    pub tag: u8,
    /// The content.
    pub value: &'a [u8],
    /// Tag, length and value, as encoded.
    pub encoded: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element of `input`, and what comes after it.
    // Inlined into callers that read field by field, it would add several KiB to a program.
    #[inline(never)]
    #[must_use]
    pub fn read(input: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, after_tag) = input.split_first()?;
        // All ones mean that the tag number is in the following octets (X.690, section 8.1.2.4).
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, after_first) = after_tag.split_first()?;
        // Below 0x80 the octet is the length; else its low bits count the octets of the length.
        let (length, after_length) = if first < 0x80 {
            (usize::from(first), after_first)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > size_of::<u32>() {
                return None;
            }
            let (octets, after) = after_first.split_at_checked(count)?;
            let length = octets
                .iter()
                .fold(0, |sum, &octet| sum << 8 | usize::from(octet));
            // DER allows only the shortest form of a length (X.690, section 10.1).
            if length < 0x80 || octets.first() == Some(&0) {
                return None;
            }
            (length, after)
        };
        let (value, rest) = after_length.split_at_checked(length)?;
        let (encoded, _) = input.split_at_checked(input.len() - rest.len())?;
        Some((
            Self {
                tag,
                value,
                encoded,
            },
            rest,
        ))
    }

    /// Like [`Element::read`], for an element that must have `tag`; returns its value.
    #[must_use]
    pub fn expect(input: &'a [u8], tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let (element, rest) = Self::read(input)?;
        (element.tag == tag).then_some((element.value, rest))
    }

    /// Like [`Element::expect`], for an element with nothing after it.
    #[must_use]
    pub fn only(input: &'a [u8], tag: u8) -> Option<&'a [u8]> {
        let (value, rest) = Self::expect(input, tag)?;
        rest.is_empty().then_some(value)
    }
}

/// The DER encoding of `value` under `tag`.
#[must_use]
pub fn encode(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    let octets: Vec<u8> = value
        .len()
        .to_be_bytes()
        .into_iter()
        .skip_while(|&octet| octet == 0)
        .collect();
    if value.len() >= 0x80 {
        // At most eight octets, so the count fits beside the flag.
        encoded.push(0x80 | u8::try_from(octets.len()).unwrap_or(0x7f));
    } else if value.is_empty() {
        encoded.push(0);
    }
    encoded.extend(octets);
    encoded.extend(value);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_elements_are_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let value = vec![7; length];
            let encoded = encode(SEQUENCE, &value);
            let (element, rest) = Element::read(&encoded).unwrap();
            assert_eq!((element.tag, element.value), (SEQUENCE, value.as_slice()));
            assert_eq!((element.encoded, rest.len()), (encoded.as_slice(), 0));
        }
    }

    #[test]
    fn booleans_are_strict_except_for_explicit_false() {
        for (input, read) in [
            (&[][..], Some((false, 0))),
            (&[INTEGER, 1, 0], Some((false, 3))),
            (&[BOOLEAN, 1, 0x00], Some((false, 0))),
            (&[BOOLEAN, 1, 0xff, 7], Some((true, 1))),
            (&[BOOLEAN, 1, 0x01], None),
            (&[BOOLEAN, 0], None),
            (&[BOOLEAN, 2, 0xff, 0xff], None),
        ] {
            let result = boolean_or_false(input).map(|(value, rest)| (value, rest.len()));
            assert_eq!(result, read, "{input:02x?}");
        }
    }

    #[test]
    fn only_minimal_lengths_are_read() {
        for octets in [&[0x81, 2][..], &[0x82, 0, 2], &[0x82, 0, 0x80]] {
            let mut encoded = vec![SEQUENCE];
            encoded.extend(octets);
            encoded.extend([0; 0x80]);
            assert!(Element::read(&encoded).is_none(), "{octets:02x?}");
        }
    }

    #[test]
    fn a_tag_of_several_bytes_is_malformed() {
        assert!(Element::read(&[0x1f, 0x01, 0]).is_none());
        assert!(Element::read(&[0xbf, 0x01, 0]).is_none());
    }

    #[test]
    fn a_length_beyond_the_input_is_malformed() {
        for malformed in [
            &[0x30][..],
            &[0x30, 2, 0],
            &[0x30, 0x80],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
        ] {
            assert!(Element::read(malformed).is_none(), "{malformed:?}");
        }
        assert!(Element::read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]).is_none());
    }
}
