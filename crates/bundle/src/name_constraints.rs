//! Name constraints (RFC 5280, section 4.2.1.10): those of annotations, joined with those of the
//! certificate itself.

use std::fmt;
use std::net::IpAddr;

use crate::der::{self, Element};
use crate::error::ParseError;

/// The name constraints that an annotation imposes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NameConstraints {
    pub(crate) permitted: Subtrees,
    pub(crate) excluded: Subtrees,
}

/// Subtrees, sorted and without duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subtrees {
    pub(crate) dns: Vec<DnsSubtree>,
    pub(crate) ip: Vec<IpSubtree>,
}

/// A subtree as an annotation writes it.
pub(crate) trait Subtree: Ord + fmt::Display {
    /// The subtree, or what is wrong with the text.
    fn parse(text: &str) -> Result<Self, String>
    where
        Self: Sized;

    /// The `GeneralName` that is its base.
    fn base(&self) -> Base;
}

impl NameConstraints {
    pub(crate) fn is_empty(&self) -> bool {
        self.permitted.is_empty() && self.excluded.is_empty()
    }

    /// The content of a NameConstraints SEQUENCE, DER, that allows a name if and only if both
    /// `self` and `own` (the same content, of the certificate itself) allow it.
    pub(crate) fn join(&self, own: Option<&[u8]>) -> Result<Option<Vec<u8>>, ParseError> {
        if self.is_empty() {
            return Ok(own.map(<[u8]>::to_vec));
        }
        let (mut own_permitted, mut excluded) = own
            .map_or_else(|| Some(<(Vec<Base>, Vec<Base>)>::default()), read)
            .ok_or_else(|| {
                ParseError::new(
                    "the certificate's own name constraints cannot be read, so that more cannot \
                     be imposed beside them",
                )
            })?;
        excluded.extend(self.excluded.bases());
        excluded.extend(self.excluded.ip.iter().filter_map(IpSubtree::twin));
        own_permitted.sort_unstable();
        own_permitted.dedup();

        let mut permitted = Vec::new();
        let imposed = self.permitted.bases();
        for (kind, named) in [(DNS, "DNS name"), (IP, "IP address")] {
            let (own, imposed) = (of_kind(&own_permitted, kind), of_kind(&imposed, kind));
            permitted.extend(match (own.is_empty(), imposed.is_empty()) {
                (_, true) => own,
                (true, false) => imposed,
                (false, false) => common(&own, &imposed, named)?,
            });
        }
        let is_other = |own: &Base| own.tag != DNS && own.tag != IP;
        permitted.extend(own_permitted.into_iter().filter(is_other));

        let content = [(0, permitted), (1, excluded)].map(|(number, mut bases)| {
            bases.sort_unstable();
            bases.dedup();
            let subtrees: Vec<u8> = bases.iter().flat_map(Base::encode).collect();
            if subtrees.is_empty() {
                return subtrees;
            }
            der::encode(der::context_constructed(number), &subtrees)
        });
        Ok(Some(content.concat()))
    }
}

/// Name constraints (the content of the SEQUENCE, DER) in readable form, as far as possible in the
/// grammar of [`Annotation`](crate::Annotation): `permitted-dns=.tr`.
#[must_use]
pub fn show_name_constraints(content: &[u8]) -> String {
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

impl Subtrees {
    fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.ip.is_empty()
    }

    fn bases(&self) -> Vec<Base> {
        let dns = self.dns.iter().map(DnsSubtree::base);
        dns.chain(self.ip.iter().map(IpSubtree::base)).collect()
    }
}

/// A DNS name, in lower case. With a leading dot, it is only the names below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DnsSubtree(String);

impl Subtree for DnsSubtree {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty name".to_owned());
        }
        if !text.is_ascii() {
            return Err("write the name in its ASCII form, which begins with xn--".to_owned());
        }
        if text.parse::<IpAddr>().is_ok() {
            return Err("an IP address belongs in permitted-ip or excluded-ip".to_owned());
        }
        if !is_dns_subtree(text.as_bytes()) {
            return Err("expected a DNS name such as corp.example or .corp.example".to_owned());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    fn base(&self) -> Base {
        Base {
            tag: DNS,
            value: self.0.clone().into_bytes(),
        }
    }
}

impl fmt::Display for DnsSubtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A subnet, without bits beyond its prefix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IpSubtree {
    address: IpAddr,
    prefix: u8,
}

