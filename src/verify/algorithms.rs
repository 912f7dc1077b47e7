//! Names of the algorithms of signatures and keys, and which provider can use them.

use embedded_roots_bundle::ObjectIdentifier;
use embedded_roots_bundle::der::{self, Element};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls_pki_types::{AlgorithmIdentifier, alg_id};

/// The name of an algorithm, from the content of its `AlgorithmIdentifier`: that of the curve, for a key on one.
pub(super) fn algorithm_name(identifier: &[u8]) -> String {
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

/// The name of an object identifier.
// One copy, since every program links it.
#[inline(never)]
pub(super) fn name(names: &[(&str, &'static str)], id: &str) -> Option<&'static str> {
    let known = names.iter().find(|(known, _)| *known == id);
    known.map(|(_, name)| *name)
}

/// Whether rustls' provider aws-lc-rs verifies these signatures, by keys of this type, and ring does not. Both are
/// contents of an `AlgorithmIdentifier`.
pub(super) fn is_supported_by_aws_lc_rs(signature: &[u8], key: Option<&[u8]>) -> bool {
    AWS_LC_RS_ALONE.iter().any(|(signatures, keys)| {
        let is_key = |key| keys.iter().any(|known| known.as_ref() == key);
        signatures.iter().any(|known| known.as_ref() == signature) && key.is_none_or(is_key)
    })
}

/// What is wrong with a key that providers refuse together with its signatures, so that these seem to be bad: a part
/// of a sentence about its certificate, and advice. `key` is the content of the `SubjectPublicKeyInfo`.
pub(super) fn unusable_key(
    key: &[u8],
    algorithms: WebPkiSupportedAlgorithms,
) -> Option<(String, &'static str)> {
    let has_all = has_all_of_aws_lc_rs(algorithms);
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

/// Advice for what *ring* does not have.
pub(super) const AWS_LC_RS: &str = "the provider aws-lc-rs can (feature `aws-lc-rs`)";

/// Whether this is the provider aws-lc-rs, or another with all of its pairs of elliptic curves.
fn has_all_of_aws_lc_rs(algorithms: WebPkiSupportedAlgorithms) -> bool {
    let mut all = algorithms.all.iter();
    all.any(|each| {
        let key = each.public_key_alg_id();
        each.signature_alg_id() == alg_id::ECDSA_SHA512 && key == alg_id::ECDSA_P256
    })
}

/// Bits of RSA keys. *ring* counts whole octets.
const SHORTEST_OF_RING: usize = 2041;
const LONGEST: usize = 8192;

const P521: &[AlgorithmIdentifier] = &[alg_id::ECDSA_P521];
const CURVES: &[AlgorithmIdentifier] =
    &[alg_id::ECDSA_P256, alg_id::ECDSA_P384, alg_id::ECDSA_P521];

/// Pairs of signatures and keys. A test compares them with the providers.
const AWS_LC_RS_ALONE: &[(&[AlgorithmIdentifier], &[AlgorithmIdentifier])] = &[
    (&[alg_id::ECDSA_SHA256, alg_id::ECDSA_SHA384], P521),
    (&[alg_id::ECDSA_SHA512], CURVES),
    (&[alg_id::ML_DSA_44], &[alg_id::ML_DSA_44]),
    (&[alg_id::ML_DSA_65], &[alg_id::ML_DSA_65]),
    (&[alg_id::ML_DSA_87], &[alg_id::ML_DSA_87]),
];

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

#[cfg(all(test, feature = "ring", feature = "aws-lc-rs"))]
mod tests {
    use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};

    use super::*;

    #[test]
    fn providers_differ_as_the_table_says() {
        let pairs = |provider: CryptoProvider| -> Vec<_> {
            let algorithms = provider.signature_verification_algorithms.all.iter();
            let pairs = algorithms.map(|each| (each.signature_alg_id(), each.public_key_alg_id()));
            pairs.collect()
        };
        let of_ring = pairs(ring::default_provider());
        let of_aws_lc_rs = pairs(aws_lc_rs::default_provider());
        assert!(of_ring.iter().all(|pair| of_aws_lc_rs.contains(pair)));
        for pair in &of_aws_lc_rs {
            let is_alone = is_supported_by_aws_lc_rs(&pair.0, Some(&pair.1));
            assert_eq!(is_alone, !of_ring.contains(pair), "{pair:?}");
            let is_new = of_ring.iter().all(|(signature, _)| *signature != pair.0);
            assert!(
                !is_new || is_supported_by_aws_lc_rs(&pair.0, None),
                "{pair:?}"
            );
        }
        let in_table = AWS_LC_RS_ALONE.iter().flat_map(|(signatures, keys)| {
            let signatures = signatures.iter();
            signatures.flat_map(|signature| keys.iter().map(|key| (*signature, *key)))
        });
        for pair in in_table {
            assert!(of_aws_lc_rs.contains(&pair), "{pair:?}");
        }
    }

    /// The content of a `SubjectPublicKeyInfo` with an RSA key of this length.
    fn rsa(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= modulus.len() * 8 - bits;
        modulus.insert(0, 0);
        let key = [
            der::encode(der::INTEGER, &modulus),
            der::encode(der::INTEGER, &[1, 0, 1]),
        ];
        let key = der::encode(der::SEQUENCE, &key.concat());
        let bits = der::encode(der::BIT_STRING, &[&[0], &key[..]].concat());
        let algorithm = der::encode(der::SEQUENCE, alg_id::RSA_ENCRYPTION.as_ref());
        [algorithm, bits].concat()
    }

    /// The lengths at which the providers accept a key, by the tests of `tests/it/unsuitable.rs` and by their sources.
    #[test]
    fn short_and_long_keys_of_rsa_are_unusable() {
        for (bits, by_ring, by_aws_lc_rs) in [
            (1024, false, false),
            (2040, false, false),
            (2041, true, false),
            (2047, true, false),
            (2048, true, true),
            (8192, true, true),
            (8193, false, false),
        ] {
            let is_usable = |provider: CryptoProvider| {
                unusable_key(&rsa(bits), provider.signature_verification_algorithms).is_none()
            };
            assert_eq!(
                (
                    is_usable(ring::default_provider()),
                    is_usable(aws_lc_rs::default_provider())
                ),
                (by_ring, by_aws_lc_rs),
                "{bits}"
            );
        }
    }

    #[test]
    fn compressed_points_are_unusable_by_ring_alone() {
        let algorithm = der::encode(der::SEQUENCE, alg_id::ECDSA_P256.as_ref());
        let bits = der::encode(der::BIT_STRING, &[&[0, 2], &[1; 32][..]].concat());
        let key = [algorithm, bits].concat();
        let unusable = |provider: CryptoProvider| {
            unusable_key(&key, provider.signature_verification_algorithms).is_some()
        };
        assert!(unusable(ring::default_provider()));
        assert!(!unusable(aws_lc_rs::default_provider()));
    }

    #[test]
    fn algorithms_of_the_providers_have_names() {
        let provider = aws_lc_rs::default_provider();
        for each in provider.signature_verification_algorithms.all {
            for id in [each.signature_alg_id(), each.public_key_alg_id()] {
                let name = algorithm_name(&id);
                assert!(
                    !name.starts_with(|first: char| first.is_ascii_digit()),
                    "{name}"
                );
            }
        }
        assert_eq!(algorithm_name(&[6, 3, 0x2a, 3, 4]), "1.2.3.4");
        assert_eq!(algorithm_name(&[]), "unknown");
    }
}
