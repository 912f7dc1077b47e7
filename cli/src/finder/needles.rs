//! What tells that something may be at a place. Each is rare in other data.

use embedded_roots_bundle::emit::ANCHOR_MARK;

use super::text::Spelling;
use super::{pyinstaller, zstd};

/// What a needle tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The object identifier of a key.
    Key,
    /// The version of a certificate.
    Version,
    /// The beginning of a block of PEM.
    Pem,
    /// Of rustls' verifier.
    Verifier,
    /// The end of an archive of `PyInstaller`.
    PyInstaller,
    /// A frame of Zstandard.
    Zstd,
    /// An anchor that this project's build has marked.
    Anchor,
    EncryptedData,
    /// A part of a certificate or a key in text.
    Text(Spelling),
}

pub(crate) struct Needle {
    pub(crate) bytes: &'static [u8],
    pub(crate) sign: Sign,
}

/// A vectorised search is half as fast with more than 32, and takes 64 at most.
pub(crate) const NEEDLES: &[Needle] = &[
    // The object identifiers of keys (RFC 3279, section 2.3).
    needle(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", Sign::Key),
    needle(b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", Sign::Key),
    needle(b"-BEGIN ", Sign::Pem),
    // The version, with which the signed part of a certificate begins (RFC 5280, section 4.1).
    needle(b"\xa0\x03\x02\x01\x02", Sign::Version),
    // The name of an error of webpki, which is in every program with rustls' verifier, also if it is optimised as a
    // whole and stripped: rustls wraps webpki's errors as values that can be shown.
    needle(b"PathLenConstraintViolated", Sign::Verifier),
    needle(pyinstaller::COOKIE, Sign::PyInstaller),
    needle(zstd::MAGIC, Sign::Zstd),
    needle(ANCHOR_MARK, Sign::Anchor),
    // encryptedData (RFC 2315, section 14).
    needle(
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06",
        Sign::EncryptedData,
    ),
    // In base64: the version.
    base64(b"gAwIBAgI", 3),
    base64(b"ADAgECAg", 2),
    base64(b"oAMCAQIC", 0),
    // The object identifiers of RSA, with which those of PKCS#7 and PKCS#12 begin, too: there and in certificates of
    // version 1, no version is before the first of them.
    base64(b"hkiG9w0B", 0),
    base64(b"SIb3DQ", 0),
    base64(b"KoZIhvcN", 0),
    // The one of keys of elliptic curves, in a key alone.
    base64(b"KoZIzj0C", 0),
    // In base64 of PEM: `-----BEGIN ` and `CERTIFICATE`, where a line break is in the former.
    base64(b"LS0tLS1CRUdJTi", 0),
    base64(b"LS0tQkVHSU4g", 0),
    base64(b"LS0tLUJFR0lO", 0),
    base64(b"Q0VSVElGSUNBVE", 0),
    base64(b"NFUlRJRklDQVRF", 2),
    base64(b"DRVJUSUZJQ0FUR", 3),
    // The same in UTF-16.
    utf_16(b"B\x00E\x00G\x00I\x00N\x00 "),
    utf_16(b"g\x00A\x00w\x00I\x00B\x00A\x00g\x00I"),
    utf_16(b"A\x00D\x00A\x00g\x00E\x00C\x00A\x00g"),
    utf_16(b"o\x00A\x00M\x00C\x00A\x00Q\x00I\x00C"),
    utf_16(b"h\x00k\x00i\x00G\x009\x00w\x000\x00B"),
    utf_16(b"S\x00I\x00b\x003\x00D\x00Q"),
    utf_16(b"K\x00o\x00Z\x00I\x00h\x00v\x00c\x00N"),
    utf_16(b"L\x00S\x000\x00t"),
];

/// As hexadecimal numbers: parts of the object identifiers of keys, of which one at least is whole wherever a line
/// ends, and the version.
pub(crate) const HEXADECIMAL: &[Needle] = &[
    text(b"2a8648", Spelling::Digits),
    text(b"2A8648", Spelling::Digits),
    text(b"864886", Spelling::Digits),
    text(b"4886f7", Spelling::Digits),
    text(b"4886F7", Spelling::Digits),
    text(b"8648ce", Spelling::Digits),
    text(b"8648CE", Spelling::Digits),
    text(b"48ce3d", Spelling::Digits),
    text(b"48CE3D", Spelling::Digits),
    text(b"03020102", Spelling::Digits),
    text(b"2a:86:48", Spelling::Pairs),
    text(b"2A:86:48", Spelling::Pairs),
    text(b"86:48:86", Spelling::Pairs),
    text(b"48:86:f7", Spelling::Pairs),
    text(b"48:86:F7", Spelling::Pairs),
    text(b"86:48:ce", Spelling::Pairs),
    text(b"86:48:CE", Spelling::Pairs),
    text(b"48:ce:3d", Spelling::Pairs),
    text(b"48:CE:3D", Spelling::Pairs),
    text(b"03:02:01:02", Spelling::Pairs),
    text(b"2a 86 48", Spelling::Pairs),
    text(b"2A 86 48", Spelling::Pairs),
    text(b"86 48 86", Spelling::Pairs),
    text(b"48 86 f7", Spelling::Pairs),
    text(b"48 86 F7", Spelling::Pairs),
    text(b"86 48 ce", Spelling::Pairs),
    text(b"86 48 CE", Spelling::Pairs),
    text(b"48 ce 3d", Spelling::Pairs),
    text(b"48 CE 3D", Spelling::Pairs),
    text(b"03 02 01 02", Spelling::Pairs),
    text(b"2a,86,48", Spelling::Pairs),
    text(b"86,48,86", Spelling::Pairs),
    text(b"48,86,f7", Spelling::Pairs),
    text(b"86,48,ce", Spelling::Pairs),
    text(b"48,ce,3d", Spelling::Pairs),
    text(b"03,02,01,02", Spelling::Pairs),
    text(b"2A-86-48", Spelling::Pairs),
    text(b"86-48-86", Spelling::Pairs),
    text(b"48-86-F7", Spelling::Pairs),
    text(b"86-48-CE", Spelling::Pairs),
    text(b"48-CE-3D", Spelling::Pairs),
    text(b"0x86, 0x48", Spelling::Prefixed),
    text(b"0x48, 0x86", Spelling::Prefixed),
    text(b"0x48, 0xce", Spelling::Prefixed),
    text(b"0x48, 0xCE", Spelling::Prefixed),
    text(b"0x86,0x48", Spelling::Prefixed),
    text(b"0x48,0x86", Spelling::Prefixed),
    text(b"0x48,0xce", Spelling::Prefixed),
    text(b"0x48,0xCE", Spelling::Prefixed),
    // The name of a subject, where a trust anchor has its key beside that.
    text(b"0x55, 0x04, ", Spelling::Prefixed),
];

/// The same as decimal numbers, and as escapes of string literals.
pub(crate) const DECIMAL_AND_ESCAPES: &[Needle] = &[
    text(b"42, 134, 72", Spelling::Decimal),
    text(b"134, 72, 134", Spelling::Decimal),
    text(b"72, 134, 247", Spelling::Decimal),
    text(b"134, 72, 206", Spelling::Decimal),
    text(b"72, 206, 61", Spelling::Decimal),
    text(b"42,134,72", Spelling::Decimal),
    text(b"134,72,134", Spelling::Decimal),
    text(b"72,134,247", Spelling::Decimal),
    text(b"134,72,206", Spelling::Decimal),
    text(b"72,206,61", Spelling::Decimal),
    text(b"42 134 72", Spelling::Decimal),
    text(b"134 72 134", Spelling::Decimal),
    text(b"72 134 247", Spelling::Decimal),
    text(b"134 72 206", Spelling::Decimal),
    text(b"72 206 61", Spelling::Decimal),
    text(b"42, -122, 72", Spelling::Decimal),
    text(b"-122, 72, -122", Spelling::Decimal),
    text(b"72, -122, -9", Spelling::Decimal),
    text(b"-122, 72, -50", Spelling::Decimal),
    text(b"72, -50, 61", Spelling::Decimal),
    text(b"42,-122,72", Spelling::Decimal),
    text(b"-122,72,-122", Spelling::Decimal),
    text(b"72,-122,-9", Spelling::Decimal),
    text(b"-122,72,-50", Spelling::Decimal),
    text(b"72,-50,61", Spelling::Decimal),
    text(b"\\x03\\x02\\x01\\x02", Spelling::Literal),
    text(b"\\x86H", Spelling::Literal),
    text(b"H\\x86", Spelling::Literal),
    text(b"H\\xce", Spelling::Literal),
    text(b"\\x86\\x48", Spelling::Literal),
    text(b"\\x48\\x86", Spelling::Literal),
    text(b"\\x48\\xce", Spelling::Literal),
    text(b"\\x48\\xCE", Spelling::Literal),
    text(b"\\003\\002\\001\\002", Spelling::Literal),
    text(b"\\3\\2\\1\\2", Spelling::Literal),
    text(b"\\206H", Spelling::Literal),
    text(b"H\\206", Spelling::Literal),
    text(b"H\\316", Spelling::Literal),
    text(b"\\206\\110", Spelling::Literal),
    text(b"\\110\\206", Spelling::Literal),
    text(b"\\110\\316", Spelling::Literal),
    text(b"\\u0003\\u0002\\u0001\\u0002", Spelling::Literal),
    text(b"\\u0086H", Spelling::Literal),
    text(b"\\u0086\\u0048", Spelling::Literal),
    // Latin-1 in UTF-8.
    text(b"\xc2\x86H\xc2\x86", Spelling::Literal),
    text(b"\xc2\x86H\xc3\x8e", Spelling::Literal),
];

pub(crate) const LONGEST: usize = 25;

const fn needle(bytes: &'static [u8], sign: Sign) -> Needle {
    Needle { bytes, sign }
}

const fn text(bytes: &'static [u8], spelling: Spelling) -> Needle {
    needle(bytes, Sign::Text(spelling))
}

const fn base64(bytes: &'static [u8], before: usize) -> Needle {
    text(bytes, Spelling::Base64(before))
}

const fn utf_16(bytes: &'static [u8]) -> Needle {
    text(bytes, Spelling::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_few_enough_for_a_vectorised_search() {
        for (needles, most) in [(NEEDLES, 32), (HEXADECIMAL, 64), (DECIMAL_AND_ESCAPES, 64)] {
            assert!(needles.len() <= most, "{}", needles.len());
            let lengths = needles.iter().map(|needle| needle.bytes.len());
            assert!(lengths.clone().min() >= Some(4));
            assert!(lengths.max() <= Some(LONGEST));
        }
    }
}
