//! What a file usually is that has certificates and is not PEM, and the command that makes PEM of it.

use std::fmt;

use crate::pem::lines::{BEGIN, END, OTHER, PKCS7_LABELS, lines};
use crate::x509::der::{self, Element};

/// The form of a file that [`parse`](crate::parse) does not read.
///
/// `Display` is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileForm {
    /// Nothing, or only blanks.
    Empty,
    /// One certificate, DER.
    Certificate,
    /// Certificates without a key (RFC 5652), as in a file `.p7b`, DER or BER.
    Pkcs7,
    /// [`Pkcs7`](Self::Pkcs7) as PEM.
    Pkcs7Pem,
    /// Certificates and keys, as a rule with a password (RFC 7292), as in a file `.p12` or `.pfx`.
    Pkcs12,
    /// A key store of Java: JKS or JCEKS.
    JavaKeyStore,
    /// A certificate signing request (RFC 2986), PEM or DER.
    Request,
    /// A private key, PEM or DER.
    PrivateKey,
    /// Text in UTF-16.
    Utf16,
    /// The base64 text of a block, without the lines that begin and end it.
    Base64,
    /// PEM with `\n`, two characters, in place of line breaks.
    EscapedLines,
    /// PEM on one line, with blanks or nothing in place of line breaks.
    OneLine,
    /// An END and the next BEGIN on one line: two files, the first of which lacked its last line break.
    JoinedFiles,
}

impl FileForm {
    /// The form of a whole file, if it is known and is not PEM with certificates.
    #[must_use]
    pub fn from_content(content: &[u8]) -> Option<Self> {
        let is_utf16 =
            matches!(content, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || is_unmarked(content);
        if content.trim_ascii().is_empty() {
            Some(Self::Empty)
        } else if is_utf16 {
            Some(Self::Utf16)
        } else if content.starts_with(&JKS) || content.starts_with(&JCEKS) {
            Some(Self::JavaKeyStore)
        } else {
            Self::from_der(content).or_else(|| Self::from_text(content))
        }
    }

    /// The form of a file in which this line is, where a boundary is not alone on its line.
    #[must_use]
    pub fn from_line(line: &[u8]) -> Option<Self> {
        let first = |text: &[u8]| line.windows(text.len()).position(|part| part == text);
        let begin = first(BEGIN.as_bytes());
        let end = first(END.as_bytes());
        let is_escaped = [&br"-----\n"[..], br"-----\r\n"]
            .into_iter()
            .any(|text| first(text).is_some());
        match (begin, end) {
            (Some(_), _) | (_, Some(_)) if is_escaped => Some(Self::EscapedLines),
            (Some(begin), Some(end)) if begin < end => Some(Self::OneLine),
            (Some(_), Some(_)) => Some(Self::JoinedFiles),
            _ => None,
        }
    }

    /// What to do, as a rule by which command the file is converted: a part of a sentence. Nothing helps an empty
    /// file.
    #[must_use]
    pub fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Empty => return None,
            Self::Certificate => "convert it to PEM with `openssl x509 -inform DER`",
            Self::Pkcs7 => "convert it to PEM with `openssl pkcs7 -inform DER -print_certs`",
            Self::Pkcs7Pem => "convert it to PEM with `openssl pkcs7 -print_certs`",
            Self::Pkcs12 => "convert it to PEM with `openssl pkcs12 -nokeys`",
            Self::JavaKeyStore => {
                "convert it to PEM with `keytool -exportcert -rfc` for each alias, or with `embedded-roots list --pem`"
            }
            Self::Request => "use the certificate of the CA that signs it",
            Self::PrivateKey => "use the certificate of the CA, and keep the key out of this file",
            Self::Utf16 => "save it as UTF-8, or convert it with `embedded-roots list --pem`",
            Self::Base64 => "convert it to PEM with `base64 -d | openssl x509 -inform DER`",
            Self::EscapedLines | Self::OneLine => "convert it with `embedded-roots list --pem`",
            Self::JoinedFiles => r"convert it with `sed 's/----------/-----\n-----/'`",
        })
    }

    /// The name and the advice, to be put behind an error.
    pub(crate) fn hint(self) -> String {
        let advice = self.advice().map(|advice| format!(", {advice}"));
        format!("; it is {self}{}", advice.unwrap_or_default())
    }

    fn from_der(content: &[u8]) -> Option<Self> {
        const NUMBER: u8 = der::INTEGER;
        const VERSION: u8 = der::context_constructed(0);
        const ATTRIBUTES: u8 = der::context_constructed(0);
        const SEQUENCE: u8 = der::SEQUENCE;

        let content = content_of_sequence(content)?;
        if content.starts_with(SIGNED_DATA) {
            return Some(Self::Pkcs7);
        }
        // Version 3; those of a private key are 0 and 1.
        if content.starts_with(&[der::INTEGER, 1, 3, SEQUENCE]) {
            return Some(Self::Pkcs12);
        }
        let (first, rest) = Element::read(content)?;
        let second = Element::read(rest).map(|(element, _)| element.tag);
        if first.tag == NUMBER {
            // RFC 5958; RFC 8017, appendix A.1.2; RFC 5915
            let is_key = matches!(second, Some(SEQUENCE | NUMBER | der::OCTET_STRING));
            return is_key.then_some(Self::PrivateKey);
        }
        if first.tag != SEQUENCE {
            return None;
        }
        let mut tags = [0; 4];
        for (tag, element) in tags.iter_mut().zip(der::elements(first.value)) {
            *tag = element?.tag;
        }
        match tags {
            [VERSION, NUMBER, ..] | [NUMBER, SEQUENCE, SEQUENCE, SEQUENCE] => {
                Some(Self::Certificate)
            }
            [NUMBER, SEQUENCE, SEQUENCE, ATTRIBUTES] => Some(Self::Request),
            // A key in PKCS#8, encrypted
            [der::OID, ..] if second == Some(der::OCTET_STRING) => Some(Self::PrivateKey),
            _ => None,
        }
    }

    fn from_text(content: &[u8]) -> Option<Self> {
        for line in lines(content) {
            if let Some(label) = line.bytes.strip_prefix(BEGIN.as_bytes()) {
                let is_pkcs7 = |label| PKCS7_LABELS.iter().any(|known| known.as_bytes() == label);
                return match label.trim_ascii_end().strip_suffix(b"-----")? {
                    label if is_pkcs7(label) => Some(Self::Pkcs7Pem),
                    label if label.ends_with(b"CERTIFICATE REQUEST") => Some(Self::Request),
                    label if label.ends_with(b"PRIVATE KEY") => Some(Self::PrivateKey),
                    _ => None,
                };
            }
        }
        // A SEQUENCE of more than 127 bytes begins like this.
        let is_base64 = content.trim_ascii().starts_with(b"MI")
            && lines(content).all(|line| line.kinds & OTHER == 0);
        is_base64.then_some(Self::Base64)
    }
}

