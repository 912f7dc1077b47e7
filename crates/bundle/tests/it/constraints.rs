//! Imposed name constraints apply together with the certificate's own. webpki is the oracle.

use std::net::IpAddr;
use std::time::Duration;

use embedded_roots_bundle::{Annotation, Root};
use embedded_roots_testing::authority::{ca_params, key};
use rcgen::{
    CertificateParams, CidrSubnet, CustomExtension, GeneralSubtree, Issuer, KeyPair,
    NameConstraints, SanType,
};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage};

/// Every pair of these is joined.
const CONSTRAINTS: &[&str] = &[
    "permitted-dns=example",
    "permitted-dns=.example",
    "permitted-dns=a.example",
    "permitted-dns=.a.example",
    "permitted-dns=A.Example,b.example",
    "permitted-dns=b.example,test",
    "permitted-dns=ba.example",
    "permitted-dns=example excluded-dns=.a.example",
    "excluded-dns=a.example",
    "excluded-dns=.a.example",
    "excluded-dns=x.a.example,b.example",
    "permitted-ip=10.0.0.0/8",
    "permitted-ip=10.1.0.0/16,192.168.0.0/16",
    "permitted-ip=10.1.2.3/32,fd00::/8",
    "permitted-ip=fd00::/16",
    "permitted-ip=0.0.0.0/0",
    "permitted-ip=::/0",
    "excluded-ip=10.1.0.0/16",
    "permitted-ip=10.0.0.0/8 excluded-ip=10.1.0.0/16",
    "permitted-dns=.example permitted-ip=10.0.0.0/8",
    "excluded-dns=test excluded-ip=fd00::/8",
];

/// Each line has the names of one end-entity certificate.
const NAMES: &[&str] = &[
    "example",
    "a.example",
    "A.EXAMPLE",
    "ba.example",
    "x.a.example",
    "y.x.a.example",
    "b.example",
    "x.b.example",
    "test",
    "x.test",
    "*.a.example",
    "10.0.0.1",
    "10.1.0.1",
    "10.1.2.3",
    "11.0.0.1",
    "192.168.0.1",
    "::ffff:10.0.0.1",
    "fd00::1",
    "fd01::1",
    "fe80::1",
    "a.example test",
    "a.example 10.0.0.1",
    "x.a.example 10.1.2.3",
    "b.example fd00::1",
    "a.example root@a.example",
];

/// The key that all roots share, and the end-entity certificates that it has signed.
struct Authority {
    key: KeyPair,
    end_entities: Vec<(&'static str, CertificateDer<'static>)>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let params = ca_params("Example Root");
        let issuer = Issuer::from_params(&params, &key);
        let end_entities = NAMES.iter().map(|&names| {
            let mut params = CertificateParams::default();
            params.subject_alt_names = names.split(' ').map(general_name).collect();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            (names, certificate.into())
        });
        let end_entities = end_entities.collect();
        Self { key, end_entities }
    }

    fn root(&self, own: Option<NameConstraints>) -> CertificateDer<'static> {
        let mut params = ca_params("Example Root");
        params.name_constraints = own;
        params.self_signed(&self.key).unwrap().into()
    }

    /// Whether webpki trusts each of the end-entity certificates.
    fn verdicts(&self, anchor: &TrustAnchor<'_>) -> Vec<bool> {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let end_entities = self.end_entities.iter();
        let verdict = |(_, der): &(_, _)| {
            let end_entity = EndEntityCert::try_from(der).unwrap();
            let verified = end_entity.verify_for_usage(
                ALL_VERIFICATION_ALGS,
                std::slice::from_ref(anchor),
                &[],
                now,
                KeyUsage::server_auth(),
                None,
                None,
            );
            match verified {
                Ok(_) => true,
                Err(webpki::Error::NameConstraintViolation) => false,
                Err(error) => panic!("{error}"),
            }
        };
        end_entities.map(verdict).collect()
    }
}

fn general_name(name: &str) -> SanType {
    let text = || name.to_owned().try_into().unwrap();
    match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) if name.contains('@') => SanType::Rfc822Name(text()),
        Err(_) => SanType::DnsName(text()),
    }
}

