//! What keys may be used for: basic constraints, key usages, extended key usages, and extensions that
//! nobody knows.

use embedded_roots_testing::authority::{intermediate_with, root, root_with, server, server_with};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose as Extended,
    IsCa, KeyUsagePurpose as Usage,
};

use crate::case::Verdict::{Accepted, Refused};
use crate::case::{Case, Verdict};

const NAME: &str = "a.example";

/// An arc that is nobody's.
const NOBODYS: &[u64] = &[1, 3, 6, 1, 4, 1, 55555, 1];

type Change = fn(&mut CertificateParams);

/// By where the change is made: the verdicts on the end-entity certificate, on an intermediate and on
/// a root.
const CHANGES: &[(&str, Change, [Verdict; 3])] = &[
    (
        "key usage absent",
        |params| params.key_usages = vec![],
        [Accepted; 3],
    ),
    // webpki ignores the key usage of a certificate in a chain. We check that of a root.
    (
        "key usage digitalSignature",
        |params| params.key_usages = vec![Usage::DigitalSignature],
        [Accepted, Accepted, Refused],
    ),
    (
        "key usage keyEncipherment",
        |params| params.key_usages = vec![Usage::KeyEncipherment],
        [Accepted, Accepted, Refused],
    ),
    (
        "key usage keyAgreement",
        |params| params.key_usages = vec![Usage::KeyAgreement],
        [Accepted, Accepted, Refused],
    ),
    (
        "key usage cRLSign",
        |params| params.key_usages = vec![Usage::CrlSign],
        [Accepted, Accepted, Refused],
    ),
    (
        "key usage keyCertSign",
        |params| params.key_usages = vec![Usage::KeyCertSign],
        [Accepted; 3],
    ),
    (
        "key usages of all kinds",
        |params| {
            params.key_usages = vec![
                Usage::DigitalSignature,
                Usage::KeyEncipherment,
                Usage::KeyCertSign,
                Usage::CrlSign,
            ];
        },
        [Accepted; 3],
    ),
    (
        "extended key usage absent",
        |params| params.extended_key_usages = vec![],
        [Accepted; 3],
    ),
    (
        "extended key usage serverAuth",
        |params| params.extended_key_usages = vec![Extended::ServerAuth],
        [Accepted; 3],
    ),
    (
        "extended key usages serverAuth and clientAuth",
        |params| params.extended_key_usages = vec![Extended::ServerAuth, Extended::ClientAuth],
        [Accepted; 3],
    ),
    // An anchor is a name and a key: webpki keeps no extended key usage of a root.
    (
        "extended key usage clientAuth",
        |params| params.extended_key_usages = vec![Extended::ClientAuth],
        [Refused, Refused, Accepted],
    ),
    (
        "extended key usage emailProtection",
        |params| params.extended_key_usages = vec![Extended::EmailProtection],
        [Refused, Refused, Accepted],
    ),
    (
        "extended key usage OCSPSigning",
        |params| params.extended_key_usages = vec![Extended::OcspSigning],
        [Refused, Refused, Accepted],
    ),
    (
        "extended key usage any",
        |params| params.extended_key_usages = vec![Extended::Any],
        [Refused, Refused, Accepted],
    ),
    (
        "extended key usage of nobody",
        |params| params.extended_key_usages = vec![Extended::Other(NOBODYS.to_vec())],
        [Refused, Refused, Accepted],
    ),
    (
        "unknown extension",
        |params| params.custom_extensions = vec![unknown(false)],
        [Accepted; 3],
    ),
    (
        "unknown critical extension",
        |params| params.custom_extensions = vec![unknown(true)],
        [Refused, Refused, Accepted],
    ),
    // A root that does not say that it is not a CA is treated as a CA.
    (
        "basic constraints absent",
        |params| params.is_ca = IsCa::NoCa,
        [Accepted, Refused, Accepted],
    ),
    (
        "basic constraints of no CA",
        |params| params.is_ca = IsCa::ExplicitNoCa,
        [Accepted, Refused, Refused],
    ),
    (
        "basic constraints of a CA",
        |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        [Refused, Accepted, Accepted],
    ),
];

fn unknown(critical: bool) -> CustomExtension {
    // NULL
    let mut extension = CustomExtension::from_oid_content(NOBODYS, vec![5, 0]);
    extension.set_criticality(critical);
    extension
}

pub(crate) fn cases() -> Vec<Case> {
    let ca = root("CA");
    let mut cases = Vec::new();
    for (what, change, [leaf, between, root]) in CHANGES {
        let identity = server_with(&ca, NAME, change);
        let name = format!("leaf with {what}");
        cases.push(Case::new(name, &[&ca], identity, NAME, *leaf));

        let changed = intermediate_with("Between", &ca, change);
        let identity = server(&changed, NAME).with(&changed);
        let name = format!("intermediate with {what}");
        cases.push(Case::new(name, &[&ca], identity, NAME, *between));

        let changed = root_with("Changed CA", change);
        let identity = server(&changed, NAME);
        let name = format!("root with {what}");
        cases.push(Case::new(name, &[&changed], identity, NAME, *root));
    }
    cases
}
