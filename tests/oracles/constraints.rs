//! Name constraints of each kind: a root's own, those that we impose on one, and an intermediate's.

use std::net::IpAddr;

use rcgen::{
    CertificateParams, CidrSubnet, CustomExtension, DistinguishedName, DnType, GeneralSubtree,
    NameConstraints, SanType,
};

use crate::authority::{
    Authority, intermediate_with, key, root_of, root_with, server, server_with,
};
use crate::case::Case;
use crate::case::Verdict::{self, Accepted, Refused};

/// As annotations, and what they do to servers of these names.
const ROWS: &[(&str, &[(&str, Verdict)])] = &[
    (
        "permitted-dns=corp.example",
        &[
            ("corp.example", Accepted),
            ("a.corp.example", Accepted),
            ("b.a.corp.example", Accepted),
            ("A.CORP.example", Accepted),
            ("acorp.example", Refused),
            ("example", Refused),
            // A constraint binds the names of its kind alone.
            ("10.0.0.1", Accepted),
        ],
    ),
    (
        "permitted-dns=.corp.example",
        &[
            ("corp.example", Refused),
            ("a.corp.example", Accepted),
            ("acorp.example", Refused),
        ],
    ),
    (
        "permitted-dns=corp.example,corp.test",
        &[
            ("a.corp.example", Accepted),
            ("a.corp.test", Accepted),
            ("a.test", Refused),
        ],
    ),
    (
        "permitted-dns=Corp.Example",
        &[("a.corp.example", Accepted), ("a.example", Refused)],
    ),
    (
        "excluded-dns=corp.example",
        &[
            ("corp.example", Refused),
            ("a.corp.example", Refused),
            ("A.CORP.example", Refused),
            ("acorp.example", Accepted),
            ("10.0.0.1", Accepted),
        ],
    ),
    (
        "excluded-dns=.corp.example",
        &[("corp.example", Accepted), ("a.corp.example", Refused)],
    ),
    (
        "permitted-dns=example excluded-dns=corp.example",
        &[
            ("a.example", Accepted),
            ("a.corp.example", Refused),
            ("a.test", Refused),
        ],
    ),
    (
        "permitted-ip=10.0.0.0/8",
        &[
            ("10.1.2.3", Accepted),
            ("11.0.0.1", Refused),
            ("fd00::1", Refused),
            ("a.example", Accepted),
        ],
    ),
    (
        "excluded-ip=10.0.0.0/8",
        &[
            ("10.1.2.3", Refused),
            ("11.0.0.1", Accepted),
            ("fd00::1", Accepted),
        ],
    ),
    (
        "permitted-ip=10.0.0.0/9,192.168.1.1/32",
        &[
            ("10.128.0.1", Refused),
            ("192.168.1.1", Accepted),
            ("192.168.1.2", Refused),
        ],
    ),
    (
        "permitted-ip=fd00::/8",
        &[
            ("fd00::1", Accepted),
            ("fe80::1", Refused),
            ("10.0.0.1", Refused),
        ],
    ),
    (
        "excluded-ip=fd00::/8",
        &[("fd00::1", Refused), ("fe80::1", Accepted)],
    ),
    // How a CA is bound to names alone.
    (
        "permitted-dns=corp.example excluded-ip=0.0.0.0/0,::/0",
        &[
            ("a.corp.example", Accepted),
            ("10.0.0.1", Refused),
            ("fd00::1", Refused),
        ],
    ),
];

/// What an annotation says, for a certificate.
fn constraints(annotation: &str) -> NameConstraints {
    let mut constraints = NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: Vec::new(),
    };
    for pair in annotation.split(' ') {
        let (key, values) = pair.split_once('=').unwrap();
        let (list, kind) = key.split_once('-').unwrap();
        let subtrees = values.split(',').map(|value| match kind {
            "dns" => GeneralSubtree::DnsName(value.to_owned()),
            _ => subnet(value),
        });
        match list {
            "permitted" => constraints.permitted_subtrees.extend(subtrees),
            _ => constraints.excluded_subtrees.extend(subtrees),
        }
    }
    constraints
}

fn subnet(cidr: &str) -> GeneralSubtree {
    let (address, prefix) = cidr.split_once('/').unwrap();
    let prefix: u32 = prefix.parse().unwrap();
    // A shift by all bits would overflow.
    GeneralSubtree::IpAddress(match address.parse().unwrap() {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            CidrSubnet::V4(v4.octets(), mask.to_be_bytes())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            CidrSubnet::V6(v6.octets(), mask.to_be_bytes())
        }
    })
}

/// Two roots of one name and key: without an annotation's limits, and with them in the certificate.
fn twins(annotation: &str) -> (Authority, Authority) {
    let key = key().serialize_pem();
    let plain = root_of("CA", &key, |_| {});
    let limited = root_of("CA", &key, limit(annotation));
    (plain, limited)
}

