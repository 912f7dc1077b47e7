//! Names of the algorithms of signatures and keys, and the keys that rustls' crypto providers cannot use.

use rustls_pki_types::{AlgorithmIdentifier, alg_id};

use crate::x509::der::{self, Element};
use crate::x509::object_identifier::ObjectIdentifier;

/// A crypto provider of rustls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// *ring*.
    Ring,
    /// aws-lc-rs, or another with all of its pairs of elliptic curves.
    AwsLcRs,
}

/// The name of an algorithm, from the content of its `AlgorithmIdentifier`: that of the curve, for a key on one.
#[inline]
#[must_use]
pub fn algorithm_name(identifier: &[u8]) -> String {
    let mut ids = der::elements(identifier)
        .flatten()
        .filter(|element| element.tag == der::OID);
    let (first, second) = (ids.next(), ids.next());
    let Some(id) = second.or(first) else {
        return "unknown".to_owned();
    };
    let id = ObjectIdentifier::new(id.value).to_string();
    name(NAMES, &id).map_or(id, str::to_owned)
}

/// The name of an object identifier in a table.
// One copy, since every program links it.
#[inline(never)]
#[must_use]
pub fn name(names: &[(&str, &'static str)], id: &str) -> Option<&'static str> {
    let known = names.iter().find(|(known, _)| *known == id);
    known.map(|(_, name)| *name)
}

/// What is wrong with a key that providers refuse together with its signatures, so that these seem to be bad: a part
/// of a sentence about its certificate, and advice. `key` is the content of the `SubjectPublicKeyInfo`.
#[inline]
#[must_use]
pub fn unusable_key(key: &[u8], provider: Provider) -> Option<(String, &'static str)> {
    let has_all = provider == Provider::AwsLcRs;
    let (algorithm, rest) = Element::expect(key, der::SEQUENCE)?;
    let (_unused, bits) = Element::only(rest, der::BIT_STRING)?.split_first()?;
    if algorithm == alg_id::RSA_ENCRYPTION.as_ref() {
        let (modulus, _) = Element::expect(Element::only(bits, der::SEQUENCE)?, der::INTEGER)?;
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        let leading = modulus.first()?.leading_zeros() as usize;
        let length = modulus.len() * 8 - leading;
        let shortest = if has_all { 2048 } else { SHORTEST_OF_RING };
        return (!(shortest..=LONGEST).contains(&length)).then(|| {
            let (too, advice) = if length < shortest {
                ("short", "it needs a longer key")
            } else {
                ("long", "it needs a shorter key")
            };
            let why = format!(
                "has an RSA key of {length} bits, too {too} for rustls, which verifies by keys of 2048 to {LONGEST}"
            );
            (why, advice)
        });
    }
    let is_on_curve = [alg_id::ECDSA_P256, alg_id::ECDSA_P384]
        .iter()
        .any(|curve| algorithm == curve.as_ref());
    // The first octet of a point (SEC 1, section 2.3.3).
    (!has_all && is_on_curve && matches!(bits, [2 | 3, ..])).then(|| {
        let why = "has a key whose point is compressed, which the crypto provider ring cannot use";
        (why.to_owned(), AWS_LC_RS)
    })
}

/// Why the provider verifies no signature by a key: a part of a sentence about its certificate. `key` is the content of
/// the `SubjectPublicKeyInfo`.
#[must_use]
pub fn unsupported_key(key: &[u8], provider: Provider) -> Option<String> {
    let (algorithm, _) = Element::expect(key, der::SEQUENCE)?;
    let is_in = |known: &[AlgorithmIdentifier]| known.iter().any(|id| id.as_ref() == algorithm);
    if is_in(OF_BOTH) || provider == Provider::AwsLcRs && is_in(OF_AWS_LC_RS) {
        return unusable_key(key, provider).map(|(why, _)| why);
    }
    let by = if is_in(OF_AWS_LC_RS) {
        "the crypto provider ring"
    } else {
        "rustls"
    };
    Some(format!(
        "has a key of the type {}, which {by} cannot use",
        algorithm_name(algorithm)
    ))
}

/// The types of keys of both providers, and of aws-lc-rs alone. A test compares them with the providers.
const OF_BOTH: &[AlgorithmIdentifier] = &[
    alg_id::RSA_ENCRYPTION,
    alg_id::ECDSA_P256,
    alg_id::ECDSA_P384,
    alg_id::ED25519,
];
const OF_AWS_LC_RS: &[AlgorithmIdentifier] = &[
    alg_id::ECDSA_P521,
    alg_id::ML_DSA_44,
    alg_id::ML_DSA_65,
    alg_id::ML_DSA_87,
];

/// Advice for what *ring* does not have.
pub const AWS_LC_RS: &str = "the provider aws-lc-rs can (feature `aws-lc-rs`)";

/// Bits of RSA keys. *ring* counts whole octets.
const SHORTEST_OF_RING: usize = 2041;
const LONGEST: usize = 8192;

/// RFC 3279, RFC 4055, RFC 5480, RFC 5758, RFC 8410, RFC 9881, SEC 2.
const NAMES: &[(&str, &str)] = &[
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10040.4.3", "DSA with SHA-1"),
    ("1.2.840.10045.2.1", "an elliptic curve"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.3.2", "ECDSA with SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA with SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.2", "RSA with MD2"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "RSA with SHA-256"),
    ("1.2.840.113549.1.1.12", "RSA with SHA-384"),
    ("1.2.840.113549.1.1.13", "RSA with SHA-512"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];
