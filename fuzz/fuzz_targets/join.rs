//! Under joined name constraints, a leaf is accepted if and only if it is accepted under each of them. The
//! judge is webpki, with imposed name constraints that are encoded here.

#![no_main]

use std::net::IpAddr;

use embedded_roots_bundle::{Annotation, Limits, Root};
use embedded_roots_fuzz::certificate::{Patch, SEQUENCE, Template, day, der, dns, patch};
use embedded_roots_fuzz::signature::ALGORITHMS;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// What is drawn from the input.
#[derive(Arbitrary, Debug)]
struct Input {
    own: Constraints,
    /// To the content of the SEQUENCE.
    patches: Vec<Patch>,
    imposed: Constraints,
    leaves: Vec<Vec<Name>>,
}

#[derive(Arbitrary, Debug)]
struct Constraints {
    permitted: Vec<Name>,
    excluded: Vec<Name>,
}

/// A name, or what names are under.
#[derive(Arbitrary, Clone, Debug)]
enum Name {
    /// Labels by their numbers.
    Dns(Prefix, [u8; 3]),
    V4([u8; 4], u8),
    V6(u8, [u8; 4], u8),
    /// Another kind by its tag, and any value.
    Other(u8, Vec<u8>),
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Prefix {
    Nothing,
    Dot,
    Wildcard,
}

const MOST: usize = 6;

fuzz_target!(|input: Input| {
    let mut input = input;
    input.cut();
    let leaves = input.leaves();
    let mut own = input.own.encode();
    patch(&mut own, &input.patches);
    let own = root(own);
    let imposed = input.imposed.in_annotation();
    let pairs = imposed.pairs();
    let annotation = pairs.parse::<Annotation>().unwrap_or_default();
    let imposed = root(imposed.in_both_families().encode());
    let joined = Root::new(own.clone(), annotation, 0);
    let (Ok(own), Ok(imposed)) = (
        anchor_from_trusted_cert(&own),
        anchor_from_trusted_cert(&imposed),
    ) else {
        return;
    };

    for names in &leaves {
        let leaf = leaf(names);
        let unconstrained = TrustAnchor {
            name_constraints: None,
            ..own.clone()
        };
        // A leaf that is refused without name constraints says nothing about them.
        if !is_accepted(&leaf, &unconstrained) {
            continue;
        }
        let both = is_accepted(&leaf, &own) && is_accepted(&leaf, &imposed);
        match &joined {
            Ok(root) => {
                let verdict = is_accepted(&leaf, root.trust_anchor());
                let content = root.trust_anchor().name_constraints.as_deref();
                let shown = content.map(|content| Limits::new(None, Some(content)).to_string());
                assert_eq!(verdict, both, "{names:?}: {shown:?} of {pairs}");
            }
            // Then no leaf with such a name is accepted by both.
            Err(error) => {
                let refused = |kind: &str| {
                    error
                        .reason()
                        .contains(&format!("no {kind} is permitted both"))
                };
                let is_refused = |name: &Name| match name {
                    Name::Dns(..) => refused("DNS name"),
                    Name::V4(..) | Name::V6(..) => refused("IP address"),
                    Name::Other(..) => false,
                };
                assert!(!both || !names.iter().any(is_refused), "{names:?}: {error}");
            }
        }
    }
});

impl Input {
    /// No more than [`MOST`] of a kind: the time grows with the square.
    fn cut(&mut self) {
        for constraints in [&mut self.own, &mut self.imposed] {
            constraints.permitted.truncate(MOST);
            constraints.excluded.truncate(MOST);
        }
        self.leaves.truncate(MOST);
        self.leaves
            .iter_mut()
            .for_each(|names| names.truncate(MOST));
    }

    /// Those of the input, and for each name of a constraint a leaf of that name.
    fn leaves(&self) -> Vec<Vec<Name>> {
        let constraints = [&self.own, &self.imposed];
        let names = constraints.map(|constraints| [&constraints.permitted, &constraints.excluded]);
        let names = names.as_flattened().iter().copied().flatten();
        let alone = names.map(|name| vec![name.clone()]);
        self.leaves.iter().cloned().chain(alone).collect()
    }
}

impl Constraints {
    /// What an annotation can say.
    fn in_annotation(mut self) -> Self {
        let can_say = |name: &Name| {
            let pair = format!("permitted-{}={}", name.kind(), name.subtree());
            pair.parse::<Annotation>().is_ok()
        };
        self.permitted.retain(can_say);
        self.excluded.retain(can_say);
        self
    }

    /// What is excluded of IPv4 is also excluded where IPv6 maps it, and the other way round: webpki
    /// keeps the families apart.
    fn in_both_families(mut self) -> Self {
        let twins: Vec<_> = self.excluded.iter().filter_map(Name::twin).collect();
        self.excluded.extend(twins);
        self
    }

    /// As an annotation says it.
    fn pairs(&self) -> String {
        let mut pairs = Vec::new();
        for (verb, names) in [("permitted", &self.permitted), ("excluded", &self.excluded)] {
            for kind in ["dns", "ip"] {
                let names = names.iter().filter(|name| name.kind() == kind);
                let shown: Vec<_> = names.map(Name::subtree).collect();
                if !shown.is_empty() {
                    pairs.push(format!("{verb}-{kind}={}", shown.join(",")));
                }
            }
        }
        pairs.join(" ")
    }

