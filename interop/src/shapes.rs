//! The shapes of the table: roots, and the chain that a server sends below them.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a row is a chain of changes, each of which consumes the root"
)]

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use embedded_roots_bundle::certificate_to_pem;

use crate::certificate::{
    ANY_USAGE, Authority, BASIC_CONSTRAINTS, BMP_STRING, CERT_SIGN, CLIENT_AUTH, COMMON_NAME,
    COUNTRY, CRL_SIGN, DIGITAL_SIGNATURE, Extension, HOST, KEY_USAGE, Maker, ORGANIZATION,
    ORGANIZATION_NAME, PRINTABLE_STRING, SERVER_AUTH, SUBJECT_KEY_IDENTIFIER, UNKNOWN, UTF8_STRING,
    all_addresses, authority_key_identifier, basic_constraints, bmp, common_name, constraints,
    directory, dns, extended_key_usage, key_usage, name, name_in, other_authority_key_identifier,
    path_length_0, subject_alternative_names, subject_key_identifier,
};
use crate::der::{null, oid, primitive, sequence};
use crate::key::{Kind, Scheme};

/// The ids of all shapes.
pub fn shape_ids() -> impl Iterator<Item = &'static str> {
    SHAPES.iter().map(|(id, ..)| *id)
}

/// Writes these shapes to `shapes/ID/` in the folder: what is trusted as `roots.pem`, what a server sends as
/// `chain.pem`, its parts as `leaf.pem` and `intermediates.pem`, the server's key as `leaf.key`, and its name or
/// address as `host`.
pub fn write_shapes(folder: &Path, wanted: impl Fn(&str) -> bool) {
    let maker = Maker::new(&folder.join("keys"));
    for (id, kind, make) in SHAPES {
        if !wanted(id) {
            continue;
        }
        let shape = make(Authority::new(&maker, id, kind));
        let of_shape = folder.join("shapes").join(id);
        fs::create_dir_all(&of_shape).unwrap();
        let (leaf, intermediates) = shape.chain.split_first().unwrap();
        for (name, content) in [
            ("roots.pem", pem(&shape.roots)),
            ("chain.pem", pem(&shape.chain)),
            ("leaf.pem", certificate_to_pem(leaf)),
            ("intermediates.pem", pem(intermediates)),
            ("leaf.key", maker.server_key().pem()),
            ("host", shape.host),
        ] {
            fs::write(of_shape.join(name), content).unwrap();
        }
    }
}

struct Shape {
    /// DER.
    roots: Vec<Vec<u8>>,
    /// DER, the server's certificate first.
    chain: Vec<Vec<u8>>,
    host: String,
}

impl Shape {
    /// A root, and a server directly below it.
    fn below(root: Authority<'_>) -> Self {
        Self::new(vec![root.certificate()], vec![root.server()])
    }

    fn new(roots: Vec<Vec<u8>>, chain: Vec<Vec<u8>>) -> Self {
        let host = HOST.to_owned();
        Self { roots, chain, host }
    }

    /// A server's own certificate, which is trusted as it is.
    fn own(maker: &Maker, extensions: &[Extension]) -> Self {
        let certificate = maker.own_certificate(extensions);
        Self::new(vec![certificate.clone()], vec![certificate])
    }
}

fn pem(certificates: &[Vec<u8>]) -> String {
    let certificates = certificates.iter();
    certificates.map(|der| certificate_to_pem(der)).collect()
}

/// The id; the key of the root that the shape is made of, and the change that makes the shape of it.
type Row = (&'static str, Kind, fn(Authority<'_>) -> Shape);

