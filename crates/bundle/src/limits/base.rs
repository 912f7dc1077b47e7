//! Subtrees as DER has them.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::x509::der::{self, Element};

/// Writes name constraints (the content of the SEQUENCE, DER) in readable form, as far as possible in the grammar
/// of [`Annotation`](crate::Annotation): `permitted-dns=.tr`.
pub(crate) fn write_name_constraints(f: &mut fmt::Formatter<'_>, content: &[u8]) -> fmt::Result {
    let is_readable = |set: &[u8]| der::elements(set).all(|subtree| base_of(subtree).is_some());
    let Some(sets) = sets(content).filter(|sets| sets.iter().all(|set| is_readable(set))) else {
        return f.write_str("unreadable name constraints");
    };
    let mut blank = "";
    for (set, keys) in sets.into_iter().zip(KEYS) {
        for key in keys {
            if write_bases(f, set, key, blank)? {
                blank = " ";
            }
        }
    }
    Ok(())
}

/// The keys of annotations for the permitted and for the excluded subtrees, each with the tag of its names; no
/// annotation has the names of other kinds.
const KEYS: [[(Option<u8>, &str); 3]; 2] = [
    [
        (Some(DNS), "permitted-dns="),
        (Some(IP), "permitted-ip="),
        (None, "permitted-other="),
    ],
    [
        (Some(DNS), "excluded-dns="),
        (Some(IP), "excluded-ip="),
        (None, "excluded-other="),
    ],
];

/// Writes the bases of one kind after `blank` and their key, and returns whether there are any.
// One copy, since every program links it.
#[inline(never)]
fn write_bases(
    f: &mut fmt::Formatter<'_>,
    set: &[u8],
    (kind, key): (Option<u8>, &str),
    blank: &str,
) -> Result<bool, fmt::Error> {
    let mut before = [blank, key];
    for base in der::elements(set).filter_map(base_of) {
        if Some(base.tag).filter(|tag| [DNS, IP].contains(tag)) != kind {
            continue;
        }
        for text in before {
            f.write_str(text)?;
        }
        before = [",", ""];
        write_base(f, base)?;
    }
    Ok(before == [",", ""])
}

/// The `base` of a `GeneralSubtree`: a `GeneralName`, by tag and value. A DNS name is its bytes, an
/// IP address is followed by its mask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Base {
    pub(crate) tag: u8,
    pub(super) value: Vec<u8>,
}

/// The key of a distrust date in the grammar of annotations.
pub(super) const DISTRUST_AFTER: &str = "distrust-after";
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

    pub(super) fn encode(&self) -> Vec<u8> {
        der::encode(der::SEQUENCE, &der::encode(self.tag, &self.value))
    }
}

/// The permitted and the excluded subtrees of a NameConstraints content.
pub(crate) fn read(content: &[u8]) -> Option<(Vec<Base>, Vec<Base>)> {
    let [permitted, excluded]: [Option<_>; 2] = sets(content)?.map(|set| {
        let bases = der::elements(set).map(|subtree| {
            let Element { tag, value, .. } = base_of(subtree)?;
            let value = if tag == DNS {
                value.to_ascii_lowercase()
            } else {
                value.to_vec()
            };
            Some(Base { tag, value })
        });
        bases.collect()
    });
    Some((permitted?, excluded?))
}

/// The content of each `GeneralSubtrees`, permitted and excluded ones; empty if it is not there.
pub(super) fn sets(content: &[u8]) -> Option<[&[u8]; 2]> {
    let mut rest = content;
    let sets = [0, 1].map(|number| {
        let Some((subtrees, after)) = Element::expect(rest, der::context_constructed(number))
        else {
            return &[][..];
        };
        rest = after;
        subtrees
    });
    rest.is_empty().then_some(sets)
}

/// The base of a subtree, if webpki can apply it; webpki refuses every name if a base is malformed.
#[inline(never)]
pub(super) fn base_of(subtree: Option<Element<'_>>) -> Option<Element<'_>> {
    let subtree = subtree.filter(|subtree| subtree.tag == der::SEQUENCE)?;
    let (base, rest) = Element::read(subtree.value)?;
    let is_valid = match base.tag {
        DNS => base.value.is_empty() || is_dns_subtree(base.value),
        IP => subnet(base.value).is_some(),
        _ => true,
    };
    // RFC 5280 allows no minimum but the default, and no maximum.
    (is_valid && rest.is_empty()).then_some(base)
}

/// An address, and the length of its mask, which is a prefix.
fn subnet(value: &[u8]) -> Option<(IpAddr, u32)> {
    let (address, mask) = value.split_at(value.len() / 2);
    let (address, mask) = (address_of(address)?, address_of(mask)?);
    let mask = match mask {
        IpAddr::V4(mask) => u128::from(mask.to_bits()) << 96,
        IpAddr::V6(mask) => mask.to_bits(),
    };
    let length = mask.leading_ones();
    let rest = mask.checked_shl(length).unwrap_or_default();
    (rest == 0).then_some((address, length))
}

fn write_base(f: &mut fmt::Formatter<'_>, base: Element<'_>) -> fmt::Result {
    match base.tag {
        // It is ASCII.
        DNS => {
            (base.value.iter()).try_for_each(|byte| f.write_char(byte.to_ascii_lowercase().into()))
        }
        IP => match subnet(base.value) {
            Some((address, length)) => write!(f, "{address}/{length}"),
            None => Err(fmt::Error),
        },
        tag => write!(f, "[{}]", tag & 0x1f),
    }
}

/// The address of four or sixteen octets.
pub(super) fn address_of(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

/// Whether all names under `inner` are under `outer`. Subtrees that are not nested are disjoint.
pub(super) fn dns_contains(outer: &[u8], inner: &[u8]) -> bool {
    let start = inner.len().checked_sub(outer.len());
    start
        .and_then(|start| inner.split_at_checked(start))
        .is_some_and(|(before, end)| {
            let is_whole = matches!(outer.first(), None | Some(b'.'));
            end.eq_ignore_ascii_case(outer)
                && (is_whole || before.is_empty() || before.ends_with(b"."))
        })
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