fn limit(annotation: &str) -> impl FnOnce(&mut CertificateParams) {
    let constraints = constraints(annotation);
    |params| params.name_constraints = Some(constraints)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (annotation, servers) in ROWS {
        let (plain, limited) = twins(annotation);
        let between =
            intermediate_with("Between", &key().serialize_pem(), &plain, limit(annotation));
        for (server_name, verdict) in *servers {
            let what = format!("{annotation} and {server_name}");
            let chain = || server(&limited, server_name);
            let own = Case::new(
                format!("own {what}"),
                &[&limited],
                chain(),
                server_name,
                *verdict,
            );
            let imposed = format!("imposed {what}");
            let imposed = Case::new(imposed, &[&limited], chain(), server_name, *verdict)
                .imposed(annotation, &plain);
            let chain = server(&between, server_name).with(&between);
            let name = format!("intermediate's {what}");
            let below = Case::new(name, &[&plain], chain, server_name, *verdict);
            cases.extend([own, imposed, below]);
        }
    }
    cases.extend(together());
    cases.extend(names_of_other_servers());
    cases.extend(other_kinds());
    cases
}

/// A root's own constraints and imposed ones; two certificates with constraints.
fn together() -> Vec<Case> {
    let own = "permitted-dns=example";
    let imposed = "permitted-dns=corp.example,corp.test excluded-dns=b.corp.example";
    let ca_key = key().serialize_pem();
    let ca = root_of("CA", &ca_key, limit(own));
    // What both leave.
    let left = "permitted-dns=corp.example excluded-dns=b.corp.example";
    let twin = root_of("CA", &ca_key, limit(left));
    let mut cases = Vec::new();
    for (name, verdict) in [
        ("a.corp.example", Accepted),
        ("corp.example", Accepted),
        ("a.example", Refused),
        ("corp.test", Refused),
        ("b.corp.example", Refused),
    ] {
        let between = intermediate_with("Between", &key().serialize_pem(), &ca, limit(imposed));
        let chain = server(&between, name).with(&between);
        let both = format!("root's and intermediate's constraints and {name}");
        cases.push(Case::new(both, &[&ca], chain, name, verdict));

        let both = format!("own and imposed constraints and {name}");
        let case = Case::new(both, &[&twin], server(&ca, name), name, verdict);
        cases.push(case.imposed(imposed, &ca));
    }
    cases
}

/// A constraint concerns all names in a certificate, not only that of the server that is asked.
fn names_of_other_servers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (annotation, alt, name, verdict) in [
        (
            "permitted-dns=corp.example",
            ["a.corp.example", "b.corp.example"],
            "a.corp.example",
            Accepted,
        ),
        (
            "permitted-dns=corp.example",
            ["a.corp.example", "a.test"],
            "a.corp.example",
            Refused,
        ),
        (
            "excluded-dns=corp.test",
            ["a.test", "a.corp.test"],
            "a.test",
            Refused,
        ),
        (
            "permitted-ip=10.0.0.0/8",
            ["a.example", "10.0.0.1"],
            "a.example",
            Accepted,
        ),
        (
            "permitted-ip=10.0.0.0/8",
            ["a.example", "11.0.0.1"],
            "a.example",
            Refused,
        ),
        (
            "permitted-dns=corp.example",
            ["*.corp.example", "corp.example"],
            "a.corp.example",
            Accepted,
        ),
        (
            "permitted-dns=.corp.example",
            ["*.corp.example", "b.corp.example"],
            "a.corp.example",
            Accepted,
        ),
        (
            "permitted-dns=corp.example",
            ["*.example", "a.corp.example"],
            "a.corp.example",
            Refused,
        ),
        (
            "permitted-dns=a.corp.example",
            ["*.corp.example", "a.corp.example"],
            "a.corp.example",
            Refused,
        ),
        (
            "excluded-dns=corp.example",
            ["*.corp.example", "a.test"],
            "a.test",
            Refused,
        ),
        // `*.corp.example` may stand for the excluded name.
        (
            "excluded-dns=a.corp.example",
            ["*.corp.example", "a.test"],
            "b.corp.example",
            Refused,
        ),
        (
            "excluded-dns=b.a.corp.example",
            ["*.corp.example", "a.test"],
            "b.corp.example",
            Accepted,
        ),
    ] {
        let (plain, limited) = twins(annotation);
        let chain = || {
            server_with(&limited, name, |params| {
                params.subject_alt_names = CertificateParams::new(alt.map(str::to_owned))
                    .unwrap()
                    .subject_alt_names;
            })
        };
        let what = format!("{annotation} and {} for {name}", alt.join(" beside "));
        let own = Case::new(format!("own {what}"), &[&limited], chain(), name, verdict);
        let imposed = Case::new(
            format!("imposed {what}"),
            &[&limited],
            chain(),
            name,
            verdict,
        );
        cases.extend([own, imposed.imposed(annotation, &plain)]);
    }

    // A CA's name is none of a server, but a SAN in its certificate is.
    for (alt, verdict) in [("a.corp.example", Accepted), ("a.test", Refused)] {
        let (plain, limited) = twins("permitted-dns=corp.example");
        let between = intermediate_with("Between", &key().serialize_pem(), &limited, |params| {
            params.subject_alt_names = vec![SanType::DnsName(alt.try_into().unwrap())];
        });
        let chain = || server(&between, "a.corp.example").with(&between);
        for (whose, imposed) in [("own", false), ("imposed", true)] {
            let name = format!("{whose} permitted-dns and an intermediate with the name {alt}");
            let case = Case::new(name, &[&limited], chain(), "a.corp.example", verdict);
            cases.push(if imposed {
                case.imposed("permitted-dns=corp.example", &plain)
            } else {
                case
            });
        }
    }
    cases
}

