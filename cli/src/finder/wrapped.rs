//! PEM in another encoding: base64 of it, as in a Secret of Kubernetes, and UTF-16.

use base64::Engine as _;
use memchr::memmem;

use super::pem::BASE64;

/// How base64 of `-----BEGIN ` goes on from the first group of four that is whole, where the hyphens begin at the
/// beginning of a group, after one octet or after two.
pub(crate) const IN_BASE64: [&[u8]; 3] = [b"LS0tLS1CRUdJTi", b"LS0tQkVHSU4g", b"LS0tLUJFR0lO"];
/// `-BEGIN ` in UTF-16, little-endian and big-endian.
pub(crate) const IN_UTF_16: [&[u8]; 2] = [b"-\0B\0E\0G\0I\0N\0 \0", b"\0-\0B\0E\0G\0I\0N\0 "];

/// The text of which this is base64, up to the end of the first certificate, or further where lines are broken: there, a
/// later beginning can be broken, too.
pub(crate) fn from_base64(data: &[u8]) -> Option<Vec<u8>> {
    let is_broken = data.iter().take(FIRST_LINE).any(u8::is_ascii_whitespace);
    let most = if is_broken {
        data.len()
    } else {
        ONE_CERTIFICATE
    };
    let digits = data.iter().copied().take(most);
    let digits = digits.filter(|byte| !byte.is_ascii_whitespace());
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let mut digits: Vec<u8> = digits.take_while(is_digit).collect();
    // One digit alone is less than an octet.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    BASE64.decode(digits).ok()
}

/// The text of which this is UTF-16, where `data` begins with a needle, up to what is not ASCII.
pub(crate) fn from_utf_16(data: &[u8]) -> Vec<u8> {
    let is_big_endian = data.first() == Some(&0);
    let units = data
        .chunks_exact(2)
        .map_while(|unit| match (unit, is_big_endian) {
            (&[0, byte], true) | (&[byte, 0], false) => Some(byte),
            _ => None,
        });
    units.collect()
}

/// What follows each `-----BEGIN ` of a text.
pub(crate) fn after_begin(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    const BEGIN: &[u8] = b"-BEGIN ";

    let begins = memmem::find_iter(text, BEGIN);
    begins.filter_map(|at| text.get(at + BEGIN.len()..))
}

/// The line of a certificate, at most.
const FIRST_LINE: usize = 200;
/// A certificate has 24 KiB of base64 at most, which is a third longer here.
const ONE_CERTIFICATE: usize = 33 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_the_base64_of_a_begin_line() {
        for before in 0..3 {
            let text = format!("{}-----BEGIN CERTIFICATE-----", &"\n#\n"[..before]);
            let base64 = BASE64.encode(text);
            let mut found = IN_BASE64.iter().filter_map(|needle| {
                let at = memmem::find(base64.as_bytes(), needle)?;
                assert_eq!(at % 4, 0);
                from_base64(&base64.as_bytes()[at..])
            });
            let decoded = found.next().unwrap();
            assert!(
                after_begin(&decoded)
                    .next()
                    .unwrap()
                    .starts_with(b"CERTIFICATE-----")
            );
            assert_eq!(found.next(), None);
        }
    }
}
