//! Name constraints that no annotation can say, in a root's own certificate: mail, URIs, directory
//! names.

use embedded_roots_testing::authority::{root_with, server_with};
use embedded_roots_testing::der::element;
use rcgen::{CustomExtension, DnType, SanType};

use crate::case::Case;
use crate::case::Verdict::{Accepted, Refused};

const NAME: &str = "a.example";

/// What is constrained, in the encoding of a `GeneralName`, and names inside and outside of it.
struct Kind {
    name: &'static str,
    base: fn() -> Vec<u8>,
    inside: OtherName,
    outside: OtherName,
}

/// What a certificate has beside the name of the server.
enum OtherName {
    Alternative(fn() -> SanType),
    Organization(&'static str),
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "mail",
        base: || element(0x81, b"corp.example"),
        inside: OtherName::Alternative(|| mail("a@corp.example")),
        outside: OtherName::Alternative(|| mail("a@corp.test")),
    },
    Kind {
        name: "URI",
        base: || element(0x86, b".corp.example"),
        inside: OtherName::Alternative(|| uri("https://a.corp.example/")),
        outside: OtherName::Alternative(|| uri("https://a.corp.test/")),
    },
    Kind {
        name: "directory",
        base: || element(0xa4, &organization("Corp")),
        inside: OtherName::Organization("Corp"),
        outside: OtherName::Organization("Test"),
    },
];

fn mail(address: &str) -> SanType {
    SanType::Rfc822Name(address.try_into().unwrap())
}

fn uri(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

/// A `Name` of one attribute.
fn organization(name: &str) -> Vec<u8> {
    // id-at-organizationName
    let oid = element(0x06, &[0x55, 0x04, 0x0a]);
    let attribute = [oid, element(0x0c, name.as_bytes())].concat();
    element(0x30, &element(0x31, &element(0x30, &attribute)))
}

/// Of rcgen's constraints, those on URIs are missing, and those on directory names have one tag where
/// two have to be.
fn constraint(list: u8, base: &[u8]) -> CustomExtension {
    let content = element(0x30, &element(list, &element(0x30, base)));
    // id-ce-nameConstraints
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], content);
    extension.set_criticality(true);
    extension
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in KINDS {
        for (list, tag) in [("permitted", 0xa0), ("excluded", 0xa1)] {
            let ca = root_with("CA", |params| {
                params.custom_extensions = vec![constraint(tag, &(kind.base)())];
            });
            for (place, named) in [("inside", &kind.inside), ("outside", &kind.outside)] {
                let chain = server_with(&ca, NAME, |params| match named {
                    OtherName::Alternative(name) => params.subject_alt_names.push(name()),
                    OtherName::Organization(name) => {
                        params.distinguished_name = rcgen::DistinguishedName::new();
                        params
                            .distinguished_name
                            .push(DnType::OrganizationName, *name);
                    }
                });
                // webpki compares none of these, and so refuses them all.
                let name = format!("own {list} {}, {place}", kind.name);
                cases.push(Case::new(name, &[&ca], chain, NAME, Refused));
            }
            // Every certificate has a directory name.
            let verdict = if kind.name == "directory" {
                Refused
            } else {
                Accepted
            };
            let chain = server_with(&ca, NAME, |_| {});
            let name = format!("own {list} {}, none", kind.name);
            cases.push(Case::new(name, &[&ca], chain, NAME, verdict));
        }
    }
    cases
}