/// The constraints of an annotation, as rcgen writes them into a certificate.
fn said_by_rcgen(pairs: &str) -> NameConstraints {
    let subtrees = |set: &str| -> Vec<_> {
        let pairs = pairs.split(' ').filter_map(|pair| pair.strip_prefix(set));
        let subtrees = pairs.flat_map(|pair| {
            let (kind, values) = pair.split_once('=').unwrap();
            values.split(',').map(move |value| match kind {
                "dns" => GeneralSubtree::DnsName(value.to_owned()),
                _ => GeneralSubtree::IpAddress(value.parse::<CidrSubnet>().unwrap()),
            })
        });
        subtrees.collect()
    };
    NameConstraints {
        permitted_subtrees: subtrees("permitted-"),
        excluded_subtrees: subtrees("excluded-"),
    }
}

fn imposed_on(certificate: &CertificateDer<'static>, pairs: &str) -> Result<Root, String> {
    let annotation: Annotation = pairs.parse().unwrap();
    Root::new(certificate.clone(), annotation, 0).map_err(|error| error.to_string())
}

/// What [`Annotation`] promises. Without this, the comparison below could pass with constraints
/// that have no effect.
#[test]
fn annotated_name_constraints_have_their_documented_meaning() {
    let authority = Authority::new();
    let plain = authority.root(None);
    for (pairs, allowed, refused) in [
        (
            "permitted-dns=a.example",
            &[
                "a.example",
                "A.EXAMPLE",
                "x.a.example",
                "*.a.example",
                "10.0.0.1",
            ][..],
            &["example", "ba.example", "test", "a.example test"][..],
        ),
        (
            "permitted-dns=.a.example",
            &["x.a.example", "y.x.a.example", "*.a.example", "fd00::1"],
            &["a.example", "example", "ba.example"],
        ),
        (
            "excluded-dns=a.example",
            &["example", "ba.example", "test", "10.0.0.1"],
            &["a.example", "x.a.example", "*.a.example"],
        ),
        (
            "excluded-dns=.a.example",
            &["example", "a.example", "test"],
            &["x.a.example", "*.a.example"],
        ),
        (
            "permitted-ip=10.0.0.0/8",
            &["10.0.0.1", "10.1.2.3", "test"],
            &["11.0.0.1", "fd00::1", "::ffff:10.0.0.1"],
        ),
        (
            "permitted-ip=::ffff:10.0.0.0/104",
            &["::ffff:10.0.0.1", "test"],
            &["10.0.0.1", "fd00::1"],
        ),
        (
            "excluded-ip=10.0.0.0/8",
            &["11.0.0.1", "fd00::1", "test"],
            &["10.0.0.1", "::ffff:10.0.0.1"],
        ),
        (
            "excluded-ip=::ffff:10.0.0.0/104",
            &["11.0.0.1", "fd00::1", "test"],
            &["10.0.0.1", "::ffff:10.0.0.1"],
        ),
        (
            "excluded-ip=10.1.0.0/16",
            &["10.0.0.1", "::ffff:10.0.0.1", "fd00::1", "test"],
            &["10.1.0.1", "x.a.example 10.1.2.3"],
        ),
    ] {
        assert!(
            allowed
                .iter()
                .chain(refused)
                .all(|name| NAMES.contains(name))
        );
        let root = imposed_on(&plain, pairs).unwrap();
        let verdicts = NAMES.iter().zip(authority.verdicts(root.trust_anchor()));
        for (name, verdict) in verdicts {
            assert!(!(verdict && refused.contains(name)), "{pairs}: {name}");
            assert!(verdict || !allowed.contains(name), "{pairs}: {name}");
        }
    }
}

