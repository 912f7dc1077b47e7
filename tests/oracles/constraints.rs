//! Name constraints of each kind: a root's own, those that we impose on one, and an intermediate's.

use std::net::IpAddr;

use embedded_roots_testing::authority::{Authority, intermediate_with, key, root_of, server};
use rcgen::{CertificateParams, CidrSubnet, GeneralSubtree, NameConstraints};

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
pub(crate) fn twins(annotation: &str) -> (Authority, Authority) {
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
        let between = intermediate_with("Between", &plain, limit(annotation));
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
        let between = intermediate_with("Between", &ca, limit(imposed));
        let chain = server(&between, name).with(&between);
        let both = format!("root's and intermediate's constraints and {name}");
        cases.push(Case::new(both, &[&ca], chain, name, verdict));

        let both = format!("own and imposed constraints and {name}");
        let case = Case::new(both, &[&twin], server(&ca, name), name, verdict);
        cases.push(case.imposed(imposed, &ca));
    }
    cases
}
