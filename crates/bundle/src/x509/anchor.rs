//! The trust anchor that a certificate is (RFC 5280, section 6.1.1).
//!
//! The rules are those of webpki's `anchor_from_trusted_cert`, which is the oracle of the tests. It is not
//! called, because it would be compiled twice: for the build script without the crypto provider of the
//! program, and with it for the program.

use rustls_pki_types::TrustAnchor;

use crate::x509::certificate::{Extension, Fields};
use crate::x509::der::{self, Element};

/// Subject, public key and name constraints of a certificate, DER, or what is wrong with it.
///
/// A critical extension of any kind may be there, because a root is trusted as a whole.
pub(crate) fn trust_anchor(certificate: &[u8]) -> Result<TrustAnchor<'_>, &'static str> {
    const NO_FIELD: &str = "a field is missing, or is not DER (RFC 5280, section 4.1)";

    let signed =
        SignedPart::from_certificate(certificate).ok_or("it is not DER (RFC 5280, section 4.1)")?;
    let fields = Fields::from_signed(signed.content).ok_or(NO_FIELD)?;
    let key = Element::expect(fields.after_subject, der::SEQUENCE);
    let (public_key, after_key) = key.ok_or(NO_FIELD)?;
    let name_constraints = match fields.version {
        None if after_key.is_empty() => None,
        None => return Err("it has extensions, but version 1 (RFC 5280, section 4.1.2.1)"),
        // Version 2 has no extensions, and webpki does not read it.
        Some(version) if Element::only(version, der::INTEGER) != Some(&[2]) => {
            return Err(NO_FIELD);
        }
        Some(_) if fields.signature != signed.algorithm => {
            return Err("it names two signature algorithms (RFC 5280, section 4.1.1.2)");
        }
        Some(_) => name_constraints(after_key)?,
    };
    Ok(TrustAnchor {
        subject: fields.subject.into(),
        subject_public_key_info: public_key.into(),
        name_constraints: name_constraints.map(Into::into),
    })
}

/// What makes two anchors the same root: its subject and its key, DER, the content of each SEQUENCE.
#[must_use]
pub fn identity<'a>(anchor: &'a TrustAnchor<'_>) -> (&'a [u8], &'a [u8]) {
    (&anchor.subject, &anchor.subject_public_key_info)
}

/// webpki reads no element that is longer, so no chain could be verified with it.
const MOST_BYTES: usize = 65_534;

/// The signed part, and the algorithm of its signature.
struct SignedPart<'a> {
    content: &'a [u8],
    algorithm: &'a [u8],
}

impl<'a> SignedPart<'a> {
    fn from_certificate(certificate: &'a [u8]) -> Option<Self> {
        let whole = Element::only(certificate, der::SEQUENCE)?;
        let (content, rest) = Element::expect(whole, der::SEQUENCE)?;
        let (algorithm, rest) = Element::expect(rest, der::SEQUENCE)?;
        // A signature has whole octets.
        let has_signature = Element::only(rest, der::BIT_STRING)?.first() == Some(&0);
        (has_signature && whole.len() <= MOST_BYTES).then_some(Self { content, algorithm })
    }
}

/// The name constraints (the content of the SEQUENCE) in what follows the public key: extensions, and
/// nothing else. One that webpki reads is not there twice.
fn name_constraints(after_key: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    const UNREADABLE: &str =
        "an extension cannot be read, or is there twice (RFC 5280, section 4.2)";

    if after_key.is_empty() {
        return Ok(None);
    }
    let explicit = Element::only(after_key, der::context_constructed(3)).ok_or(UNREADABLE)?;
    let extensions = Element::only(explicit, der::SEQUENCE).ok_or(UNREADABLE)?;
    let mut name_constraints = None;
    let mut seen = 0_u64;
    for extension in der::elements(extensions) {
        let Extension { id, value, .. } = extension.and_then(Extension::read).ok_or(UNREADABLE)?;
        let (number, tag) = match id {
            SIGNED_CERTIFICATE_TIMESTAMPS => (0, der::OCTET_STRING),
            [
                0x55,
                0x1d,
                number @ (KEY_USAGE | 17 | 19 | NAME_CONSTRAINTS | 31 | 37),
            ] => (*number, der::SEQUENCE),
            _ => continue,
        };
        let bit = 1 << number;
        if seen & bit != 0 {
            return Err(UNREADABLE);
        }
        seen |= bit;
        // Read only where a certificate signs a revocation list.
        if number == KEY_USAGE {
            continue;
        }
        let content = Element::only(value, tag).ok_or(UNREADABLE)?;
        if number == NAME_CONSTRAINTS {
            name_constraints = Some(content);
        }
    }
    Ok(name_constraints)
}

/// id-ce-keyUsage (2.5.29.15) and id-ce-nameConstraints (2.5.29.30). Of the other extensions of id-ce,
/// webpki reads the alternative names of the subject, the basic constraints, the distribution points of
/// revocation lists, and the extended key usage.
const KEY_USAGE: u8 = 15;
const NAME_CONSTRAINTS: u8 = 30;
/// 1.3.6.1.4.1.11129.2.4.2 (RFC 6962, section 3.3)
const SIGNED_CERTIFICATE_TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
