//! A certificate, with its fields as text and numbers.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use embedded_roots_bundle::der::{Element, SEQUENCE, UTC_TIME, elements, encode};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{Limits, PrivateKeys, issuer, not_after, not_before, parse, subject};
use rustls_pki_types::UnixTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::{Oid, OidRegistry};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::error::Error;

/// The fields of a certificate (RFC 5280, section 4).
///
/// `Display` is its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    subject: String,
    issuer: String,
    serial: String,
    version: u32,
    sha256: [u8; 32],
    sha1: [u8; 20],
    spki_sha256: [u8; 32],
    key: PublicKey,
    not_before: UnixTime,
    not_after: UnixTime,
    signature_algorithm: String,
    is_ca: Option<bool>,
    name_constraints: Option<String>,
}

impl Certificate {
    /// Reads a certificate, DER.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let unreadable = || Error::invalid("the certificate cannot be read");
        let replaced = with_readable_dates(der);
        let readable = replaced.as_deref().unwrap_or(der);
        let (rest, certificate) = X509Certificate::from_der(readable).map_err(|_| unreadable())?;
        let (Some(subject), Some(issuer), true) = (subject(der), issuer(der), rest.is_empty())
        else {
            return Err(unreadable());
        };
        let constraints = certificate.extensions().iter().find_map(|extension| {
            let is = matches!(
                extension.parsed_extension(),
                ParsedExtension::NameConstraints(_)
            );
            is.then(|| content(extension.value)).flatten()
        });
        let constraints_of_ca = certificate.basic_constraints().ok().flatten();
        Ok(Self {
            subject: subject.to_string(),
            issuer: issuer.to_string(),
            serial: hex(certificate.raw_serial()),
            version: certificate.version().0.saturating_add(1),
            sha256: sha256(der),
            sha1: sha1_smol::Sha1::from(der).digest().bytes(),
            spki_sha256: sha256(certificate.public_key().raw),
            key: PublicKey::of(certificate.public_key()),
            not_before: time(certificate.validity().not_before),
            not_after: time(certificate.validity().not_after),
            signature_algorithm: name_of(certificate.signature_algorithm.oid()),
            is_ca: constraints_of_ca.map(|constraints| constraints.value.ca),
            name_constraints: Limits::new(None, constraints).shown_name_constraints(),
        })
    }

    /// The subject (RFC 4514), escaped so that it stays on one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The issuer, like [`subject`](Self::subject).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether subject and issuer are the same.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// The serial number, in hexadecimal digits.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The version of X.509: 3, or 1 for some old roots.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The SHA-256 fingerprint.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The SHA-1 fingerprint, which older tools show. It identifies nothing securely.
    #[must_use]
    pub fn sha1(&self) -> [u8; 20] {
        self.sha1
    }

    /// The SHA-256 digest of the `SubjectPublicKeyInfo` (DER), as in a pin (RFC 7469).
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.spki_sha256
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The first moment at which it is valid. A time before 1970, or on no calendar, counts as 1970.
    #[must_use]
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last moment at which it is valid. A time before 1970, or on no calendar, counts as 1970.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// The algorithm of its signature, such as `sha256WithRSAEncryption`. An unknown algorithm is shown as
    /// its object identifier.
    #[must_use]
    pub fn signature_algorithm(&self) -> &str {
        &self.signature_algorithm
    }

    /// The cA flag of its basic constraints; `None` if it does not have this extension.
    #[must_use]
    pub fn is_ca(&self) -> Option<bool> {
        self.is_ca
    }

    /// Its own name constraints, in the grammar of annotations: `permitted-dns=.tr`.
    #[must_use]
    pub fn name_constraints(&self) -> Option<&str> {
        self.name_constraints.as_deref()
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)
    }
}

/// A public key: its kind, and how long it is.
///
/// `Display` is short, such as `RSA 4096` or `EC P-384`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: String,
    curve: Option<String>,
    bits: Option<usize>,
}

impl PublicKey {
    /// `RSA`, `EC`, `Ed25519`, or the name or object identifier of another algorithm.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The curve of an elliptic curve key, such as `P-384`.
    #[must_use]
    pub fn curve(&self) -> Option<&str> {
        self.curve.as_deref()
    }

    /// The length: of the modulus of RSA, or of the field of an elliptic curve. `None` if the
    /// algorithm is unknown.
    #[must_use]
    pub fn bits(&self) -> Option<usize> {
        self.bits
    }