impl Subtree for IpSubtree {
    fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a subnet such as 10.0.0.0/8 or fd00::/8";
        let Some((address, prefix)) = text.split_once('/') else {
            return Err(
                "without a prefix length (for one address: /32, or /128 for IPv6)".to_owned(),
            );
        };
        let address: IpAddr = address.parse().map_err(|_| EXPECTED)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = prefix.parse().map_err(|_| EXPECTED)?;
        if !digits || prefix > bits {
            return Err(EXPECTED.to_owned());
        }
        let network = network(address, prefix);
        if network != address {
            return Err(format!(
                "bits are set beyond the prefix; the subnet is {network}/{prefix}"
            ));
        }
        Ok(Self { address, prefix })
    }

    fn base(&self) -> Base {
        let value = match (self.address, network(all_ones(self.address), self.prefix)) {
            (IpAddr::V4(address), IpAddr::V4(mask)) => [address.octets(), mask.octets()].concat(),
            (IpAddr::V6(address), IpAddr::V6(mask)) => [address.octets(), mask.octets()].concat(),
            _ => Vec::new(),
        };
        Base { tag: IP, value }
    }
}

impl IpSubtree {
    /// The same addresses in the other family, where IPv6 maps IPv4 (`::ffff:0:0/96`; RFC 4291,
    /// section 2.5.5.2). webpki judges addresses of one family by the constraints of that family
    /// alone, so that an excluded subnet needs both; one that is permitted permits its own family
    /// alone.
    fn twin(&self) -> Option<Base> {
        let twin = match self.address {
            IpAddr::V4(v4) => Self {
                address: v4.to_ipv6_mapped().into(),
                prefix: self.prefix + MAPPED,
            },
            IpAddr::V6(v6) => Self {
                address: v6.to_ipv4_mapped()?.into(),
                prefix: self.prefix.checked_sub(MAPPED)?,
            },
        };
        Some(twin.base())
    }
}

/// The length of the prefix that IPv4-mapped IPv6 addresses have in common, in bits.
const MAPPED: u8 = 96;

impl fmt::Display for IpSubtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn all_ones(like: IpAddr) -> IpAddr {
    if like.is_ipv4() {
        IpAddr::from([0xff; 4])
    } else {
        IpAddr::from([0xff; 16])
    }
}

/// `address` with the bits beyond `prefix` cleared.
fn network(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

/// Whether webpki can read name constraints (the content of the SEQUENCE): otherwise it refuses every
/// chain, and writing them anew would widen what they say. DER, subtrees of one `GeneralName` each, and
/// no sequence of more than 65,535 bytes, where webpki stops.
pub(crate) fn check(content: &[u8]) -> Result<(), ParseError> {
    let mut rest = content;
    for number in [0, 1] {
        let tag = der::context_constructed(number);
        let Some((subtrees, after)) = Element::expect(rest, tag) else {
            continue;
        };
        if subtrees.len() > MOST_BYTES {
            return Err(ParseError::new(format!(
                "name constraints of {} bytes: at most {MOST_BYTES} can be verified",
                subtrees.len()
            )));
        }
        let is_subtree = |subtree: Option<Element<'_>>| {
            let subtree = subtree.filter(|subtree| subtree.tag == der::SEQUENCE);
            subtree.is_some_and(|subtree| {
                Element::read(subtree.value).is_some_and(|(_, rest)| rest.is_empty())
            })
        };
        if !der::elements(subtrees).all(is_subtree) {
            return Err(not_der());
        }
        rest = after;
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(not_der())
    }
}

const MOST_BYTES: usize = 65_535;

/// As many as fit into [`MOST_BYTES`], of one letter each.
pub(crate) const MOST_SUBTREES: usize = MOST_BYTES / 5;

fn not_der() -> ParseError {
    ParseError::new("its name constraints are not DER (RFC 5280): no chain would be accepted")
}

/// The `base` of a `GeneralSubtree`: a `GeneralName`, by tag and value. A DNS name is its bytes, an
/// IP address is followed by its mask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Base {
    pub(crate) tag: u8,
    value: Vec<u8>,
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
    fn intersection(&self, other: &Self) -> Option<Self> {
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
    fn is_sound(&self) -> bool {
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

    fn kind(&self) -> &'static str {
        match self.tag {
            DNS => "dns",
            IP => "ip",
            _ => "other",
        }
    }

    fn encode(&self) -> Vec<u8> {
        der::encode(der::SEQUENCE, &der::encode(self.tag, &self.value))
    }
}

