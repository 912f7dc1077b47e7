//! What webpki refuses in a chain whose root is known: which certificate, and what in it.
//!
//! These are messages. They check no signature, and name the first certificate that fits the error.

use embedded_roots_bundle::der::{self, Element};
use embedded_roots_bundle::{
    AWS_LC_RS, DistinguishedName, ObjectIdentifier, algorithm_name, critical_extension, extension,
    name, name_outside, signature_algorithm, subject, subject_public_key_info,
    unsupported_constraint, unusable_key,
};
use rustls::CertificateError;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls_pki_types::CertificateDer;

use crate::bundle::anchor::Anchor;
use crate::verify::algorithms::{is_supported_by_aws_lc_rs, provider_of};
use crate::verify::dates::{Issuers, is_bad_signature};
use crate::verify::reason::{Defect, PIN};
use crate::verify::refusal::Refusal;
use crate::verify::search::{Chain, Purpose};

/// The reason of a refusal, where it is something in a certificate. `intermediates` are those to which names lead from
/// the end entity.
pub(super) fn explain(
    refused: &rustls::Error,
    chain: Chain<'_>,
    intermediates: &[&CertificateDer<'_>],
    issuers: &Issuers<'_>,
    provider: &CryptoProvider,
) -> Option<Refusal> {
    let rustls::Error::InvalidCertificate(error) = refused else {
        return None;
    };
    let path = Path {
        end_entity: chain.end_entity,
        roots: issuers.reached(chain.end_entity, intermediates),
        intermediates,
        algorithms: provider.signature_verification_algorithms,
    };
    match error {
        CertificateError::Other(other) => match other.0.downcast_ref()? {
            webpki::Error::NameConstraintViolation => path.name_constraints(),
            webpki::Error::UnsupportedCriticalExtension => path.critical_extension(),
            webpki::Error::CaUsedAsEndEntity => Some(path.ca_as_end_entity(chain.purpose)),
            _ => None,
        },
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => path.unsupported_algorithm(signature_algorithm_id, None),
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        } => {
            let mut all = provider.signature_verification_algorithms.all.iter();
            // If it can use the key, the signature is by another one, and thus bad.
            if all.any(|each| each.public_key_alg_id().as_ref() == public_key_algorithm_id) {
                return path.bad_signature();
            }
            path.unsupported_algorithm(signature_algorithm_id, Some(public_key_algorithm_id))
        }
        CertificateError::BadSignature => path.unusable_key().or_else(|| path.bad_signature()),
        CertificateError::InvalidPurposeContext { .. } => path.wrong_purpose(chain.purpose),
        _ => None,
    }
}

/// Why the signature of a handshake seems to be bad, where it is the key of the certificate.
#[cold]
#[inline(never)]
pub(super) fn explain_signature(
    refused: rustls::Error,
    certificate: &CertificateDer<'_>,
    provider: &CryptoProvider,
) -> rustls::Error {
    if !is_bad_signature(&refused) {
        return refused;
    }
    match unusable_key_of(certificate, provider.signature_verification_algorithms) {
        Some(refusal) => refusal.replacing(refused).into(),
        None => refused,
    }
}

/// The certificates to which names lead from the end entity.
struct Path<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [&'a CertificateDer<'a>],
    roots: Vec<&'a Anchor>,
    algorithms: WebPkiSupportedAlgorithms,
}

// With plain loops and few closures: every program links this.
impl<'a> Path<'a> {
    fn name_constraints(&self) -> Option<Refusal> {
        let mut all = Vec::new();
        for root in &self.roots {
            let anchor = root.trust_anchor();
            if let Some(constraints) = &anchor.name_constraints {
                all.push((
                    DistinguishedName::new(&anchor.subject),
                    true,
                    &**constraints,
                ));
            }
        }
        for certificate in self.intermediates {
            let constraints = extension(certificate, NAME_CONSTRAINTS)
                .and_then(|value| Element::only(value, der::SEQUENCE));
            if let (Some(name), Some(constraints)) = (subject(certificate), constraints) {
                all.push((name, false, constraints));
            }
        }
        for &(ca, is_root, constraints) in &all {
            if let Some(name) = name_outside(self.end_entity, constraints) {
                return Some(Refusal::outside_constraints(ca, is_root, constraints, name));
            }
        }
        for &(ca, _, constraints) in &all {
            if let Some(kind) = unsupported_constraint(self.end_entity, constraints) {
                let why = [
                    "has name constraints of a kind that is not supported: ",
                    kind,
                ]
                .concat();
                let advice = "certificates below it that have such a name are refused, even if it is permitted";
                return Some(Refusal::unsuitable(
                    Some(ca),
                    Defect::NameConstraint,
                    why,
                    advice,
                ));
            }
        }
        None
    }

    fn critical_extension(&self) -> Option<Refusal> {
        self.find(Defect::CriticalExtension, &|certificate| {
            let id = ObjectIdentifier::new(critical_extension(certificate, PROCESSED)?).to_string();
            let name = name(EXTENSION_NAMES, &id).unwrap_or("unknown");
            let why = [
                "has a critical extension that is not supported: ",
                name,
                " (",
                &id,
                ")",
            ];
            let advice = "its CA must issue it without this extension, or not mark it as critical";
            Some((why.concat(), advice))
        })
    }

