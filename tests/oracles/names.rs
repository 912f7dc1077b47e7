//! For which servers a certificate speaks.

use embedded_roots_testing::authority::{root, server_with};
use rcgen::{CertificateParams, DnType, SanType};

use crate::case::Case;
use crate::case::Verdict::{self, Accepted, Refused};

/// The `dNSName`, and the server that is asked for.
const DNS_NAMES: &[(&str, &str, Verdict)] = &[
    ("a.example", "a.example", Accepted),
    ("a.example", "A.Example", Accepted),
    ("A.EXAMPLE", "a.example", Accepted),
    ("a.example", "b.example", Refused),
    ("a.example", "example", Refused),
    ("a.example", "b.a.example", Refused),
    ("a.example", "aa.example", Refused),
    ("xn--bcher-kva.example", "xn--bcher-kva.example", Accepted),
    ("a_b.example", "a_b.example", Accepted),
    ("localhost", "localhost", Accepted),
    ("*.example.com", "a.example.com", Accepted),
    ("*.example.com", "A.EXAMPLE.com", Accepted),
    ("*.example.com", "example.com", Refused),
    ("*.example.com", "b.a.example.com", Refused),
    ("*.example.com", "a.example.org", Refused),
    ("*.*.example.com", "b.a.example.com", Refused),
    ("a.*.example.com", "a.b.example.com", Refused),
    ("a*.example.com", "ab.example.com", Refused),
    ("*a.example.com", "ba.example.com", Refused),
    ("*.example.com", "xn--bcher-kva.example.com", Accepted),
    ("*.com", "example.com", Refused),
    ("*", "localhost", Refused),
    // A DNS name that looks like an address is not an address.
    ("10.0.0.1", "10.0.0.1", Refused),
    ("a.example", "10.0.0.1", Refused),
];

/// The `iPAddress`, and the server that is asked for.
const ADDRESSES: &[(&str, &str, Verdict)] = &[
    ("10.0.0.1", "10.0.0.1", Accepted),
    ("10.0.0.1", "10.0.0.2", Refused),
    ("10.0.0.1", "a.example", Refused),
    ("fd00::1", "fd00::1", Accepted),
    ("fd00::1", "fd00:0:0::0:1", Accepted),
    ("fd00::1", "fd00::2", Refused),
    ("::ffff:10.0.0.1", "10.0.0.1", Refused),
];

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn ip(address: &str) -> SanType {
    SanType::IpAddress(address.parse().unwrap())
}

fn mail(address: &str) -> SanType {
    SanType::Rfc822Name(address.try_into().unwrap())
}

pub(crate) fn cases() -> Vec<Case> {
    let ca = root("CA");
    let mut cases = Vec::new();
    let mut add = |name: &str, common: Option<&str>, alt: &[SanType], server: &str, verdict| {
        let identity = server_with(&ca, "a.example", |params: &mut CertificateParams| {
            params.subject_alt_names = alt.to_vec();
            if let Some(common) = common {
                params.distinguished_name.push(DnType::CommonName, common);
            }
        });
        let name = format!("name: {name} for {server}");
        cases.push(Case::new(name, &[&ca], identity, server, verdict));
    };

    for (name, server, verdict) in DNS_NAMES {
        add(name, None, &[dns(name)], server, *verdict);
    }
    for (name, server, verdict) in ADDRESSES {
        add(
            &format!("address {name}"),
            None,
            &[ip(name)],
            server,
            *verdict,
        );
    }

    let both = [dns("a.example"), dns("b.example"), ip("10.0.0.1")];
    for server in ["a.example", "b.example", "10.0.0.1"] {
        add("three", None, &both, server, Accepted);
    }
    add("three", None, &both, "c.example", Refused);
    add("three", None, &both, "10.0.0.2", Refused);

    // RFC 6125, and RFC 9525 without any exception: the common name is not a name of a server.
    add("CN alone", Some("a.example"), &[], "a.example", Refused);
    add("CN alone", Some("a.example"), &[], "b.example", Refused);
    add(
        "CN of an address",
        Some("10.0.0.1"),
        &[],
        "10.0.0.1",
        Refused,
    );
    add(
        "CN with a wildcard",
        Some("*.example.com"),
        &[],
        "a.example.com",
        Refused,
    );
    let other = [dns("b.example")];
    add(
        "CN beside another name",
        Some("a.example"),
        &other,
        "a.example",
        Refused,
    );
    add(
        "CN beside another name",
        Some("a.example"),
        &other,
        "b.example",
        Accepted,
    );
    let address = [ip("10.0.0.1")];
    add(
        "CN beside an address",
        Some("a.example"),
        &address,
        "a.example",
        Refused,
    );
    let mail = [mail("root@a.example")];
    add(
        "CN beside mail",
        Some("a.example"),
        &mail,
        "a.example",
        Refused,
    );
    add("mail alone", None, &mail, "a.example", Refused);
    add("no name at all", None, &[], "a.example", Refused);
    cases
}
