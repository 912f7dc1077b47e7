//! Subtrees as an annotation writes them.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::limits::base::{Base, DNS, IP, is_dns_subtree};

/// A subtree as an annotation writes it.
pub(crate) trait Subtree: Ord + fmt::Display {
    /// The subtree, or what is wrong with the text.
    fn parse(text: &str) -> Result<Self, String>
    where
        Self: Sized;

    /// The `GeneralName` that is its base.
    fn base(&self) -> Base;
}

/// A DNS name, in lower case. With a leading dot, it is only the names below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DnsSubtree(String);

impl Subtree for DnsSubtree {
    fn parse(text: &str) -> Result<Self, String> {
        let text = &*without_escapes(text).ok_or("expected three digits after \\, as in \\045")?;
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
        let mut hyphens = 0;
        for char in self.0.chars() {
            hyphens = if char == '-' { hyphens + 1 } else { 0 };
            if hyphens > MOST_HYPHENS {
                f.write_str(HYPHEN)?;
            } else {
                f.write_char(char)?;
            }
        }
        Ok(())
    }
}

/// Hyphens in a row. `xn--` has two; a name in Punycode can have more, and Java 25 takes five of them in a comment for a
/// boundary.
const MOST_HYPHENS: usize = 2;

/// A hyphen, escaped as in zone files (RFC 1035, section 5.1).
const HYPHEN: &str = "\\045";

/// The name without escapes `\\DDD` (RFC 1035, section 5.1); `None` if one is not a number of an octet.
fn without_escapes(text: &str) -> Option<Cow<'_, str>> {
    let Some((start, mut rest)) = text.split_once('\\') else {
        return Some(Cow::Borrowed(text));
    };
    let mut name = start.to_owned();
    loop {
        let (digits, after) = rest.split_at_checked(3)?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        name.push(digits.parse::<u8>().ok().filter(|_| is_number)?.into());
        let Some((text, next)) = after.split_once('\\') else {
            name.push_str(after);
            return Some(Cow::Owned(name));
        };
        name.push_str(text);
        rest = next;
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
                "the prefix length is missing (for one address: /32, or /128 for IPv6)".to_owned(),
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
    /// section 2.5.5.2). webpki judges addresses of one family by the subtrees of that family
    /// alone, so that an excluded subnet needs both; one that is permitted permits its own family
    /// alone.
    pub(super) fn twin(&self) -> Option<Base> {
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
