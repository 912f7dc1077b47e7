//! Which crypto provider can use which algorithms.

use embedded_roots_bundle::Provider;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls_pki_types::{AlgorithmIdentifier, alg_id};

/// Whether rustls' provider aws-lc-rs verifies these signatures, by keys of this type, and ring does not. Both are
/// contents of an `AlgorithmIdentifier`.
pub(super) fn is_supported_by_aws_lc_rs(signature: &[u8], key: Option<&[u8]>) -> bool {
    let mut pairs = AWS_LC_RS_ALONE.iter();
    pairs.any(|(signatures, keys)| {
        is_one_of(signatures, signature) && key.is_none_or(|key| is_one_of(keys, key))
    })
}

#[inline(never)]
fn is_one_of(ids: &[AlgorithmIdentifier], id: &[u8]) -> bool {
    ids.iter().any(|known| known.as_ref() == id)
}

/// The provider with these algorithms.
// One copy, since every program links it.
#[inline(never)]
pub(super) fn provider_of(algorithms: WebPkiSupportedAlgorithms) -> Provider {
    let mut all = algorithms.all.iter();
    let has_all_curves = all.any(|each| {
        let key = each.public_key_alg_id();
        each.signature_alg_id() == alg_id::ECDSA_SHA512 && key == alg_id::ECDSA_P256
    });
    if has_all_curves {
        Provider::AwsLcRs
    } else {
        Provider::Ring
    }
}

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

#[cfg(all(test, feature = "ring", feature = "aws-lc-rs"))]
mod tests {
    use embedded_roots_bundle::der;
    use embedded_roots_bundle::{algorithm_name, unsupported_key, unusable_key};
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
                unusable_key(
                    &rsa(bits),
                    provider_of(provider.signature_verification_algorithms),
                )
                .is_none()
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

    /// The types of keys with which a provider verifies something are those that `unsupported_key` knows.
    #[test]
    fn keys_of_other_types_are_unsupported() {
        for provider in [ring::default_provider(), aws_lc_rs::default_provider()] {
            let algorithms = provider.signature_verification_algorithms;
            let all = aws_lc_rs::default_provider().signature_verification_algorithms;
            for each in all.all {
                let id = each.public_key_alg_id();
                if id == alg_id::RSA_ENCRYPTION {
                    continue;
                }
                let algorithm = der::encode(der::SEQUENCE, &id);
                let bits = der::encode(der::BIT_STRING, &[0, 4]);
                let key = [algorithm, bits].concat();
                let mut own = algorithms.all.iter();
                let is_own = own.any(|own| own.public_key_alg_id() == id);
                let why = unsupported_key(&key, provider_of(algorithms));
                assert_eq!(why.is_none(), is_own, "{id:?}: {why:?}");
            }
        }
        let ed448 = der::encode(der::SEQUENCE, &[6, 3, 0x2b, 0x65, 0x71]);
        assert_eq!(
            unsupported_key(&ed448, Provider::AwsLcRs).unwrap(),
            "has a key of the type Ed448, which rustls cannot use"
        );
        assert!(unsupported_key(&rsa(4096), Provider::Ring).is_none());
        assert!(unsupported_key(&rsa(1024), Provider::AwsLcRs).is_some());
    }

    #[test]
    fn compressed_points_are_unusable_by_ring_alone() {
        let algorithm = der::encode(der::SEQUENCE, alg_id::ECDSA_P256.as_ref());
        let bits = der::encode(der::BIT_STRING, &[&[0, 2], &[1; 32][..]].concat());
        let key = [algorithm, bits].concat();
        let unusable = |provider: CryptoProvider| {
            unusable_key(
                &key,
                provider_of(provider.signature_verification_algorithms),
            )
            .is_some()
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