/// Constraints that no annotation can say, in a root's own certificate.
fn other_kinds() -> Vec<Case> {
    let of = |name: &str| {
        let mut distinguished_name = DistinguishedName::new();
        distinguished_name.push(DnType::OrganizationName, name);
        distinguished_name
    };
    let mail = |text: &str| SanType::Rfc822Name(text.try_into().unwrap());
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let dns = || SanType::DnsName("a.example".try_into().unwrap());
    let permitted = |subtree| NameConstraints {
        permitted_subtrees: vec![subtree],
        excluded_subtrees: Vec::new(),
    };
    let excluded = |subtree| NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![subtree],
    };
    let corp_mail = || GeneralSubtree::Rfc822Name("corp.example".into());
    let corp = || GeneralSubtree::DirectoryName(of("Corp"));

    let mut cases = Vec::new();
    let mut add = |what: &str, limits, alt: Vec<SanType>, organization: Option<&str>, verdict| {
        let ca = root_with("CA", |params| params.name_constraints = limits);
        let chain = server_with(&ca, "a.example", |params| {
            params.subject_alt_names = alt;
            if let Some(organization) = organization {
                params.distinguished_name = of(organization);
            }
        });
        cases.push(Case::new(
            format!("own {what}"),
            &[&ca],
            chain,
            "a.example",
            verdict,
        ));
    };
    let at_corp = || vec![dns(), mail("a@corp.example")];
    let at_test = || vec![dns(), mail("a@corp.test")];
    add(
        "permitted mail, none",
        Some(permitted(corp_mail())),
        vec![dns()],
        None,
        Accepted,
    );
    // webpki refuses names of a kind that it does not read, if any constraint of that kind is set.
    add(
        "permitted mail, inside",
        Some(permitted(corp_mail())),
        at_corp(),
        None,
        Refused,
    );
    add(
        "permitted mail, outside",
        Some(permitted(corp_mail())),
        at_test(),
        None,
        Refused,
    );
    add(
        "excluded mail, inside",
        Some(excluded(corp_mail())),
        at_corp(),
        None,
        Refused,
    );
    add(
        "excluded mail, outside",
        Some(excluded(corp_mail())),
        at_test(),
        None,
        Refused,
    );
    add(
        "permitted directory, inside",
        Some(permitted(corp())),
        vec![dns()],
        Some("Corp"),
        Refused,
    );
    add(
        "permitted directory, outside",
        Some(permitted(corp())),
        vec![dns()],
        Some("Test"),
        Refused,
    );
    add(
        "excluded directory, inside",
        Some(excluded(corp())),
        vec![dns()],
        Some("Corp"),
        Refused,
    );
    add(
        "excluded directory, outside",
        Some(excluded(corp())),
        vec![dns()],
        Some("Test"),
        Refused,
    );
    let inside = vec![dns(), uri("https://a.corp.example/")];
    let outside = vec![dns(), uri("https://a.corp.test/")];
    for (list, tag) in [("permitted", 0xa0), ("excluded", 0xa1)] {
        for (place, alt) in [("inside", &inside), ("outside", &outside)] {
            let ca = root_with("CA", |params| {
                params.custom_extensions = vec![uri_constraint(tag, ".corp.example")];
            });
            let chain = server_with(&ca, "a.example", |params| {
                params.subject_alt_names.clone_from(alt);
            });
            let name = format!("own {list} URI, {place}");
            cases.push(Case::new(name, &[&ca], chain, "a.example", Refused));
        }
    }
    cases
}

/// rcgen has no constraint of this kind.
fn uri_constraint(list: u8, host: &str) -> CustomExtension {
    let wrap = |tag: u8, content: Vec<u8>| {
        let length = u8::try_from(content.len()).unwrap();
        [vec![tag, length], content].concat()
    };
    let subtree = wrap(0x30, wrap(0x86, host.as_bytes().to_vec()));
    let content = wrap(0x30, wrap(list, subtree));
    // id-ce-nameConstraints
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], content);
    extension.set_criticality(true);
    extension
}
