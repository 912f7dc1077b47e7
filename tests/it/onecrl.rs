//! OneCRL, in clients and in servers that verify clients.

use embedded_roots::{Refusal, Roots};
use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_testing::authority::{
    Authority, ca_params, client, intermediate_of, intermediate_with, key, root, root_with, server,
    server_with,
};
use rcgen::{CertifiedIssuer, DistinguishedName, DnType, DnValue, KeyPair, SerialNumber};

use crate::public_key::PUBLIC_KEY;
use crate::verdict::{NAME, client_verdict, verdict};

/// Of an intermediate that OneCRL revokes.
const SERIAL: [u8; 16] = [
    0x00, 0xcb, 0xdc, 0xfa, 0x0d, 0x64, 0x11, 0x27, 0x09, 0xcf, 0x14, 0xb7, 0xe4, 0x85, 0x82, 0x50,
];

fn name(country: &str, organization: &str, common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    let country = DnValue::PrintableString(country.try_into().unwrap());
    name.push(DnType::CountryName, country);
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::CommonName, common_name);
    name
}

/// A root of ours that has the name of the issuer of that intermediate.
fn namesake(common_name: &str) -> Authority {
    root_with("", |params| {
        params.distinguished_name = name("IN", "eMudhra Technologies Limited", common_name);
    })
}

fn between(ca: &Authority, key_pem: &str, serial: [u8; 16]) -> Authority {
    let mut params = ca_params("Between");
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    CertifiedIssuer::signed_by(params, KeyPair::from_pem(key_pem).unwrap(), ca).unwrap()
}

fn trusting(ca: &Authority) -> Roots {
    Roots::builder().pem(ca.pem()).build().unwrap()
}

#[test]
fn revoked_intermediate_is_refused_and_explained() {
    let ca = namesake("emSign Root TLS CA - G1");
    let revoked = between(&ca, &key().serialize_pem(), SERIAL);
    let verdicts = [
        verdict(&trusting(&ca), &server(&revoked, NAME).with(&revoked)),
        client_verdict(&trusting(&ca), &client(&revoked, NAME).with(&revoked)),
    ];
    for verdict in verdicts {
        let error = verdict.unwrap_err();
        let refusal = Refusal::of(&error).unwrap();
        assert!(refusal.is_revoked_by_onecrl() && refusal.is_distrusted_certificate());
        assert_eq!(refusal.certificate(), Some("CN=Between"));
        let text =
            "the certificate \"CN=Between\" is refused: it is revoked by OneCRL of 2026-11-10";
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn known_intermediate_that_is_revoked_is_ignored_and_named() {
    let ca = namesake("emSign Root TLS CA - G1");
    let revoked = between(&ca, &key().serialize_pem(), SERIAL);
    let roots = Roots::builder().pem(ca.pem());
    let roots = roots.intermediates([revoked.der().clone()]);
    let roots = roots.build().unwrap();
    let [report] = roots.report().intermediates() else {
        panic!("{}", roots.report());
    };
    assert_eq!(
        (report.certificates().len(), report.ignored().len()),
        (0, 1)
    );
    let error = verdict(&roots, &server(&revoked, NAME)).unwrap_err();
    assert!(Refusal::of(&error).unwrap().is_revoked_by_onecrl());
}

/// The one that is revoked as an end entity, too.
#[test]
fn revoked_end_entity_is_refused() {
    let ca = namesake("emSign Root TLS CA - G1");
    let revoked = server_with(&ca, NAME, |params| {
        params.serial_number = Some(SerialNumber::from_slice(&SERIAL));
    });
    let error = verdict(&trusting(&ca), &revoked).unwrap_err();
    assert!(Refusal::of(&error).unwrap().is_revoked_by_onecrl());
}

#[test]
fn neighbours_of_revoked_certificate_are_accepted() {
    let key = key().serialize_pem();
    let mut next = SERIAL;
    next[15] += 1;
    for (issuer, serial) in [
        ("emSign Root TLS CA - G1", next),
        ("emSign Root TLS CA - G2", SERIAL),
    ] {
        let ca = namesake(issuer);
        let between = between(&ca, &key, serial);
        assert_eq!(
            verdict(&trusting(&ca), &server(&between, NAME).with(&between)),
            Ok(())
        );
    }
}

#[test]
fn chain_around_revoked_intermediate_is_accepted() {
    let (ca, other) = (namesake("emSign Root TLS CA - G1"), root("Other CA"));
    let shared = key().serialize_pem();
    let revoked = between(&ca, &shared, SERIAL);
    let good = intermediate_of("Between", &shared, &other);
    let identity = server(&revoked, NAME).with(&revoked).with(&good);
    let both = Roots::builder()
        .pem(ca.pem())
        .pem(other.pem())
        .build()
        .unwrap();
    assert_eq!(verdict(&both, &identity), Ok(()));
    let error = verdict(&trusting(&ca), &identity).unwrap_err();
    assert!(
        Refusal::of(&error).unwrap().is_revoked_by_onecrl(),
        "{error}"
    );
}

/// The list has six of eMudhra's intermediates by subject and key. The list of keys, which names advisories, is asked
/// before it, and webpki's own after it.
#[test]
fn subject_and_key_are_compared_together() {
    let ca = root("CA");
    for (common_name, is_in_list) in [("EM DV TLS CA - G3B", true), ("EM DV TLS CA - G3", false)] {
        let mut params = ca_params("");
        params.distinguished_name = name("NL", "eMudhra BV", common_name);
        let between = params.signed_by(&PUBLIC_KEY, &ca).unwrap();
        let forged = intermediate_with("", &ca, |forged| {
            forged.distinguished_name = params.distinguished_name.clone();
        });
        let mut identity = server(&forged, NAME);
        identity.chain.push(between.der().clone());
        let error = verdict(&trusting(&ca), &identity).unwrap_err();
        assert!(Refusal::of(&error).unwrap().advisories().is_some());
        let key = hex(&sha256(PUBLIC_KEY.0));
        let allowing = Roots::builder().pem(ca.pem()).allow_distrusted_key(key);
        let error = verdict(&allowing.build().unwrap(), &identity).unwrap_err();
        let refusal = Refusal::of(&error).unwrap();
        assert_eq!(refusal.is_revoked_by_onecrl(), is_in_list, "{refusal}");
        assert!(refusal.is_distrusted_certificate());
    }
}