    /// `signature` and `key` are the contents of an `AlgorithmIdentifier`.
    fn unsupported_algorithm(&self, signature: &[u8], key: Option<&[u8]>) -> Option<Refusal> {
        self.find(Defect::Algorithm, &|certificate| {
            if signature_algorithm(certificate) != Some(signature) {
                return None;
            }
            let name = algorithm_name(signature);
            let (by, key_name) = match key {
                Some(key) => (" by a key of the type ", algorithm_name(key)),
                None => ("", String::new()),
            };
            let advice = if is_supported_by_aws_lc_rs(signature, key) {
                AWS_LC_RS
            } else {
                ""
            };
            let cannot = ", which the crypto provider cannot verify";
            let why = ["is signed with ", &name, by, &key_name, cannot].concat();
            Some((why, advice))
        })
    }

    /// A bad signature can mean that the provider cannot use the key of an issuer.
    fn unusable_key(&self) -> Option<Refusal> {
        for certificate in self.intermediates {
            if let Some(refusal) = unusable_key_of(certificate, self.algorithms) {
                return Some(refusal);
            }
        }
        for root in &self.roots {
            let anchor = root.trust_anchor();
            if let Some((why, advice)) = unusable_key(
                &anchor.subject_public_key_info,
                provider_of(self.algorithms),
            ) {
                let name = DistinguishedName::new(&anchor.subject);
                return Some(Refusal::unsuitable(
                    Some(name),
                    Defect::Algorithm,
                    why,
                    advice,
                ));
            }
        }
        None
    }

    /// Another key has the name of an issuer.
    fn bad_signature(&self) -> Option<Refusal> {
        let root = self.roots.first()?.trust_anchor();
        Some(Refusal::bad_signature(DistinguishedName::new(
            &root.subject,
        )))
    }

    fn ca_as_end_entity(&self, purpose: Purpose<'_>) -> Refusal {
        let (why, advice) = match purpose {
            Purpose::Server(_) => ("is the certificate of a CA, which a server cannot use", PIN),
            Purpose::Client => ("is the certificate of a CA, which a client cannot use", ""),
        };
        Refusal::unsuitable(subject(self.end_entity), Defect::Ca, why.to_owned(), advice)
    }

    fn wrong_purpose(&self, purpose: Purpose<'_>) -> Option<Refusal> {
        let (wanted, peers, advice) = match purpose {
            Purpose::Server(_) => (SERVER_AUTH, "servers", ""),
            Purpose::Client => (
                CLIENT_AUTH,
                "clients",
                "public CAs stop issuing certificates for clients (Chrome Root Program Policy 1.8): use a private CA",
            ),
        };
        self.find(Defect::Purpose, &|certificate| {
            let usages = Element::only(extension(certificate, EXTENDED_KEY_USAGE)?, der::SEQUENCE)?;
            let mut why = ["is not for ", peers, ": its extended key usage is"].concat();
            let mut between = " ";
            for usage in der::elements(usages).flatten() {
                if usage.value == wanted {
                    return None;
                }
                why.push_str(between);
                let id = ObjectIdentifier::new(usage.value).to_string();
                why.push_str(name(PURPOSE_NAMES, &id).unwrap_or(&id));
                between = ", ";
            }
            Some((why, advice))
        })
    }

    /// The first certificate with a defect.
    fn find(
        &self,
        defect: Defect,
        why: &dyn Fn(&CertificateDer<'a>) -> Option<(String, &'static str)>,
    ) -> Option<Refusal> {
        let mut certificate = self.end_entity;
        let mut rest = self.intermediates.iter();
        loop {
            if let Some((why, advice)) = why(certificate) {
                return Some(Refusal::unsuitable(
                    subject(certificate),
                    defect,
                    why,
                    advice,
                ));
            }
            certificate = rest.next()?;
        }
    }
}

fn unusable_key_of(
    certificate: &CertificateDer<'_>,
    algorithms: WebPkiSupportedAlgorithms,
) -> Option<Refusal> {
    let key = Element::only(subject_public_key_info(certificate)?, der::SEQUENCE)?;
    let (why, advice) = unusable_key(key, provider_of(algorithms))?;
    Some(Refusal::unsuitable(
        subject(certificate),
        Defect::Algorithm,
        why,
        advice,
    ))
}

/// id-ce-nameConstraints (2.5.29.30) and id-ce-extKeyUsage (2.5.29.37)
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// id-kp-serverAuth and id-kp-clientAuth (RFC 5280, section 4.2.1.12)
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

/// The extensions that webpki 0.103 processes, or ignores even if they are critical: keyUsage, subjectAltName,
/// basicConstraints, nameConstraints, cRLDistributionPoints, extKeyUsage, and signed certificate timestamps.
const PROCESSED: &[&[u8]] = &[
    &[0x55, 0x1d, 15],
    &[0x55, 0x1d, 17],
    &[0x55, 0x1d, 19],
    NAME_CONSTRAINTS,
    &[0x55, 0x1d, 31],
    EXTENDED_KEY_USAGE,
    &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2],
];

/// Extensions that are critical in certificates of the field (RFC 5280, section 4.2; RFC 3739; RFC 6962; RFC 7633).
const EXTENSION_NAMES: &[(&str, &str)] = &[
    ("2.5.29.16", "privateKeyUsagePeriod"),
    ("2.5.29.32", "certificatePolicies"),
    ("2.5.29.33", "policyMappings"),
    ("2.5.29.36", "policyConstraints"),
    ("2.5.29.54", "inhibitAnyPolicy"),
    ("1.3.6.1.5.5.7.1.3", "qcStatements"),
    ("1.3.6.1.5.5.7.1.24", "TLS feature"),
    ("1.3.6.1.4.1.11129.2.4.3", "poison of a precertificate"),
    ("2.16.840.1.113730.1.1", "netscape-cert-type"),
];

/// RFC 5280, section 4.2.1.12.
const PURPOSE_NAMES: &[(&str, &str)] = &[
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
];
