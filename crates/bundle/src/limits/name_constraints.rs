//! Name constraints (RFC 5280, section 4.2.1.10): from annotations, and joined with those that a
//! certificate has itself.

use crate::error::ParseError;
use crate::limits::base::{Base, DNS, IP, read};
use crate::limits::subtree::{DnsSubtree, IpSubtree, Subtree as _};
use crate::sort::sort;
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
        make_unique(&mut own_permitted);

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
            make_unique(&mut bases);
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
/// chain, and rewriting them would widen what they say. DER, subtrees of one `GeneralName` each, and
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
    make_unique(&mut common);
    if common.is_empty() {
        return Err(ParseError::new(format!(
            "no {named} is permitted both by the annotation and by the certificate's own name \
             constraints"
        )));
    }
    Ok(common)
}

/// Sorts, and keeps each once.
fn make_unique(bases: &mut Vec<Base>) {
    sort(bases, &Ord::cmp);
    bases.dedup();
}

fn of_kind(bases: &[Base], kind: u8) -> Vec<Base> {
    bases
        .iter()
        .filter(|base| base.tag == kind)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