#[test]
fn joined_name_constraints_allow_what_both_allow() {
    let authority = Authority::new();
    let mut own: Vec<_> = CONSTRAINTS
        .iter()
        .map(|pairs| (*pairs, Some(said_by_rcgen(pairs))))
        .collect();
    // Constraints that only a certificate can have.
    let permitted = |subtree| {
        Some(NameConstraints {
            permitted_subtrees: vec![subtree],
            excluded_subtrees: vec![GeneralSubtree::DnsName("y.x.a.example".to_owned())],
        })
    };
    own.extend([
        ("nothing", None),
        (
            "every DNS name",
            permitted(GeneralSubtree::DnsName(String::new())),
        ),
        (
            "an address",
            permitted(GeneralSubtree::Rfc822Name("a.example".to_owned())),
        ),
        (
            "a directory name",
            permitted(GeneralSubtree::DirectoryName(
                rcgen::DistinguishedName::new(),
            )),
        ),
    ]);

    let (mut joined, mut disjoint) = (0, 0);
    for (own, constraints) in own {
        let certificate = authority.root(constraints);
        let alone = webpki::anchor_from_trusted_cert(&certificate).unwrap();
        let own_verdicts = authority.verdicts(&alone);
        for pairs in CONSTRAINTS {
            let other = authority.root(Some(said_by_rcgen(pairs)));
            let other = webpki::anchor_from_trusted_cert(&other).unwrap();
            let both: Vec<_> = own_verdicts
                .iter()
                .zip(authority.verdicts(&other))
                .map(|(&own, imposed)| own && imposed)
                .collect();
            match imposed_on(&certificate, pairs) {
                Ok(root) => {
                    joined += 1;
                    let verdicts = authority.verdicts(root.trust_anchor());
                    for ((name, verdict), expected) in NAMES.iter().zip(verdicts).zip(both) {
                        assert_eq!(verdict, expected, "{name} by {own} and {pairs}");
                    }
                }
                Err(reason) => {
                    disjoint += 1;
                    let is_address = |name: &str| name.parse::<IpAddr>().is_ok();
                    let kind = reason.contains("no IP address is permitted both");
                    assert!(kind || reason.contains("no DNS name is permitted both"));
                    assert!(reason.starts_with("\"CN=Example Root\": "), "{reason}");
                    for (names, allowed) in NAMES.iter().zip(both) {
                        let of_kind = names.split(' ').any(|name| is_address(name) == kind);
                        assert!(!(of_kind && allowed), "{names} by {own} and {pairs}");
                    }
                }
            }
        }
    }
    assert!(joined > 200 && disjoint >= 10, "{joined}, {disjoint}");
}

/// A root with this extension, the NameConstraints as they stand.
fn root_with(extension: Vec<u8>) -> Result<Root, embedded_roots_bundle::ParseError> {
    let mut params = ca_params("Example Root");
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], extension);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    let certificate = params.self_signed(&key()).unwrap();
    Root::new(certificate.into(), Annotation::default(), 1)
}

/// webpki refuses every chain below such a root, and an annotation would have written it anew as DER.
#[test]
fn name_constraints_that_are_not_der_are_refused() {
    let subtree = [0x30, 3, 0x82, 1, b'a'];
    let good = [&[0x30, 7, 0xa0, 5][..], &subtree].concat();
    assert_eq!(
        root_with(good)
            .unwrap()
            .trust_anchor()
            .name_constraints
            .as_deref()
            .map(<[u8]>::len),
        Some(7)
    );
    for bad in [
        // a length that is not minimal, of [0], of the subtree and of the name
        [&[0x30, 8, 0xa0, 0x81, 5][..], &subtree].concat(),
        vec![0x30, 8, 0xa0, 6, 0x30, 0x81, 3, 0x82, 1, b'a'],
        vec![0x30, 8, 0xa0, 6, 0x30, 4, 0x82, 0x81, 1, b'a'],
        // a minimum of 0, written out
        vec![0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 1, b'a', 0x80, 1, 0],
        // excluded before permitted, something else after them, a subtree without a name
        [&[0x30, 14, 0xa1, 5][..], &subtree, &[0xa0, 5], &subtree].concat(),
        [&[0x30, 9, 0xa0, 5][..], &subtree, &[5, 0]].concat(),
        vec![0x30, 4, 0xa0, 2, 0x30, 0],
    ] {
        let error = root_with(bad.clone()).unwrap_err();
        assert!(
            error
                .reason()
                .starts_with("\"CN=Example Root\": its name constraints are not DER"),
            "{bad:02x?}: {error}"
        );
    }
}

/// webpki reads no sequence of more than 65,535 bytes: under such a root it would refuse every chain.
#[test]
fn name_constraints_longer_than_webpki_reads_are_refused() {
    let authority = Authority::new();
    let excluded = |count: usize| {
        // 16 bytes each: two tags, two lengths and a name of twelve letters
        let names: Vec<_> = (0..count).map(|nth| format!("x{nth:04}.corp.a")).collect();
        let annotation: Annotation = format!("excluded-dns={}", names.join(",")).parse().unwrap();
        Root::new(authority.root(None), annotation, 1)
    };
    let most = excluded(65_535 / 16).unwrap();
    assert!(
        authority
            .verdicts(most.trust_anchor())
            .iter()
            .any(|trusted| *trusted)
    );
    let error = excluded(65_535 / 16 + 1).unwrap_err();
    assert!(
        error.reason().contains("at most 65535 can be verified"),
        "{error}"
    );

    let million = vec!["a"; 1_000_000].join(",");
    let error = format!("permitted-dns={million}")
        .parse::<Annotation>()
        .unwrap_err();
    assert!(
        error
            .reason()
            .contains("more than 13107 items in permitted-dns"),
        "{error}"
    );
}