/// The subtrees that contain a name if and only if it is in one of `own` and in one of `imposed`.
fn common(own: &[Base], imposed: &[Base], named: &str) -> Result<Vec<Base>, ParseError> {
    // With this many pairs for each, a file of thousands of certificates still takes about a
    // second.
    const MOST_PAIRS: usize = 4096;

    if own.len().saturating_mul(imposed.len()) > MOST_PAIRS {
        let (own, imposed) = (own.len(), imposed.len());
        return Err(ParseError::new(format!(
            "too many subtrees to join: {own} of the certificate's own and {imposed} of the \
             annotation"
        )));
    }
    // Permitted subtrees of one kind are alternatives, so the two sets have to become one.
    let pairs = own
        .iter()
        .flat_map(|own| imposed.iter().map(move |imposed| (own, imposed)));
    let mut common: Vec<_> = pairs
        .filter_map(|(own, imposed)| own.intersection(imposed))
        .collect();
    common.sort_unstable();
    common.dedup();
    if common.is_empty() {
        return Err(ParseError::new(format!(
            "no {named} is permitted both by the annotation and by the certificate's own name \
             constraints"
        )));
    }
    Ok(common)
}

fn of_kind(bases: &[Base], kind: u8) -> Vec<Base> {
    bases
        .iter()
        .filter(|base| base.tag == kind)
        .cloned()
        .collect()
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
    base.is_sound().then_some(base)
}