    fn of(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let (algorithm, curve, bits) = match spki.parsed() {
            Ok(Parsed::RSA(key)) => ("RSA".to_owned(), None, Some(bits(key.modulus))),
            Ok(Parsed::EC(_)) => {
                let parameters = spki.algorithm.parameters.as_ref();
                let curve = parameters.and_then(|parameters| parameters.as_oid().ok());
                let known = curve.as_ref().and_then(|curve| {
                    let known = CURVES.iter().find(|(id, ..)| *id == curve.to_id_string());
                    known.map(|(_, name, bits)| ((*name).to_owned(), *bits))
                });
                let bits = known.as_ref().map(|(_, bits)| *bits);
                let name = known.map(|(name, _)| name);
                let name = name.or_else(|| curve.map(|curve| curve.to_id_string()));
                ("EC".to_owned(), name, bits)
            }
            _ => match spki.algorithm.algorithm.to_id_string().as_str() {
                "1.3.101.112" => ("Ed25519".to_owned(), None, Some(256)),
                "1.3.101.113" => ("Ed448".to_owned(), None, Some(456)),
                _ => (name_of(&spki.algorithm.algorithm), None, None),
            },
        };
        Self {
            algorithm,
            curve,
            bits,
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.algorithm)?;
        match (&self.curve, self.bits) {
            (Some(curve), _) => write!(f, " {curve}"),
            (None, Some(bits)) if self.algorithm == "RSA" => write!(f, " {bits}"),
            (None, _) => Ok(()),
        }
    }
}

/// Curves with their names in FIPS 186 and RFC 5639, and the bits of their fields.
const CURVES: [(&str, &str, usize); 6] = [
    ("1.2.840.10045.3.1.7", "P-256", 256),
    ("1.3.132.0.34", "P-384", 384),
    ("1.3.132.0.35", "P-521", 521),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
];

/// The certificates of a PEM text, annotated or not. Strict like
/// [`RootsBuilder::pem`](crate::RootsBuilder::pem).
pub fn certificates(pem: impl AsRef<[u8]>) -> Result<Vec<Certificate>, Error> {
    let roots = parse("PEM text", pem.as_ref(), PrivateKeys::Ignore).map_err(Error::invalid)?;
    let certificates = roots
        .iter()
        .map(|root| Certificate::from_der(root.certificate()));
    certificates.collect()
}

/// The certificates that expire within this time from `now`, or have expired already, in their order.
pub fn expiring_within(
    certificates: &[Certificate],
    now: UnixTime,
    time: Duration,
) -> impl Iterator<Item = &Certificate> {
    let end = now.as_secs().saturating_add(time.as_secs());
    certificates
        .iter()
        .filter(move |certificate| certificate.not_after.as_secs() <= end)
}

/// The certificate with the start of 1970 in place of each date that cannot be read, if there is one: webpki does
/// not read the dates of a root, so that the root can be trusted all the same.
fn with_readable_dates(der: &[u8]) -> Option<Vec<u8>> {
    let dates = [not_before(der), not_after(der)];
    if dates.iter().all(Option::is_some) {
        return None;
    }
    let (whole, _) = Element::expect(der, SEQUENCE)?;
    let (signed, after_signed) = Element::expect(whole, SEQUENCE)?;
    let mut replaced = Vec::with_capacity(der.len());
    // Signature, issuer, validity (RFC 5280, section 4.1).
    let mut sequences = 0;
    for element in elements(signed) {
        let element = element?;
        sequences += usize::from(element.tag == SEQUENCE);
        if element.tag != SEQUENCE || sequences != 3 {
            replaced.extend(element.encoded);
            continue;
        }
        let mut encoded = elements(element.value).map(|time| time.map(|time| time.encoded));
        let start = encode(UTC_TIME, b"700101000000Z");
        let times = dates.map(|date| {
            let encoded = encoded.next().flatten();
            encoded.filter(|_| date.is_some()).unwrap_or(&start)
        });
        replaced.extend(encode(SEQUENCE, &times.concat()));
    }
    let signed = encode(SEQUENCE, &replaced);
    Some(encode(SEQUENCE, &[&signed, after_signed].concat()))
}

/// The length of an unsigned integer, big-endian, without leading zeros.
fn bits(modulus: &[u8]) -> usize {
    let first = modulus.iter().position(|byte| *byte != 0);
    let significant = first
        .and_then(|first| modulus.get(first..))
        .unwrap_or_default();
    let zeros = significant.first().map_or(0, |byte| byte.leading_zeros());
    (significant.len() * 8).saturating_sub(zeros as usize)
}

fn time(time: ASN1Time) -> UnixTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn name_of(oid: &Oid<'_>) -> String {
    static NAMES: LazyLock<OidRegistry<'_>> =
        LazyLock::new(|| OidRegistry::default().with_crypto().with_x509());
    let known = NAMES.get(oid).map(|entry| entry.sn().to_owned());
    known.unwrap_or_else(|| oid.to_id_string())
}

/// The content of a DER element with a length of any form.
fn content(der: &[u8]) -> Option<&[u8]> {
    use x509_parser::der_parser::asn1_rs::{Any, FromDer as _};

    let (_, any) = Any::from_der(der).ok()?;
    Some(any.data)
}
