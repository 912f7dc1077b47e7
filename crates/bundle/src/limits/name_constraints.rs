//! Name constraints (RFC 5280, section 4.2.1.10): from annotations, and joined with those that a
//! certificate has itself.

use crate::error::ParseError;
use crate::limits::base::{Base, DNS, IP, read};
use crate::limits::subtree::{DnsSubtree, IpSubtree, Subtree as _};
use crate::x509::der::{self, Element};

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
                    "the certificate's own name constraints cannot be read, so no others can be added",
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

impl Subtrees {
    fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.ip.is_empty()
    }

    fn bases(&self) -> Vec<Base> {
        let dns = self.dns.iter().map(DnsSubtree::base);
        dns.chain(self.ip.iter().map(IpSubtree::base)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::limits::annotation::Annotation;

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
    fn name_constraints_have_webpkis_encoding() {
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
            assert_eq!(Limits::new(None, Some(&alone(pairs))).to_string(), both);
            // The annotation itself is written as it was read.
            let annotation: Annotation = pairs.parse().unwrap();
            assert_eq!(annotation.to_string(), pairs);
        }
    }

    #[test]
    fn empty_annotation_keeps_own_name_constraints() {
        let malformed = [0xa0, 0xff];
        assert_eq!(NameConstraints::default().join(None).unwrap(), None);
        let joined = NameConstraints::default().join(Some(&malformed)).unwrap();
        assert_eq!(joined.as_deref(), Some(&malformed[..]));
    }

    #[test]
    fn own_and_imposed_name_constraints_are_joined() {
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
    fn name_constraints_of_other_kinds_are_kept() {
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
    fn name_constraints_are_shown_as_annotations() {
        for text in [
            "permitted-dns=.tr",
            "permitted-dns=a,b permitted-ip=10.0.0.0/8,fd00::/9 excluded-dns=x.a excluded-ip=::/0",
        ] {
            assert_eq!(Limits::new(None, Some(&alone(text))).to_string(), text);
        }
        let email = [0xa1, 5, 0x30, 3, 0x81, 1, b'a'];
        assert_eq!(
            Limits::new(None, Some(&email)).to_string(),
            "excluded-other=[1]"
        );
        assert_eq!(
            Limits::new(None, Some(&[0xa0, 9])).to_string(),
            "unreadable name constraints"
        );
    }

    #[test]
    fn number_of_joined_subtrees_is_bounded() {
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
    fn name_constraints_that_cannot_be_joined_are_refused() {
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