/// Whether webpki accepts this as a dNSName constraint, except for the empty one: labels of
/// letters, digits, hyphens and underscores, the last not numeric, with an optional leading dot.
fn is_dns_subtree(name: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Annotation;

    fn imposed(pairs: &str) -> NameConstraints {
        pairs
            .parse::<Annotation>()
            .unwrap()
            .name_constraints()
            .clone()
    }

    fn alone(pairs: &str) -> Vec<u8> {
        imposed(pairs).join(None).unwrap().unwrap()
    }

    #[test]
    fn the_encoding_of_webpki() {
        let tr = [0xa0, 0x07, 0x30, 0x05, 0x82, 0x03, 0x2e, 0x74, 0x72];
        assert_eq!(alone("permitted-dns=.tr"), tr);
        let ten = [0xa0, 12, 0x30, 10, 0x87, 8, 10, 0, 0, 0, 255, 0, 0, 0];
        assert_eq!(alone("permitted-ip=10.0.0.0/8"), ten);
        let all = alone("permitted-ip=0.0.0.0/0");
        assert_eq!(all, [0xa0, 12, 0x30, 10, 0x87, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(alone("permitted-ip=::/0").len(), 2 + 2 + 2 + 32);
    }

    #[test]
    fn an_excluded_subnet_is_excluded_in_both_families() {
        for (pairs, both) in [
            (
                "excluded-ip=10.0.0.0/8",
                "excluded-ip=::ffff:10.0.0.0/104,10.0.0.0/8",
            ),
            (
                "excluded-ip=::ffff:10.0.0.1/128",
                "excluded-ip=::ffff:10.0.0.1/128,10.0.0.1/32",
            ),
            (
                "excluded-ip=0.0.0.0/0",
                "excluded-ip=0.0.0.0/0,::ffff:0.0.0.0/96",
            ),
            ("excluded-ip=fd00::/8", "excluded-ip=fd00::/8"),
            // All of IPv6 is not IPv4.
            ("excluded-ip=::/0", "excluded-ip=::/0"),
            ("permitted-ip=10.0.0.0/8", "permitted-ip=10.0.0.0/8"),
        ] {
            assert_eq!(show_name_constraints(&alone(pairs)), both);
            // The annotation itself is written as it was read.
            let annotation: Annotation = pairs.parse().unwrap();
            assert_eq!(annotation.to_string(), pairs);
        }
    }

    #[test]
    fn nothing_imposed_leaves_the_certificates_own_as_they_are() {
        let malformed = [0xa0, 0xff];
        assert_eq!(NameConstraints::default().join(None).unwrap(), None);
        let joined = NameConstraints::default().join(Some(&malformed)).unwrap();
        assert_eq!(joined.as_deref(), Some(&malformed[..]));
    }

    #[test]
    fn both_are_in_force() {
        for (own, more, both) in [
            (
                "permitted-dns=a.example",
                "permitted-dns=.a.example",
                "permitted-dns=.a.example",
            ),
            (
                "permitted-dns=.example",
                "permitted-dns=b.a.example",
                "permitted-dns=b.a.example",
            ),
            ("permitted-dns=a,b", "permitted-dns=b,c", "permitted-dns=b"),
            (
                "permitted-dns=a",
                "excluded-dns=x.a",
                "permitted-dns=a excluded-dns=x.a",
            ),
            (
                "excluded-dns=x.a",
                "excluded-dns=y.a",
                "excluded-dns=x.a,y.a",
            ),
            (
                "permitted-dns=a",
                "permitted-ip=10.0.0.0/8",
                "permitted-dns=a permitted-ip=10.0.0.0/8",
            ),
            (
                "permitted-ip=10.0.0.0/8",
                "permitted-ip=10.1.0.0/16",
                "permitted-ip=10.1.0.0/16",
            ),
            (
                "permitted-ip=fd00::/8,10.0.0.0/8",
                "permitted-ip=fd00::/16",
                "permitted-ip=fd00::/16",
            ),
        ] {
            let expected = alone(both);
            let joined = imposed(more).join(Some(&alone(own))).unwrap().unwrap();
            assert_eq!(joined, expected, "{own} and {more}");
            let joined = imposed(own).join(Some(&alone(more))).unwrap().unwrap();
            assert_eq!(joined, expected, "{more} and {own}");
        }
    }

    #[test]
    fn kinds_that_annotations_do_not_know_are_kept() {
        // permitted: rfc822Name "a", excluded: uniformResourceIdentifier "b"
        let own = [
            0xa0, 5, 0x30, 3, 0x81, 1, b'a', 0xa1, 5, 0x30, 3, 0x86, 1, b'b',
        ];
        let joined = imposed("permitted-dns=a")
            .join(Some(&own))
            .unwrap()
            .unwrap();
        let expected = [
            &[0xa0, 10, 0x30, 3, 0x81, 1, b'a', 0x30, 3, 0x82, 1, b'a'][..],
            &[0xa1, 5, 0x30, 3, 0x86, 1, b'b'],
        ];
        assert_eq!(joined, expected.concat());
    }

    #[test]
    fn people_can_read_them() {
        for text in [
            "permitted-dns=.tr",
            "permitted-dns=a,b permitted-ip=10.0.0.0/8,fd00::/9 excluded-dns=x.a excluded-ip=::/0",
        ] {
            assert_eq!(show_name_constraints(&alone(text)), text);
        }
        let email = [0xa1, 5, 0x30, 3, 0x81, 1, b'a'];
        assert_eq!(show_name_constraints(&email), "excluded-other=[1]");
        assert_eq!(
            show_name_constraints(&[0xa0, 9]),
            "unreadable name constraints"
        );
    }

    #[test]
    fn a_join_has_an_end() {
        let many = |suffix: &str| {
            let names: Vec<_> = (0..501).map(|nth| format!("{nth}.{suffix}")).collect();
            imposed(&format!("permitted-dns={}", names.join(",")))
        };
        let own = many("a").join(None).unwrap().unwrap();
        let error = many("a").join(Some(&own)).unwrap_err();
        assert!(
            error.reason().starts_with("too many subtrees to join: 501"),
            "{error}"
        );
        // Many equal subtrees in the certificate.
        let one = der::encode(der::SEQUENCE, &der::encode(DNS, b""));
        let repeated = der::encode(der::context_constructed(0), &one.repeat(50_000));
        let joined = many("a").join(Some(&repeated)).unwrap().unwrap();
        assert_eq!(joined, own);
        // Excluded subtrees are not compared in pairs.
        let excluded = imposed("excluded-dns=1.a").join(Some(&own)).unwrap();
        assert_eq!(excluded.unwrap().len(), own.len() + 2 + 2 + 2 + 3);
    }

    #[test]
    fn what_one_field_cannot_say_is_refused() {
        for (own, more, reason) in [
            ("permitted-dns=a", "permitted-dns=b", "no DNS name"),
            (
                "permitted-ip=10.0.0.0/8",
                "permitted-ip=11.0.0.0/8",
                "no IP address",
            ),
            (
                "permitted-ip=10.0.0.0/8",
                "permitted-ip=fd00::/8",
                "no IP address",
            ),
        ] {
            let error = imposed(more).join(Some(&alone(own))).unwrap_err();
            assert!(error.reason().starts_with(reason), "{error}");
        }
        for malformed in [
            &[0xa0, 0xff][..],
            &[0xa0, 0, 0xa0, 0],
            // "." is not a name; 10.0.0.0 has the mask 255.0.255.0; one subtree has a minimum of 1.
            &[0xa0, 5, 0x30, 3, 0x82, 1, b'.'],
            &[0xa0, 12, 0x30, 10, 0x87, 8, 10, 0, 0, 0, 255, 0, 255, 0],
            &[0xa0, 8, 0x30, 6, 0x82, 1, b'a', 0x80, 1, 1],
        ] {
            let error = imposed("permitted-dns=a")
                .join(Some(malformed))
                .unwrap_err();
            assert!(
                error
                    .reason()
                    .contains("own name constraints cannot be read"),
                "{error}"
            );
        }
    }
}