/// In the order of the table.
#[rustfmt::skip]
const SHAPES: [Row; 63] = [
    ("plain", Kind::P256, Shape::below),
    ("expired", Kind::P256, |root| Shape::below(root.until(-30))),
    ("version-1", Kind::P256, |root| Shape::below(root.version_1())),
    ("no-basic-constraints", Kind::P256, |root| Shape::below(root.without(BASIC_CONSTRAINTS))),
    ("no-basic-constraints-no-key-usage", Kind::P256, |root| Shape::below(root.without(BASIC_CONSTRAINTS).without(KEY_USAGE))),
    ("no-cert-sign", Kind::P256, |root| Shape::below(root.with(key_usage(CRL_SIGN | DIGITAL_SIGNATURE)))),
    ("client-auth-alone", Kind::P256, |root| Shape::below(root.with(extended_key_usage(CLIENT_AUTH)))),
    ("path-length", Kind::P256, path_length),
    ("unknown-critical-extension", Kind::P256, |root| Shape::below(root.with(Extension::new(UNKNOWN, &null()).critical(true)))),
    ("no-key-identifiers", Kind::P256, |root| Shape::below(root.without(SUBJECT_KEY_IDENTIFIER).silent_of_its_key())),
    ("no-subject-key-identifier", Kind::P256, |root| Shape::below(root.without(SUBJECT_KEY_IDENTIFIER))),
    ("basic-constraints-not-critical", Kind::P256, |root| Shape::below(root.with(basic_constraints(true).critical(false)))),
    ("negative-serial", Kind::P256, |root| Shape::below(root.serial(&[0x9a; 8]))),
    ("serial-zero", Kind::P256, |root| Shape::below(root.serial(&[0]))),
    ("name-encoding", Kind::P256, |root| renamed(root, name_in(PRINTABLE_STRING, b"Example Root name-encoding"))),
    ("name-case", Kind::P256, |root| renamed(root, common_name("EXAMPLE ROOT NAME-CASE"))),
    ("bad-self-signature", Kind::P256, |root| Shape::below(root.damaged())),
    ("sha1", Kind::Rsa(2048), |root| Shape::below(root.signed(Scheme::RsaSha1))),
    ("rsa-1024", Kind::Rsa(1024), Shape::below),
    ("ed25519", Kind::Ed25519, Shape::below),
    ("ed448", Kind::Ed448, Shape::below),
    ("p-521", Kind::P521, Shape::below),
    ("rsassa-pss-key", Kind::RsaPssAlone, Shape::below),
    ("rsassa-pss-signature", Kind::RsaPss, Shape::below),
    ("ml-dsa", Kind::MlDsa65, Shape::below),
    ("issuing-ca", Kind::P256, |root| Shape::below(root.issuing("issuing-ca"))),
    ("server-not-ca", Kind::P256, |root| own_server(root.maker(), false, DIGITAL_SIGNATURE)),
    ("server-no-basic-constraints", Kind::P256, |root| Shape::own(root.maker(), &[subject_alternative_names(vec![dns(HOST)])])),
    ("server-ca", Kind::P256, |root| own_server(root.maker(), true, DIGITAL_SIGNATURE | CERT_SIGN)),
    ("server-openssl-req", Kind::P256, server_openssl_req),
    ("empty-subject", Kind::P256, |root| Shape::below(root.named(sequence([])))),
    ("not-yet-valid", Kind::P256, |root| Shape::below(root.from(30))),
    ("constraints-with-dot", Kind::P256, |root| Shape::below(root.with(constraints(&[dns(".example.com")], &[])))),
    ("constraints-without-dot", Kind::P256, |root| Shape::below(root.with(constraints(&[dns("example.com")], &[])))),
    ("constraints-not-critical", Kind::P256, |root| Shape::below(root.with(constraints(&[dns(".example.com")], &[]).critical(false)))),
    ("constraints-address", Kind::P256, constraints_address),
    ("constraints-directory-name", Kind::P256, constraints_directory_name),
    ("constraints-excluded-addresses", Kind::P256, constraints_excluded_addresses),
    ("serial-21-octets", Kind::P256, |root| Shape::below(root.serial(&[&[0][..], &[0x81; 20]].concat()))),
    ("serial-22-octets", Kind::P256, |root| Shape::below(root.serial(&[0x71; 22]))),
    ("expired-before-renewed", Kind::P256, |root| renewed(root, |old, new| vec![old, new])),
    ("renewed-before-expired", Kind::P256, |root| renewed(root, |old, new| vec![new, old])),
    ("same-name-second", Kind::P256, |root| same_name(root.clone(), root.other_key("same-name-second"), Second)),
    ("same-name-second-no-identifier", Kind::P256, |root| same_name(root.clone(), root.other_key("same-name-second-no-identifier").silent_of_its_key(), Second)),
    ("same-name-no-identifiers", Kind::P256, same_name_no_identifiers),
    ("same-name-first-no-identifier", Kind::P256, |root| same_name(root.clone().silent_of_its_key(), root.other_key("same-name-first-no-identifier"), First)),
    ("same-name-first", Kind::P256, |root| same_name(root.clone(), root.other_key("same-name-first"), First)),
    ("rsa-4096", Kind::Rsa(4096), Shape::below),
    ("rsa-8192", Kind::Rsa(8192), Shape::below),
    ("rsa-exponent-3", Kind::RsaExponent3, Shape::below),
    ("year-9999", Kind::P256, |root| Shape::below(root.for_ever())),
    ("long-common-name", Kind::P256, |root| Shape::below(root.named(common_name(&format!("Example Root {}", "x".repeat(57)))))),
    ("bmp-string", Kind::P256, |root| Shape::below(root.named(name_in(BMP_STRING, &bmp("Example Root bmp-string"))))),
    ("any-usage-critical", Kind::P256, |root| Shape::below(root.with(extended_key_usage(ANY_USAGE).critical(true)))),
    ("any-usage", Kind::P256, |root| Shape::below(root.with(extended_key_usage(ANY_USAGE)))),
    ("server-auth", Kind::P256, |root| Shape::below(root.with(extended_key_usage(SERVER_AUTH)))),
    ("critical-policies", Kind::P256, |root| Shape::below(root.with(any_policy().critical(true)))),
    ("path-length-leaf", Kind::P256, |root| Shape::below(root.with(path_length_0()))),
    ("no-key-usage", Kind::P256, |root| Shape::below(root.without(KEY_USAGE))),
    ("other-authority-key-identifier", Kind::P256, |root| Shape::below(root.with(other_authority_key_identifier(&[0x11; 20])))),
    ("constraints-excluded", Kind::P256, |root| Shape::below(root.with(constraints(&[], &[dns("other.example")])))),
    ("policy-constraints", Kind::P256, |root| Shape::below(root.with(explicit_policy().critical(true)))),
    ("two-common-names", Kind::P256, two_common_names),
];

