//! The lines of a PEM file.

/// The lines, which may end in LF, CR LF or CR, without a byte order mark.
pub(crate) fn lines(pem: &[u8]) -> Lines<'_> {
    Lines {
        rest: pem.strip_prefix(BYTE_ORDER_MARK).unwrap_or(pem),
        number: 0,
    }
}

#[derive(Clone)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        // The only pass over every byte of a file.
        let mut kinds = 0;
        let end = self.rest.iter().position(|&byte| {
            kinds |= kind(byte);
            kinds & END_OF_LINE != 0
        });
        let (bytes, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let after_crlf = after.strip_prefix(b"\r\n");
        self.rest = after_crlf.or_else(|| after.get(1..)).unwrap_or_default();
        self.number += 1;
        Some(Line {
            number: self.number,
            bytes,
            kinds,
        })
    }
}

/// A line, and the kinds of bytes in it.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) bytes: &'a [u8],
    pub(crate) kinds: u8,
}

impl Line<'_> {
    /// The line from behind the byte order mark with which it may begin.
    pub(crate) fn without_byte_order_mark(self) -> Self {
        let bytes = self.bytes.strip_prefix(BYTE_ORDER_MARK);
        Self {
            bytes: bytes.unwrap_or(self.bytes),
            ..self
        }
    }
}

/// How the lines around a block begin.
pub(crate) const BEGIN: &str = "-----BEGIN ";
pub(crate) const END: &str = "-----END ";

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const TRUSTED: &str = "TRUSTED CERTIFICATE";
/// The labels that OpenSSL accepts for a certificate (in its pem.h).
pub const CERTIFICATE_LABELS: [&str; 3] = [CERTIFICATE, "X509 CERTIFICATE", TRUSTED];
/// The labels of PKCS#7 (RFC 7468, section 8) and of its next version.
pub const PKCS7_LABELS: [&str; 3] = ["PKCS7", "CMS", "PKCS #7 SIGNED DATA"];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A digit of base64, or padding.
const DIGIT: u8 = 1;
pub(crate) const BLANK: u8 = 2;
pub(crate) const OTHER: u8 = 4;
const END_OF_LINE: u8 = 8;

pub(crate) fn kind(byte: u8) -> u8 {
    const KINDS: [u8; 256] = {
        let mut kinds = [0; 256];
        let mut byte = 0;
        while byte < kinds.len() {
            #[allow(clippy::indexing_slicing, reason = "while compiling")]
            let kind = &mut kinds[byte];
            #[allow(clippy::cast_possible_truncation, reason = "below 256")]
            let of_byte = kind_of(byte as u8);
            *kind = of_byte;
            byte += 1;
        }
        kinds
    };
    KINDS.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

const fn kind_of(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => DIGIT,
        b' ' | b'\t' => BLANK,
        b'\n' | b'\r' => END_OF_LINE,
        _ => OTHER,
    }
}