    /// The content of the SEQUENCE.
    fn encode(&self) -> Vec<u8> {
        let sets = [(0xa0, &self.permitted), (0xa1, &self.excluded)];
        let sets = sets.map(|(tag, names)| {
            let subtrees: Vec<u8> = names
                .iter()
                .flat_map(|name| der(SEQUENCE, &[&name.base()]))
                .collect();
            if subtrees.is_empty() {
                subtrees
            } else {
                der(tag, &[&subtrees])
            }
        });
        sets.concat()
    }
}

impl Name {
    fn kind(&self) -> &'static str {
        match self {
            Self::Dns(..) => "dns",
            Self::V4(..) | Self::V6(..) => "ip",
            Self::Other(..) => "other",
        }
    }

    /// A DNS name of few labels, so that many are under others, and some that are not labels.
    fn dns(&self) -> Option<String> {
        const LABELS: [&str; 8] = ["a", "ba", "A", "b", "xn--a", "_a", "a-", "1"];
        let Self::Dns(before, labels) = self else {
            return None;
        };
        let label = |nth: &u8| LABELS.get(usize::from(nth % 16)).copied();
        let labels: Vec<_> = labels.iter().filter_map(label).collect();
        let before = match before {
            Prefix::Nothing => "",
            Prefix::Dot => ".",
            Prefix::Wildcard => "*.",
        };
        Some(format!("{before}{}", labels.join(".")))
    }

    /// An address without bits beyond its prefix, and the prefix.
    fn subnet(&self) -> Option<(IpAddr, u8)> {
        match *self {
            Self::V4(address, prefix) => {
                let prefix = prefix % 33;
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Some((
                    IpAddr::from((u32::from_be_bytes(address) & mask).to_be_bytes()),
                    prefix,
                ))
            }
            Self::V6(..) => {
                let (IpAddr::V6(address), Self::V6(_, _, prefix)) = (self.address()?, self) else {
                    return None;
                };
                let prefix = prefix % 129;
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Some((
                    IpAddr::from((u128::from(address) & mask).to_be_bytes()),
                    prefix,
                ))
            }
            _ => None,
        }
    }

    fn address(&self) -> Option<IpAddr> {
        match *self {
            Self::V4(address, _) => Some(address.into()),
            // Of those that are mapped from IPv4, and of others.
            Self::V6(first, last, _) => {
                let before = if first < 0x80 { [0xff; 2] } else { [first, 0] };
                let mut octets = [0; 16];
                octets[0] = first & 0x80;
                octets[10..12].copy_from_slice(&before);
                octets[12..].copy_from_slice(&last);
                Some(octets.into())
            }
            _ => None,
        }
    }

    fn twin(&self) -> Option<Self> {
        match (self, self.subnet()?) {
            (Self::V4(address, _), (_, prefix)) => Some(Self::V6(0, *address, prefix + 96)),
            (Self::V6(0..0x80, address, _), (_, prefix)) => {
                let prefix = prefix.checked_sub(96)?;
                Some(Self::V4(*address, prefix))
            }
            _ => None,
        }
    }

    /// As an annotation writes it.
    fn subtree(&self) -> String {
        let subnet = self
            .subnet()
            .map(|(address, prefix)| format!("{address}/{prefix}"));
        self.dns().or(subnet).unwrap_or_default()
    }

    /// The `GeneralName` of a constraint.
    fn base(&self) -> Vec<u8> {
        let Some((address, prefix)) = self.subnet() else {
            return self.general_name();
        };
        let length = if address.is_ipv4() { 4 } else { 16 };
        let bit = |nth: usize| u8::from(nth < usize::from(prefix));
        let octet = |nth: usize| (0..8).fold(0, |octet, at| octet << 1 | bit(8 * nth + at));
        let mask: Vec<u8> = (0..length).map(octet).collect();
        der(0x87, &[&octets(address), &mask])
    }

    /// The `GeneralName` of a leaf.
    fn general_name(&self) -> Vec<u8> {
        if let Self::Other(tag, value) = self {
            let constructed = if tag % 9 == 4 { 0x20 } else { 0 };
            return der(0x80 | constructed | (tag % 9), &[value]);
        }
        match (self.dns(), self.address()) {
            (Some(name), _) => dns(&name),
            (None, address) => der(0x87, &[&address.map(octets).unwrap_or_default()]),
        }
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn root(name_constraints: Vec<u8>) -> CertificateDer<'static> {
    let name_constraints = Some(name_constraints).filter(|content| !content.is_empty());
    Template {
        name_constraints,
        ..Template::root(0)
    }
    .certificate(&[])
}

fn leaf(names: &[Name]) -> CertificateDer<'static> {
    let names = names.iter().map(Name::general_name).collect();
    Template {
        subject: 1,
        key: 1,
        ca: None,
        names,
        ..Template::root(0)
    }
    .certificate(&[])
}

fn is_accepted(leaf: &CertificateDer<'_>, anchor: &TrustAnchor<'_>) -> bool {
    let Ok(leaf) = EndEntityCert::try_from(leaf) else {
        return false;
    };
    let anchors = std::slice::from_ref(anchor);
    let usage = KeyUsage::server_auth();
    leaf.verify_for_usage(ALGORITHMS, anchors, &[], day(1), usage, None, None)
        .is_ok()
}
