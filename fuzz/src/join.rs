//! A root's own name constraints and imposed ones, together.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use embedded_roots_bundle::{Annotation, Root};
use rcgen::{CertificateParams, CustomExtension, Issuer, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage};

use crate::pki::{NOW, authority, named};

/// A leaf is accepted under joined constraints exactly if it is under each of them alone. webpki judges.
pub fn check(data: &[u8]) {
    let _ = case(&mut Unstructured::new(data));
}

fn case(choices: &mut Unstructured<'_>) -> Result<()> {
    let (own, imposed) = (constraints(choices)?, constraints(choices)?);
    let leaf = leaf(choices)?;
    let own = Root::new(root(None), own, 0).unwrap();
    let own_content = own.trust_anchor().name_constraints.as_deref();
    let alone = Root::new(root(None), imposed.clone(), 0).unwrap();
    let both = accepts(own.trust_anchor(), &leaf) && accepts(alone.trust_anchor(), &leaf);
    match Root::new(root(own_content), imposed, 0) {
        Ok(joined) => assert_eq!(accepts(joined.trust_anchor(), &leaf), both),
        // There is a name of each kind in the leaf, so that something is permitted by both.
        Err(why) => assert!(!both, "{why}"),
    }
    Ok(())
}

fn constraints(choices: &mut Unstructured<'_>) -> Result<Annotation> {
    let mut pairs = Vec::new();
    for key in ["permitted-dns", "excluded-dns"] {
        let mut names = Vec::new();
        for _ in 0..choices.int_in_range(0..=2)? {
            let dot = if choices.arbitrary()? { "." } else { "" };
            names.push(format!("{dot}{}", name(choices)?));
        }
        if !names.is_empty() {
            pairs.push(format!("{key}={}", names.join(",")));
        }
    }
    for key in ["permitted-ip", "excluded-ip"] {
        let mut subnets = Vec::new();
        for _ in 0..choices.int_in_range(0..=2)? {
            subnets.push(*choices.choose(&SUBNETS)?);
        }
        if !subnets.is_empty() {
            pairs.push(format!("{key}={}", subnets.join(",")));
        }
    }
    let pairs = pairs.join(" ");
    Ok(if pairs.is_empty() {
        Annotation::default()
    } else {
        pairs.parse().unwrap()
    })
}

const SUBNETS: [&str; 10] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.1.1/32",
    "192.168.0.0/16",
    "::/0",
    "fd00::/8",
    "fd00::/16",
    "::ffff:10.1.0.0/112",
    "::ffff:0.0.0.0/96",
];
const ADDRESSES: [&str; 6] = [
    "10.0.0.1",
    "10.1.1.1",
    "192.168.1.1",
    "fd00::1",
    "fd01::1",
    "::ffff:10.1.1.1",
];

fn name(choices: &mut Unstructured<'_>) -> Result<String> {
    let mut labels = Vec::new();
    for _ in 0..choices.int_in_range(1..=3)? {
        labels.push(*choices.choose(&["a", "b", "ba"])?);
    }
    Ok(labels.join("."))
}

fn leaf(choices: &mut Unstructured<'_>) -> Result<CertificateDer<'static>> {
    let mut names = vec![
        dns(&name(choices)?),
        SanType::IpAddress(choices.choose(&ADDRESSES)?.parse().unwrap()),
    ];
    if choices.arbitrary()? {
        names.push(dns(&format!("*.{}", name(choices)?)));
    }
    if choices.arbitrary()? {
        names.push(dns(&name(choices)?.to_uppercase()));
    }
    let mut params: CertificateParams = named("Leaf");
    params.subject_alt_names = names;
    let issuer = Issuer::from_params(&ISSUER.0, &ISSUER.1);
    Ok(params.signed_by(&ISSUER.1, &issuer).unwrap().into())
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

static ISSUER: LazyLock<(CertificateParams, KeyPair)> =
    LazyLock::new(|| (authority("Example Root"), KeyPair::generate().unwrap()));

/// Always the same subject and key.
fn root(own: Option<&[u8]>) -> CertificateDer<'static> {
    let mut params = authority("Example Root");
    if let Some(content) = own {
        let length = u16::try_from(content.len()).unwrap();
        let header = match length {
            0..0x80 => vec![0x30, length as u8],
            0x80..=0xff => vec![0x30, 0x81, length as u8],
            _ => [&[0x30, 0x82][..], &length.to_be_bytes()].concat(),
        };
        let extension =
            CustomExtension::from_oid_content(&[2, 5, 29, 30], [&header, content].concat());
        params.custom_extensions.push(extension);
    }
    params.self_signed(&ISSUER.1).unwrap().into()
}

fn accepts(anchor: &TrustAnchor<'_>, leaf: &CertificateDer<'_>) -> bool {
    let leaf = EndEntityCert::try_from(leaf).unwrap();
    let anchors = std::slice::from_ref(anchor);
    let usage = KeyUsage::server_auth();
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, anchors, &[], NOW, usage, None, None)
        .is_ok()
}
