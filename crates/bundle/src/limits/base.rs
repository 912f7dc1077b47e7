//! Subtrees as DER has them.

use std::fmt;
use std::net::IpAddr;

use crate::x509::der::{self, Element};

/// Name constraints (the content of the SEQUENCE, DER) in readable form, as far as possible in the
/// grammar of [`Annotation`](crate::Annotation): `permitted-dns=.tr`.
pub(crate) fn show_name_constraints(content: &[u8]) -> String {
    let Some((permitted, excluded)) = read(content) else {
        return "unreadable name constraints".to_owned();
    };
    let mut shown: Vec<String> = Vec::new();
    for (verb, bases) in [("permitted", permitted), ("excluded", excluded)] {
        for kind in ["dns", "ip", "other"] {
            let bases = bases.iter().filter(|base| base.kind() == kind);
            let bases: Vec<_> = bases.map(ToString::to_string).collect();
            if !bases.is_empty() {
                shown.push(format!("{verb}-{kind}={}", bases.join(",")));
            }
        }
    }
    shown.join(" ")
}

/// The `base` of a `GeneralSubtree`: a `GeneralName`, by tag and value. A DNS name is its bytes, an
/// IP address is followed by its mask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Base {
    pub(crate) tag: u8,
    pub(super) value: Vec<u8>,
}

/// Only for valid bases, in which a DNS name is ASCII and a mask is a prefix.
impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, mask) = self.value.split_at(self.value.len() / 2);
        let prefix = mask.iter().map(|octet| octet.count_ones()).sum::<u32>();
        match self.tag {
            DNS => write!(f, "{}", self.value.escape_ascii()),
            IP => {
                let v4 = <[u8; 4]>::try_from(address).map(IpAddr::from);
                let v6 = <[u8; 16]>::try_from(address).map(IpAddr::from);
                v4.or(v6)
                    .map_or(Err(fmt::Error), |address| write!(f, "{address}/{prefix}"))
            }
            tag => write!(f, "[{}]", tag & 0x1f),
        }
    }
}

pub(crate) const DNS: u8 = der::context(2);
pub(crate) const IP: u8 = der::context(7);

impl Base {
    /// The base that contains a name of this kind if and only if both bases do.
    pub(super) fn intersection(&self, other: &Self) -> Option<Self> {
        match self.tag {
            DNS if dns_contains(&self.value, &other.value) => Some(other.clone()),
            DNS if dns_contains(&other.value, &self.value) => Some(self.clone()),
            IP => {
                let value = ip_intersection(&self.value, &other.value)?;
                Some(Self { tag: IP, value })
            }
            _ => None,
        }
    }

    /// Whether webpki can apply it; webpki refuses every name if a base is malformed.
    fn is_valid(&self) -> bool {
        match self.tag {
            DNS => self.value.is_empty() || is_dns_subtree(&self.value),
            IP => {
                let (_, mask) = self.value.split_at(self.value.len() / 2);
                let bits = mask.iter().map(|octet| octet.count_ones()).sum::<u32>();
                let leading = mask.iter().take_while(|&&octet| octet == 0xff).count();
                let next = mask.get(leading).map_or(0, |octet| octet.leading_ones());
                matches!(self.value.len(), 8 | 32)
                    && u32::try_from(leading * 8).is_ok_and(|leading| leading + next == bits)
            }
            _ => true,
        }
    }

    pub(crate) fn contains_dns(&self, name: &[u8]) -> bool {
        dns_contains(&self.value, name)
    }

    /// An address is in a subnet that the subnet of this address alone does not narrow.
    pub(crate) fn contains_ip(&self, address: &[u8]) -> bool {
        let alone = [address, &vec![0xff; address.len()]].concat();
        ip_intersection(&self.value, &alone).is_some()
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.tag {
            DNS => "dns",
            IP => "ip",
            _ => "other",
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        der::encode(der::SEQUENCE, &der::encode(self.tag, &self.value))
    }
}

/// The permitted and the excluded subtrees of a NameConstraints content.
pub(crate) fn read(content: &[u8]) -> Option<(Vec<Base>, Vec<Base>)> {
    let mut rest = content;
    let sets = [0, 1].map(|number| {
        let Some((subtrees, after)) = Element::expect(rest, der::context_constructed(number))
        else {
            return Some(Vec::new());
        };
        rest = after;
        der::elements(subtrees)
            .map(|subtree| read_base(subtree?))
            .collect()
    });
    let [permitted, excluded] = sets;
    rest.is_empty().then_some((permitted?, excluded?))
}

fn read_base(subtree: Element<'_>) -> Option<Base> {
    let (name, rest) = Element::read(subtree.value)?;
    // RFC 5280 allows no minimum but the default, and no maximum.
    if subtree.tag != der::SEQUENCE || !rest.is_empty() {
        return None;
    }
    let value = if name.tag == DNS {
        name.value.to_ascii_lowercase()
    } else {
        name.value.to_vec()
    };
    let base = Base {
        tag: name.tag,
        value,
    };
    base.is_valid().then_some(base)
}

/// Whether all names under `inner` are under `outer`. Subtrees that are not nested are disjoint.
fn dns_contains(outer: &[u8], inner: &[u8]) -> bool {
    let below = |suffix: &[u8]| inner.ends_with(suffix);
    match outer.first() {
        None => true,
        Some(b'.') => below(outer),
        Some(_) => {
            let rest = inner.strip_suffix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
        }
    }
}

/// The intersection of two subnets, each given as address and mask.
fn ip_intersection(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    if one.len() != other.len() {
        return None;
    }
    let (one, one_mask) = one.split_at(one.len() / 2);
    let (other, other_mask) = other.split_at(other.len() / 2);
    let octets = one.iter().zip(one_mask).zip(other.iter().zip(other_mask));
    let (mut address, mut mask) = (Vec::new(), Vec::new());
    for ((one, one_mask), (other, other_mask)) in octets {
        if (one ^ other) & (one_mask & other_mask) != 0 {
            return None;
        }
        address.push((one & one_mask) | (other & other_mask));
        mask.push(one_mask | other_mask);
    }
    address.extend(mask);
    Some(address)
}

/// Whether webpki accepts this as a dNSName constraint, except for the empty one: labels of
/// letters, digits, hyphens and underscores, the last not numeric, with an optional leading dot.
pub(crate) fn is_dns_subtree(name: &[u8]) -> bool {
    let mut labels = name
        .strip_prefix(b".")
        .unwrap_or(name)
        .split(|&byte| byte == b'.');
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
    };
    let is_number = |label: &[u8]| label.iter().all(u8::is_ascii_digit);
    name.len() <= 253 && labels.clone().all(is_label) && !labels.next_back().is_none_or(is_number)
}
