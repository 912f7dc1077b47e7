//! Which shapes a root has, alone and among others.

use std::collections::HashMap;

use embedded_roots::rustls::crypto::ring;
use embedded_roots_bundle::{Provider, extension, issuer, subject};
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints, ParsedExtension};
use x509_parser::public_key::PublicKey;

use crate::root::InspectedRoot;
use crate::signature::is_signed_by;

/// Roots of one file.
pub(crate) struct RootsOfFile<'a> {
    roots: &'a [InspectedRoot],
    now: UnixTime,
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    /// By subject: the number of the first one, and that of the first one with another key.
    namesakes: HashMap<&'a [u8], (usize, Option<usize>)>,
    /// By subject and key: the numbers of the first and of the last one that has expired.
    expired: HashMap<Identity<'a>, (usize, usize)>,
}

/// Subject and key.
type Identity<'a> = (&'a [u8], &'a [u8]);

impl<'a> RootsOfFile<'a> {
    pub(crate) fn new(roots: &'a [InspectedRoot], now: UnixTime) -> Self {
        let (mut namesakes, mut expired) = (HashMap::new(), HashMap::new());
        for (number, root) in roots.iter().enumerate() {
            let (subject, key) = root.identity();
            let (first, other) = namesakes.entry(subject).or_insert((number, None));
            let is_other = |first: &InspectedRoot| first.identity().1 != key;
            if other.is_none() && roots.get(*first).is_some_and(is_other) {
                *other = Some(number);
            }
            if validity(root, now) == Some("expired") {
                let (_, last) = expired.entry((subject, key)).or_insert((number, number));
                *last = number;
            }
        }
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Self {
            roots,
            now,
            algorithms: algorithms.all,
            namesakes,
            expired,
        }
    }

    /// The shapes of the root of this number, by their ids in the data.
    pub(crate) fn shapes(&self, number: usize) -> Vec<&'static str> {
        let mut shapes = self.of_key(number);
        // It can be both: a CA with names, as those of Kubernetes, and a server that issues itself alone.
        shapes.extend(self.of_server(number));
        shapes.extend(self.of_ca(number));
        shapes
    }

    /// Of its validity, its key and its signature.
    pub(crate) fn of_key(&self, number: usize) -> Vec<&'static str> {
        let Some(root) = self.roots.get(number) else {
            return Vec::new();
        };
        let mut shapes: Vec<&'static str> = validity(root, self.now).into_iter().collect();
        shapes.extend(key(root));
        shapes.extend(signature(root, self.algorithms));
        shapes
    }

    /// As the certificate of a server that is its own issuer.
    pub(crate) fn of_server(&self, number: usize) -> Option<&'static str> {
        let root = self.roots.get(number).filter(|root| is_self_issued(root))?;
        server(&root.x509()?)
    }

    /// As a CA, among the others.
    pub(crate) fn of_ca(&self, number: usize) -> Vec<&'static str> {
        let mut shapes = Vec::new();
        let root = self.roots.get(number);
        let Some((root, certificate)) = root.and_then(|root| Some((root, root.x509()?))) else {
            return shapes;
        };
        shapes.extend(names(&certificate));
        shapes.extend(numbers(&certificate));
        if root.certificate.version() < 3 {
            shapes.push("version-1");
        } else if root.certificate.is_ca() != Some(false) {
            shapes.extend(extensions(&certificate, is_self_issued(root)));
            shapes.extend(self.among(root, number));
        }
        shapes
    }

    /// What the other roots make of it.
    fn among(&self, root: &InspectedRoot, number: usize) -> Vec<&'static str> {
        let der = root.root.certificate();
        let issuers = issuer(der).and_then(|name| self.namesakes.get(name.as_der()));
        let issuers = issuers
            .into_iter()
            .flat_map(|(first, other)| [Some(*first), *other]);
        let mut issuers = issuers
            .flatten()
            .filter_map(|number| self.roots.get(number));
        let has_issuer = issuers.any(|issuer| {
            is_signed_by(der, issuer.root.certificate(), self.algorithms) != Some(false)
        });
        let (subject, key) = root.identity();
        let is_expired = validity(root, self.now) == Some("expired");
        let expired = self.expired.get(&(subject, key)).filter(|_| !is_expired);
        let shapes = [
            (!is_self_issued(root) && !has_issuer, "issuing-ca"),
            (
                expired.is_some_and(|(first, _)| *first < number),
                "expired-before-renewed",
            ),
            (
                expired.is_some_and(|(_, last)| *last > number),
                "renewed-before-expired",
            ),
        ];
        let mut all = of(&shapes);
        // Told of the second one.
        if let Some(&(first, Some(second))) = self.namesakes.get(subject) {
            if second == number {
                let first = self.roots.get(first);
                let has_no_id = |root: &InspectedRoot| {
                    extension(root.root.certificate(), SUBJECT_KEY_IDENTIFIER).is_none()
                };
                all.extend(["same-name-first", "same-name-second"]);
                all.extend(if has_no_id(root) && first.is_some_and(has_no_id) {
                    &["same-name-no-identifiers"][..]
                } else {
                    &[
                        "same-name-first-no-identifier",
                        "same-name-second-no-identifier",
                    ]
                });
            }
        }
        all
    }
}

