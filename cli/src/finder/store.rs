//! Files whose certificates are not all in them byte for byte: PKCS#12 and PKCS#7, encrypted, in pieces or as PEM.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_roots_bundle::MAX_FILE_SIZE;
use memchr::memmem;

use super::contents::Form;
use super::limits::Counter;
use crate::input::opened::is_signed_data;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreForm {
    Pkcs12,
    Pkcs7,
    Pkcs7Pem,
}

impl StoreForm {
    /// That of a file which begins like this.
    pub(crate) fn from_head(head: &[u8]) -> Option<Self> {
        if is_pkcs12(head) {
            Some(Self::Pkcs12)
        } else if is_signed_data(head) {
            Some(Self::Pkcs7)
        } else if has_pkcs7_block(head) {
            Some(Self::Pkcs7Pem)
        } else {
            None
        }
    }

    /// How its certificates are kept.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Pkcs12 | Self::Pkcs7 => Form::Der,
            Self::Pkcs7Pem => Form::Pem,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pkcs12 => "PKCS#12",
            Self::Pkcs7 | Self::Pkcs7Pem => "PKCS#7",
        }
    }
}

/// A SEQUENCE that begins with the version 3 (RFC 7292, section 4).
pub(crate) fn is_pkcs12(head: &[u8]) -> bool {
    matches!(
        head,
        [0x30, 0x82, _, _, 2, 1, 3, 0x30, ..]
            | [0x30, 0x83, _, _, _, 2, 1, 3, 0x30, ..]
            | [0x30, 0x84, _, _, _, _, 2, 1, 3, 0x30, ..]
            | [0x30, 0x80, 2, 1, 3, 0x30, ..]
    )
}

/// Whether the first block of PEM that begins here is a PKCS#7, whatever its label.
fn has_pkcs7_block(head: &[u8]) -> bool {
    const LABELS: [&[u8]; 3] = [b"PKCS7-----", b"CMS-----", b"PKCS #7 SIGNED DATA-----"];
    const CERTIFICATE: &[u8] = b"CERTIFICATE-----";
    const BEGIN: &[u8] = b"-----BEGIN ";

    let Some(at) = memmem::find(head, BEGIN) else {
        return false;
    };
    let label = head.get(at + BEGIN.len()..).unwrap_or_default();
    let Some(text) = label.strip_prefix(CERTIFICATE) else {
        return LABELS.iter().any(|known| label.starts_with(known));
    };
    let digits = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace());
    // More than the object identifier ends in.
    let digits: Vec<u8> = digits.take(24).collect();
    STANDARD
        .decode(digits)
        .is_ok_and(|der| is_signed_data(&der))
}

/// Keeps what somebody else reads, as long as that is short enough.
pub(crate) struct KeepingReader<R> {
    inner: R,
    kept: Option<Vec<u8>>,
    memory: Counter,
    held: u64,
}

/// How much memory a byte takes, while it is converted and decrypted.
const MEMORY_FOR_BYTE: u64 = 3;

impl<R> KeepingReader<R> {
    pub(crate) fn new(inner: R, memory: Counter) -> Self {
        Self {
            inner,
            kept: Some(Vec::new()),
            memory,
            held: 0,
        }
    }

    /// What was kept; none if it was too much.
    pub(crate) fn kept(&mut self) -> Option<Vec<u8>> {
        self.kept.take()
    }
}

impl<R: Read> Read for KeepingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(mut kept) = self.kept.take() else {
            return Ok(read);
        };
        kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let needed = MEMORY_FOR_BYTE * kept.len() as u64;
        let more = needed - self.held;
        if kept.len() as u64 <= MAX_FILE_SIZE && self.memory.value() >= more {
            self.memory.take(more);
            self.held = needed;
            self.kept = Some(kept);
        }
        Ok(read)
    }
}

impl<R> Drop for KeepingReader<R> {
    fn drop(&mut self) {
        self.memory.give(self.held);
    }
}