impl fmt::Display for FileForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Certificate => "DER",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs7Pem => "PKCS#7 in PEM",
            Self::Pkcs12 => "PKCS#12",
            Self::JavaKeyStore => "a Java key store",
            Self::Request => "a certificate signing request",
            Self::PrivateKey => "a private key",
            Self::Utf16 => "text in UTF-16",
            Self::Base64 => "base64 without -----BEGIN CERTIFICATE-----",
            Self::EscapedLines => r"PEM with \n in place of line breaks",
            Self::OneLine => "PEM on one line",
            Self::JoinedFiles => "two files without a line break between them",
        })
    }
}

/// Whether this is text in UTF-16 of which all characters at the start are ASCII.
fn is_unmarked(content: &[u8]) -> bool {
    let (start, _) = content.split_at_checked(64).unwrap_or((content, &[]));
    let mut pairs = start.chunks_exact(2).peekable();
    let is_half = |pair: &[u8], big: bool| {
        let (zero, ascii) = match pair {
            [first, second] if big => (first, second),
            [first, second] => (second, first),
            _ => return false,
        };
        *zero == 0 && ascii.is_ascii() && *ascii != 0
    };
    pairs.peek().is_some()
        && (pairs.clone().all(|pair| is_half(pair, true)) || pairs.all(|pair| is_half(pair, false)))
}

/// The first bytes of a file that Java's class JKS, or JCEKS, has written.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const JCEKS: [u8; 4] = [0xce; 4];
/// The OBJECT IDENTIFIER id-signedData (RFC 5652, section 5.1).
const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// The content of the SEQUENCE that is the whole file, or what follows the header of one of indefinite length
/// (X.690, section 8.1.3.6), which DER does not have but PKCS#7 and PKCS#12 may.
fn content_of_sequence(file: &[u8]) -> Option<&[u8]> {
    let indefinite = file.strip_prefix(&[der::SEQUENCE, 0x80]);
    indefinite.or_else(|| Some(Element::expect(file, der::SEQUENCE)?.0))
}