pub(crate) fn is_self_issued(root: &InspectedRoot) -> bool {
    let der = root.root.certificate();
    subject(der) == issuer(der)
}

/// Whether a certificate is its own issuer and has names that one asks a server by, as `openssl req -x509` makes it.
pub(crate) fn is_of_server(root: &InspectedRoot) -> bool {
    is_self_issued(root) && root.x509().is_some_and(|it| has_names_of_a_server(&it))
}

fn validity(root: &InspectedRoot, now: UnixTime) -> Option<&'static str> {
    let start = root.certificate.not_before().as_secs();
    let end = root.certificate.not_after().as_secs();
    if root.unreadable_validity().is_some() {
        None
    } else if end < now.as_secs() {
        Some("expired")
    } else if start > now.as_secs() {
        Some("not-yet-valid")
    } else {
        (end >= YEAR_9999).then_some("year-9999")
    }
}

/// id-ce-subjectKeyIdentifier (2.5.29.14)
pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];

/// 9999-01-01T00:00:00Z
const YEAR_9999: u64 = 253_370_764_800;

fn key(root: &InspectedRoot) -> Option<&'static str> {
    let key = root.certificate.key();
    match (key.algorithm(), key.curve(), key.bits()) {
        // Between this and 2048 bits, programs differ.
        ("RSA", _, Some(..=1536)) => Some("rsa-1024"),
        ("RSA", _, Some(4096)) => Some("rsa-4096"),
        ("RSA", _, Some(4097..)) => Some("rsa-8192"),
        ("EC", Some("P-521"), _) => Some("p-521"),
        ("Ed25519", ..) => Some("ed25519"),
        ("Ed448", ..) => Some("ed448"),
        ("rsassa-pss" | RSASSA_PSS, ..) => Some("rsassa-pss-key"),
        (algorithm, ..) if ML_DSA.contains(&algorithm) => Some("ml-dsa"),
        _ => None,
    }
}

/// RFC 4055.
const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
/// RFC 9881: ML-DSA-44, ML-DSA-65 and ML-DSA-87.
const ML_DSA: [&str; 3] = [
    "2.16.840.1.101.3.4.3.17",
    "2.16.840.1.101.3.4.3.18",
    "2.16.840.1.101.3.4.3.19",
];

/// Its own signature, of which programs know more than what it issues with.
fn signature(
    root: &InspectedRoot,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Vec<&'static str> {
    let algorithm = root.certificate.signature_algorithm().to_lowercase();
    let der = root.root.certificate();
    // *ring* says of a key that it cannot use that the signature is bad.
    let is_bad = || {
        is_self_issued(root)
            && root.root.unusable(Provider::Ring).is_none()
            && is_signed_by(der, der, algorithms) == Some(false)
    };
    let shapes = [
        (algorithm.contains("sha1"), "sha1"),
        (is_bad(), "bad-self-signature"),
    ];
    of(&shapes)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<&'static str> {
    let subject = certificate.subject();
    let common: Vec<_> = subject.iter_common_name().collect();
    let is_long = |name: &str| name.chars().count() > 64;
    let shapes = [
        (subject.iter_attributes().next().is_none(), "empty-subject"),
        (common.len() > 1, "two-common-names"),
        (
            (common.iter()).any(|name| name.as_str().is_ok_and(is_long)),
            "long-common-name",
        ),
        (
            subject
                .iter_attributes()
                .any(|attribute| attribute.attr_value().header.tag().0 == BMP_STRING),
            "bmp-string",
        ),
    ];
    of(&shapes)
}

const BMP_STRING: u32 = 0x1e;

/// The serial number, and the exponent of an RSA key.
fn numbers(certificate: &X509Certificate<'_>) -> Vec<&'static str> {
    let serial = certificate.raw_serial();
    let exponent = match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => key.try_exponent().ok(),
        _ => None,
    };
    let shapes = [
        (
            serial.first().is_some_and(|first| first & 0x80 != 0),
            "negative-serial",
        ),
        (serial.iter().all(|byte| *byte == 0), "serial-zero"),
        (serial.len() == 21, "serial-21-octets"),
        (serial.len() > 21, "serial-22-octets"),
        (exponent == Some(3), "rsa-exponent-3"),
    ];
    of(&shapes)
}

/// How the certificate of a server is made that is its own issuer.
fn server(certificate: &X509Certificate<'_>) -> Option<&'static str> {
    let basic = certificate.basic_constraints().ok().flatten();
    let usage = certificate.key_usage().ok().flatten();
    let shape = match (basic, usage) {
        (Some(basic), _) if !basic.value.ca => "server-not-ca",
        (Some(_), Some(_)) => "server-ca",
        (Some(_), None) => "server-openssl-req",
        (None, _) => "server-no-basic-constraints",
    };
    has_names_of_a_server(certificate).then_some(shape)
}

fn has_names_of_a_server(certificate: &X509Certificate<'_>) -> bool {
    let names = certificate.subject_alternative_name().ok().flatten();
    let mut names = names.iter().flat_map(|names| &names.value.general_names);
    names.any(|name| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_)))
}