fn path_length(root: Authority<'_>) -> Shape {
    let root = root.with(path_length_0());
    let issuing = root.issuing("path-length");
    let chain = vec![issuing.server(), issuing.certificate()];
    Shape::new(vec![root.certificate()], chain)
}

/// The trusted root has another name than the issuer of the server.
fn renamed(issuer: Authority<'_>, name: Vec<u8>) -> Shape {
    let root = issuer.clone().named(name);
    Shape::new(vec![root.certificate()], vec![issuer.server()])
}

fn own_server(maker: &Maker, ca: bool, usage: u8) -> Shape {
    let extensions = [
        basic_constraints(ca),
        key_usage(usage),
        subject_key_identifier(&maker.server_key()),
        subject_alternative_names(vec![dns(HOST)]),
        extended_key_usage(SERVER_AUTH),
    ];
    Shape::own(maker, &extensions)
}

/// As `openssl req -x509` makes it with a subjectAltName and nothing else.
fn server_openssl_req(root: Authority<'_>) -> Shape {
    let key = root.maker().server_key();
    let extensions = [
        subject_key_identifier(&key),
        authority_key_identifier(&key),
        basic_constraints(true),
        subject_alternative_names(vec![dns(HOST)]),
    ];
    Shape::own(root.maker(), &extensions)
}

fn constraints_address(root: Authority<'_>) -> Shape {
    let address = IpAddr::from([192, 0, 2, 7]);
    let root = root.with(constraints(&[dns("example.com")], &[]));
    Shape {
        host: address.to_string(),
        ..Shape::below(root.for_address(address))
    }
}

fn constraints_directory_name(root: Authority<'_>) -> Shape {
    let ours = name(&[
        (COUNTRY, PRINTABLE_STRING, b"XX"),
        (ORGANIZATION_NAME, UTF8_STRING, ORGANIZATION.as_bytes()),
    ]);
    Shape::below(root.with(constraints(&[directory(ours)], &[])))
}

fn constraints_excluded_addresses(root: Authority<'_>) -> Shape {
    let all = [
        all_addresses(Ipv4Addr::UNSPECIFIED.into()),
        all_addresses(Ipv6Addr::UNSPECIFIED.into()),
    ];
    Shape::below(root.with(constraints(&[dns("example.com")], &all)))
}

/// An expired root and the same one renewed: one name, one key.
fn renewed(root: Authority<'_>, in_order: fn(Vec<u8>, Vec<u8>) -> Vec<Vec<u8>>) -> Shape {
    let expired = root.clone().until(-30).certificate();
    let renewed = root.clone().from(-90).certificate();
    Shape::new(in_order(expired, renewed), vec![root.server()])
}

/// Which of two roots has issued the server.
enum Issuer {
    First,
    Second,
}

use Issuer::{First, Second};

fn same_name(first: Authority<'_>, second: Authority<'_>, issuer: Issuer) -> Shape {
    let server = match issuer {
        First => first.server(),
        Second => second.server(),
    };
    Shape::new(
        vec![first.certificate(), second.certificate()],
        vec![server],
    )
}

fn same_name_no_identifiers(root: Authority<'_>) -> Shape {
    let other = root.other_key("same-name-no-identifiers");
    same_name(
        root.without(SUBJECT_KEY_IDENTIFIER),
        other.without(SUBJECT_KEY_IDENTIFIER).silent_of_its_key(),
        Second,
    )
}

fn any_policy() -> Extension {
    let policies = sequence([sequence([oid("2.5.29.32.0")])]);
    Extension::new("2.5.29.32", &policies)
}

/// A policy is required of what is five certificates below.
fn explicit_policy() -> Extension {
    let constraints = sequence([primitive(0, &[5])]);
    Extension::new("2.5.29.36", &constraints)
}

fn two_common_names(root: Authority<'_>) -> Shape {
    Shape::below(root.named(name(&[
        (COMMON_NAME, UTF8_STRING, b"Example Root"),
        (COMMON_NAME, UTF8_STRING, b"two-common-names"),
    ])))
}
