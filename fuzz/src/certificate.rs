//! Certificates and revocation lists, field by field (RFC 5280, sections 4.1 and 5.1).

use std::time::Duration;

pub use embedded_roots_bundle::der::SEQUENCE;
use embedded_roots_bundle::der::encode;
use embedded_roots_bundle::rfc3339;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};

use crate::signature::{IDENTIFIER, sign};

/// Something to change a byte with: an offset, modulo the length, and the new byte.
pub type Patch = (u16, u8);

/// What is in a certificate.
#[derive(Clone, Debug)]
pub struct Template {
    /// A letter, the common name.
    pub subject: u8,
    /// The same of the issuer.
    pub issuer: u8,
    /// The public key.
    pub key: u8,
    /// The key that signs.
    pub signer: u8,
    /// By which a revocation list names it.
    pub serial_number: u8,
    /// In days, as [`day`] counts them.
    pub not_before: u8,
    /// The same.
    pub not_after: u8,
    /// The cA of its basic constraints, if it has them.
    pub ca: Option<bool>,
    /// Each a `GeneralName`.
    pub names: Vec<Vec<u8>>,
    /// The content of the SEQUENCE.
    pub name_constraints: Option<Vec<u8>>,
    /// Signed certificate timestamps: of each the log, and milliseconds since 1970.
    pub timestamps: Vec<([u8; 32], u64)>,
}

impl Template {
    /// A root of this letter.
    #[must_use]
    pub fn root(letter: u8) -> Self {
        Self {
            subject: letter,
            issuer: letter,
            key: letter,
            signer: letter,
            serial_number: 1,
            not_before: 0,
            not_after: u8::MAX,
            ca: Some(true),
            names: Vec::new(),
            name_constraints: None,
            timestamps: Vec::new(),
        }
    }

    /// The certificate, with a good signature over what is in it after the patches.
    #[must_use]
    pub fn certificate(&self, patches: &[Patch]) -> CertificateDer<'static> {
        let mut extensions = Vec::new();
        if let Some(ca) = self.ca {
            let value = if ca { der(1, &[&[0xff]]) } else { Vec::new() };
            extensions.push(extension(19, &der(SEQUENCE, &[&value])));
        }
        if !self.names.is_empty() {
            extensions.push(extension(17, &der(SEQUENCE, &[&self.names.concat()])));
        }
        if let Some(content) = &self.name_constraints {
            extensions.push(extension(30, &der(SEQUENCE, &[content])));
        }
        if !self.timestamps.is_empty() {
            extensions.push(timestamps(&self.timestamps));
        }
        let key = bit_string(&[self.key]);
        let mut content = [
            der(0xa0, &[&[2, 1, 2]]),
            der(2, &[&[self.serial_number & 0x7f]]),
            der(SEQUENCE, &[IDENTIFIER]),
            name(self.issuer),
            der(SEQUENCE, &[&time(self.not_before), &time(self.not_after)]),
            name(self.subject),
            der(SEQUENCE, &[&der(SEQUENCE, &[IDENTIFIER]), &key]),
        ]
        .concat();
        if !extensions.is_empty() {
            content.extend(der(0xa3, &[&der(SEQUENCE, &[&extensions.concat()])]));
        }
        let mut content = der(SEQUENCE, &[&content]);
        patch(&mut content, patches);
        envelope(self.signer, &content).into()
    }
}

/// The revocation list of an issuer that has revoked this serial number.
#[must_use]
pub fn revocation_list(
    issuer: u8,
    signer: u8,
    serial_number: u8,
) -> CertificateRevocationListDer<'static> {
    let serial_number = der(2, &[&[serial_number & 0x7f]]);
    let revoked = der(SEQUENCE, &[&serial_number, &time(0)]);
    let number = extension(20, &[2, 1, 1]);
    let content = [
        vec![2, 1, 1],
        der(SEQUENCE, &[IDENTIFIER]),
        name(issuer),
        time(0),
        time(u8::MAX),
        der(SEQUENCE, &[&revoked]),
        der(0xa0, &[&der(SEQUENCE, &[&number])]),
    ];
    envelope(signer, &der(SEQUENCE, &[&content.concat()])).into()
}

/// The `Name` of one common name, a letter.
#[must_use]
pub fn name(letter: u8) -> Vec<u8> {
    let letter = [b'A' + letter % 26];
    let attribute = der(SEQUENCE, &[&[6, 3, 0x55, 4, 3], &der(12, &[&letter])]);
    der(SEQUENCE, &[&der(0x31, &[&attribute])])
}

/// The midnight of a day, counted from 2026-01-01.
#[must_use]
pub fn day(number: u8) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        1_767_225_600 + 86_400 * u64::from(number),
    ))
}

/// One tag, length and value, which is the parts joined.
#[must_use]
pub fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    encode(tag, &parts.concat())
}

/// The `GeneralName` of a DNS name.
#[must_use]
pub fn dns(name: &str) -> Vec<u8> {
    der(0x82, &[name.as_bytes()])
}

/// Changes bytes.
pub fn patch(bytes: &mut [u8], patches: &[Patch]) {
    for &(offset, byte) in patches {
        let at = usize::from(offset).checked_rem(bytes.len());
        if let Some(old) = at.and_then(|at| bytes.get_mut(at)) {
            *old = byte;
        }
    }
}

fn bit_string(octets: &[u8]) -> Vec<u8> {
    der(3, &[&[0], octets])
}

fn extension(number: u8, value: &[u8]) -> Vec<u8> {
    der(SEQUENCE, &[&[6, 3, 0x55, 0x1d, number], &der(4, &[value])])
}

/// RFC 6962, section 3.3, with empty signatures.
fn timestamps(timestamps: &[([u8; 32], u64)]) -> Vec<u8> {
    let with_length = |content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap_or_default();
        [&length.to_be_bytes(), content].concat()
    };
    let list = timestamps.iter().map(|(log, time)| {
        let signature = [0, 0, 4, 3, 0, 0];
        with_length(&[&[0], &log[..], &time.to_be_bytes(), &signature].concat())
    });
    let list = with_length(&list.collect::<Vec<_>>().concat());
    let id = der(6, &[&[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2]]);
    der(SEQUENCE, &[&id, &der(4, &[&der(4, &[&list])])])
}

fn time(number: u8) -> Vec<u8> {
    let digits = rfc3339(day(number)).replace(['-', ':', 'T'], "");
    der(0x18, &[digits.as_bytes()])
}

fn envelope(signer: u8, content: &[u8]) -> Vec<u8> {
    let signature = bit_string(&sign(&[signer], content));
    der(
        SEQUENCE,
        &[content, &der(SEQUENCE, &[IDENTIFIER]), &signature],
    )
}