/// Of the extensions of a CA.
fn extensions(certificate: &X509Certificate<'_>, is_self_issued: bool) -> Vec<&'static str> {
    let basic = certificate.basic_constraints().ok().flatten();
    let usage = certificate.key_usage().ok().flatten();
    let usages = certificate.extended_key_usage().ok().flatten();
    let constraints = certificate.name_constraints().ok().flatten();
    let (mut subject_key, mut authority) = (None, None);
    let (mut has_critical_policies, mut requires_a_policy) = (false, false);
    let mut has_unknown_critical = false;
    for extension in certificate.extensions() {
        let is_critical = extension.critical;
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => subject_key = Some(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => authority = Some(id),
            ParsedExtension::CertificatePolicies(_) => has_critical_policies = is_critical,
            ParsedExtension::PolicyConstraints(policies) => {
                requires_a_policy = is_critical && policies.require_explicit_policy.is_some();
            }
            ParsedExtension::UnsupportedExtension { .. } => has_unknown_critical |= is_critical,
            _ => {}
        }
    }
    let authority_key = authority.and_then(|id| id.key_identifier.as_ref());
    let keys = subject_key.zip(authority_key.map(|id| id.0));
    let authority_serial = authority.and_then(|id| id.authority_cert_serial);
    let serials = Some(certificate.raw_serial()).zip(authority_serial);
    let is_other_key = is_self_issued
        && [keys, serials]
            .into_iter()
            .flatten()
            .any(|(own, other)| own != other);
    let (has_basic, has_usage) = (basic.is_some(), usage.is_some());
    let is_not_critical = basic.as_ref().is_some_and(|basic| !basic.critical);
    let path_length = basic.and_then(|basic| basic.value.path_len_constraint);
    let cannot_sign = usage.is_some_and(|usage| !usage.value.key_cert_sign());
    let shapes = [
        (!has_basic && has_usage, "no-basic-constraints"),
        (
            !has_basic && !has_usage,
            "no-basic-constraints-no-key-usage",
        ),
        (has_basic && !has_usage, "no-key-usage"),
        (cannot_sign, "no-cert-sign"),
        (is_not_critical, "basic-constraints-not-critical"),
        (path_length == Some(0), "path-length-leaf"),
        (subject_key.is_none(), "no-subject-key-identifier"),
        (is_other_key, "other-authority-key-identifier"),
        (has_critical_policies, "critical-policies"),
        (requires_a_policy, "policy-constraints"),
        (has_unknown_critical, "unknown-critical-extension"),
    ];
    let purpose = usages.map(
        |usages| match (usages.value.any, usages.value.server_auth) {
            (_, true) => "server-auth",
            (true, false) if usages.critical => "any-usage-critical",
            (true, false) => "any-usage",
            (false, false) => "client-auth-alone",
        },
    );
    let constrained =
        constraints.and_then(|constraints| constrained(constraints.critical, constraints.value));
    let mut all = of(&shapes);
    all.extend(purpose);
    all.extend(constrained);
    all
}

/// The shape of the first kind of constraints that programs differ about.
fn constrained(is_critical: bool, constraints: &NameConstraints<'_>) -> Option<&'static str> {
    let subtrees = |subtrees: &Option<Vec<GeneralSubtree<'_>>>,
                    is: fn(&GeneralName<'_>) -> bool| {
        let mut subtrees = subtrees.iter().flatten();
        subtrees.any(|subtree| is(&subtree.base))
    };
    let (permitted, excluded) = (
        &constraints.permitted_subtrees,
        &constraints.excluded_subtrees,
    );
    let either = |is| subtrees(permitted, is) || subtrees(excluded, is);
    if is_critical && either(|name| matches!(name, GeneralName::DirectoryName(_))) {
        Some("constraints-directory-name")
    } else if either(|name| matches!(name, GeneralName::DNSName(name) if name.starts_with('.'))) {
        Some(if is_critical {
            "constraints-with-dot"
        } else {
            "constraints-not-critical"
        })
    } else if !is_critical {
        None
    } else if subtrees(
        excluded,
        |name| matches!(name, GeneralName::IPAddress(octets) if octets.iter().all(|octet| *octet == 0)),
    ) {
        Some("constraints-excluded-addresses")
    } else if subtrees(permitted, |name| matches!(name, GeneralName::DNSName(_))) {
        Some("constraints-without-dot")
    } else {
        let is_dns = |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(_));
        subtrees(excluded, is_dns).then_some("constraints-excluded")
    }
}

fn of(shapes: &[(bool, &'static str)]) -> Vec<&'static str> {
    let shapes = shapes.iter().filter(|(is, _)| *is);
    shapes.map(|(_, shape)| *shape).collect()
}
