//! A constraint concerns all names in all certificates, not only that of the server that is asked for.

use embedded_roots_testing::authority::{intermediate_with, server, server_with};
use rcgen::{CertificateParams, SanType};

use crate::case::Case;
use crate::case::Verdict::{self, Accepted, Refused};
use crate::constraints::twins;

/// A constraint, the names of one certificate, and the name of the server.
const ROWS: &[(&str, [&str; 2], &str, Verdict)] = &[
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
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (annotation, alt, name, verdict) in ROWS {
        let (plain, limited) = twins(annotation);
        let chain = || {
            server_with(&limited, name, |params| {
                params.subject_alt_names = CertificateParams::new(alt.map(str::to_owned))
                    .unwrap()
                    .subject_alt_names;
            })
        };
        let what = format!("{annotation} and {} for {name}", alt.join(" beside "));
        let own = Case::new(format!("own {what}"), &[&limited], chain(), name, *verdict);
        let imposed = Case::new(
            format!("imposed {what}"),
            &[&limited],
            chain(),
            name,
            *verdict,
        );
        cases.extend([own, imposed.imposed(annotation, &plain)]);
    }

    // A CA's name is not that of a server, but a SAN in its certificate counts.
    for (alt, verdict) in [("a.corp.example", Accepted), ("a.test", Refused)] {
        let (plain, limited) = twins("permitted-dns=corp.example");
        let between = intermediate_with("Between", &limited, |params| {
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
