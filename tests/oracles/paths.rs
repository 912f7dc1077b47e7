//! Ways from an end-entity certificate to a root, and what bars them.

use embedded_roots_testing::authority::{
    Authority, Identity, intermediate, intermediate_with, pem, root, root_with, server, server_with,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa};
use rustls::pki_types::CertificateDer;

use crate::case::Case;
use crate::case::Verdict::{self, Accepted, Refused};

const NAME: &str = "a.example";

fn path_length(length: u8) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(length))
}

/// A root and intermediates, each issued by the one before.
fn tower(height: usize) -> Vec<Authority> {
    let mut tower = vec![root("CA")];
    for nth in 1..=height {
        let issuer = tower.last().unwrap();
        tower.push(intermediate(&format!("Between {nth}"), issuer));
    }
    tower
}

fn der(authority: &Authority) -> CertificateDer<'static> {
    authority.der().clone()
}

pub(crate) fn cases() -> Vec<Case> {
    let groups = [lengths(), orders(), anchors(), forgeries()];
    groups.into_iter().flatten().collect()
}

fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    // rustls goes by at most six intermediates.
    for height in 0..=7 {
        let tower = tower(height);
        let mut chain = server(tower.last().unwrap(), NAME);
        chain.chain.extend(tower[1..].iter().rev().map(der));
        let verdict = if height <= 6 { Accepted } else { Refused };
        let name = format!("{height} intermediates");
        cases.push(Case::new(name, &[&tower[0]], chain, NAME, verdict));
    }
    for (length, below, verdict) in [
        (0, 0, Accepted),
        (0, 1, Refused),
        (1, 1, Accepted),
        (1, 2, Refused),
        (2, 2, Accepted),
    ] {
        let ca = root("CA");
        let limited = intermediate_with("Limited", &ca, path_length(length));
        let name = format!("intermediate of path length {length} with {below} below");
        cases.push(Case::new(
            name,
            &[&ca],
            above(&limited, below, true),
            NAME,
            verdict,
        ));

        // An anchor is a name and a key: webpki keeps no path length of a root.
        let ca = root_with("CA", path_length(length));
        let name = format!("root of path length {length} with {below} below");
        cases.push(Case::new(
            name,
            &[&ca],
            above(&ca, below, false),
            NAME,
            Accepted,
        ));
    }
    cases
}

/// A chain with this many intermediates below `ca`, and `ca` itself if it is `sent`.
fn above(ca: &Authority, below: usize, sent: bool) -> Vec<CertificateDer<'static>> {
    let mut tower: Vec<Authority> = Vec::new();
    for nth in 0..below {
        let issuer = tower.last().unwrap_or(ca);
        tower.push(intermediate(&format!("Below {nth}"), issuer));
    }
    let mut chain = server(tower.last().unwrap_or(ca), NAME).chain;
    chain.extend(tower.iter().rev().map(der));
    chain.extend(sent.then(|| der(ca)));
    chain
}

/// What is missing, superfluous or out of order.
fn orders() -> Vec<Case> {
    let tower = tower(2);
    let [ca, upper, lower] = &tower[..] else {
        unreachable!()
    };
    let (stranger, other) = (root("Stranger"), tower_of_another());
    let leaf = || server(lower, NAME);
    let rows: Vec<(&str, Vec<&Authority>, Verdict)> = vec![
        ("complete", vec![lower, upper], Accepted),
        ("without the lower", vec![upper], Refused),
        ("without the upper", vec![lower], Refused),
        ("without any", vec![], Refused),
        ("in reverse", vec![upper, lower], Accepted),
        ("with the root", vec![lower, upper, ca], Accepted),
        ("with the root first", vec![ca, lower, upper], Accepted),
        ("twice", vec![lower, lower, upper, upper], Accepted),
        (
            "with a stranger at the end",
            vec![lower, upper, &stranger],
            Accepted,
        ),
        (
            "with a stranger between",
            vec![lower, &stranger, upper],
            Accepted,
        ),
        (
            "with another's intermediate first",
            vec![&other, lower, upper],
            Accepted,
        ),
        ("with a stranger instead", vec![&stranger], Refused),
    ];
    rows.into_iter()
        .map(|(what, sent, verdict)| {
            let chain = sent.into_iter().fold(leaf(), Identity::with);
            Case::new(format!("chain {what}"), &[ca], chain, NAME, verdict)
        })
        .collect()
}

fn tower_of_another() -> Authority {
    intermediate("Another's", &root("Another CA"))
}

/// What may be an anchor, and what may be under one.
fn anchors() -> Vec<Case> {
    let tower = tower(2);
    let [ca, upper, lower] = &tower[..] else {
        unreachable!()
    };
    let leaf = || server(lower, NAME).with(lower);
    let alone = root_with(NAME, |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
    });
    let mut cases = vec![
        Case::new("anchor: an intermediate", &[upper], leaf(), NAME, Accepted),
        Case::new(
            "anchor: an intermediate beside its root",
            &[ca, upper],
            leaf(),
            NAME,
            Accepted,
        ),
        Case::new(
            "anchor: another intermediate",
            &[&tower_of_another()],
            leaf(),
            NAME,
            Refused,
        ),
        // rustls refuses CAs as end entities, whatever they are trusted for.
        Case::new(
            "anchor: the server's own, a CA",
            &[&alone],
            vec![der(&alone)],
            NAME,
            Refused,
        ),
    ];
    let plain = root_with(NAME, |params| {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = Vec::new();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
    });
    cases.push(Case::new(
        "anchor: the server's own, no CA",
        &[&plain],
        vec![der(&plain)],
        NAME,
        Refused,
    ));
    cases.push(Case::new(
        "self-signed server",
        &[ca],
        vec![der(&plain)],
        NAME,
        Refused,
    ));
    cases
}

/// Certificates with one bit of their signature changed; issuers that may not issue.
fn forgeries() -> Vec<Case> {
    let tower = tower(1);
    let [ca, between] = &tower[..] else {
        unreachable!()
    };
    let chain = || server(between, NAME).with(between).chain;
    let mut cases = Vec::new();
    for (nth, whose) in ["leaf", "intermediate"].into_iter().enumerate() {
        let mut chain = chain();
        chain[nth] = damaged(&chain[nth]);
        let name = format!("damaged signature of the {whose}");
        cases.push(Case::new(name, &[ca], chain, NAME, Refused));
    }
    // Nobody checks the signature that a root has made of itself, which would prove nothing.
    let mut case = Case::new(
        "damaged signature of the root",
        &[],
        chain(),
        NAME,
        Accepted,
    );
    case.trusted = pem("CERTIFICATE", &damaged(&der(ca)));
    case.twin.clone_from(&case.trusted);
    cases.push(case);

    let forged = root("Between");
    let imitated = server(&forged, NAME).with(between);
    cases.push(Case::new(
        "leaf by an imitation",
        &[ca],
        imitated,
        NAME,
        Refused,
    ));
    let leaf = intermediate_with("A server", ca, |params| {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = Vec::new();
    });
    let by_leaf = server(&leaf, NAME).with(&leaf);
    cases.push(Case::new("leaf by a leaf", &[ca], by_leaf, NAME, Refused));
    let unsure = server_with(ca, NAME, |params| {
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "CA");
    });
    cases.push(Case::new(
        "leaf of its issuer's name",
        &[ca],
        unsure,
        NAME,
        Accepted,
    ));
    cases
}

fn damaged(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut der = certificate.to_vec();
    // The end of the signature's second number.
    *der.last_mut().unwrap() ^= 1;
    der.into()
}
