//! A root's own name constraints and imposed ones, together.

use std::net::IpAddr;
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
    let contents = [&own, &imposed].map(content);
    let plain = Root::new(root(None), Annotation::default(), 0).unwrap();
    let both = contents.iter().all(|content| {
        let name_constraints = content.as_deref().map(Into::into);
        let anchor = TrustAnchor {
            name_constraints,
            ..plain.trust_anchor().clone()
        };
        accepts(&anchor, &leaf)
    });
    match Root::new(root(contents[0].as_deref()), imposed, 0) {
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

/// The constraints as DER, written apart from the crate: the pairs of an annotation, each with its
/// number in the SEQUENCE.
fn content(annotation: &Annotation) -> Option<Vec<u8>> {
    let text = annotation.to_string();
    let of = |verb: &str, number: u8| {
        let mut subtrees = Vec::new();
        for pair in text.split(' ') {
            let Some((key, values)) = pair
                .split_once('=')
                .filter(|(key, _)| key.starts_with(verb))
            else {
                continue;
            };
            for value in values.split(',') {
                let mut bases = Vec::new();
                if key.ends_with("dns") {
                    bases.push((0x82, value.as_bytes().to_vec()));
                } else {
                    bases.push((0x87, subnet(value)));
                    // An excluded subnet is meant in both families.
                    if let Some(twin) = twin(value).filter(|_| verb == "excluded") {
                        bases.push((0x87, subnet(&twin)));
                    }
                }
                for (tag, base) in bases {
                    subtrees.extend(element(0x30, &element(tag, &base)));
                }
            }
        }
        if subtrees.is_empty() {
            subtrees
        } else {
            element(number, &subtrees)
        }
    };
    let content = [of("permitted", 0xa0), of("excluded", 0xa1)].concat();
    (!content.is_empty()).then_some(content)
}

fn subnet(text: &str) -> Vec<u8> {
    let (address, prefix) = text.split_once('/').unwrap();
    let prefix: usize = prefix.parse().unwrap();
    let octets = match address.parse().unwrap() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let bit = |at: usize| u8::from(at < prefix);
    let mask =
        (0..octets.len()).map(|octet| (0..8).fold(0, |mask, at| mask << 1 | bit(octet * 8 + at)));
    octets.iter().copied().chain(mask).collect()
}

fn twin(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/')?;
    let prefix: u8 = prefix.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(address) => Some(format!("::ffff:{address}/{}", 96 + prefix)),
        IpAddr::V6(address) => Some(format!(
            "{}/{}",
            address.to_ipv4_mapped()?,
            prefix.checked_sub(96)?
        )),
    }
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    let header = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => [&[tag, 0x82][..], &length.to_be_bytes()].concat(),
    };
    [&header, value].concat()
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
        let extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], element(0x30, content));
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
