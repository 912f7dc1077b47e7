//! Which intermediates webpki may try, so that its search is bounded.
//!
//! For each certificate that webpki comes to, it looks at all that were sent, and it comes to one again on every
//! path that leads there. Its own budget of 200,000 certificates is seconds of work before the peer is
//! authenticated. So it is given only the certificates on a path to a trusted issuer, and no chain for which it
//! could still have to look at far more pairs than any real one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::iter;

use embedded_roots_bundle::{issuer, subject, subject_public_key_info};
use rustls_pki_types::CertificateDer;

/// The most pairs of a certificate and a possible issuer that webpki may look at. A long possible issuer counts
/// once for each started [`PAIR_SIZE`].
///
/// Four times as many as the widest chain of the suites that test path searches, x509-limbo's with the bridge CA
/// of RFC 4158, section 2.4: 110, of 35 intermediates. The widest of `tests/oracles` has 49, and six
/// intermediates in a row, as many as webpki goes by, have 42.
pub(super) const MOST_PAIRS: usize = 440;

/// More pairs are left than webpki may look at.
#[derive(Debug, PartialEq)]
pub(super) struct TooManyPairs;

/// The intermediates through which names lead from the end entity to a trusted issuer, each once, in the order
/// in which they were sent; borrowed, if they are all or none.
///
/// webpki accepts no path with another one, so the verdict is the same without the others. Only the reason of a
/// refusal can differ: a certificate that leads nowhere is never the reason.
#[inline(never)]
pub(super) fn on_paths<'a>(
    end_entity: &CertificateDer<'_>,
    intermediates: &'a [CertificateDer<'a>],
    is_trusted: &dyn Fn(&[u8]) -> bool,
    most_pairs: usize,
) -> Result<Cow<'a, [CertificateDer<'a>]>, TooManyPairs> {
    // The chains of real servers are short. Nothing is allocated for them.
    let mut short = [Link::default(); SHORT];
    let mut long = Vec::new();
    let links = if let Some(short) = short.get_mut(..intermediates.len()) {
        short
    } else {
        long.resize(intermediates.len(), Link::default());
        &mut long
    };
    // A certificate without readable names is on no path.
    let Some(end_entity) = Link::read(0, end_entity) else {
        return Ok(Cow::default());
    };
    let mut read = 0;
    let readable = intermediates.iter().enumerate();
    for (link, slot) in readable
        .filter_map(|(nth, der)| Link::read(nth, der))
        .zip(&mut *links)
    {
        *slot = link;
        read += 1;
    }
    let (links, _) = links.split_at_mut(read);

    let is_first = |name: &[u8]| name == end_entity.issuer;
    let links = connected(links, Link::subject, Link::issuer, &is_first);
    let links = connected(links, Link::issuer, Link::subject, is_trusted);
    let links = distinct(links);

    if is_one_path(&end_entity, links) {
        return Ok(select(links, intermediates));
    }
    let mut search = Search {
        links,
        pairs: 0,
        most: most_pairs,
    };
    search.look(&Node::of(&end_entity), 0)?;
    Ok(select(links, intermediates))
}

fn select<'a>(
    links: &[Link<'a>],
    intermediates: &'a [CertificateDer<'a>],
) -> Cow<'a, [CertificateDer<'a>]> {
    if links.len() == intermediates.len() {
        return Cow::Borrowed(intermediates);
    }
    let selected = links.iter().map(|link| CertificateDer::from(link.der));
    selected.collect()
}

/// Whether there is one path and no other, of no more intermediates than webpki goes by. However long its certificates
/// are, webpki reads each of them once for each of the others.
fn is_one_path(end_entity: &Link<'_>, links: &[Link<'_>]) -> bool {
    let issuers_of = |name| links.iter().filter(|link| link.subject == name).count();
    let mut names = iter::once(end_entity).chain(links).map(Link::issuer);
    links.len() <= DEEPEST && names.all(|name| issuers_of(name) <= 1)
}

/// The certificates to which names lead from the end entity, in the order in which they were sent.
pub(super) fn reached<'a>(
    end_entity: &CertificateDer<'_>,
    sent: &'a [CertificateDer<'a>],
) -> Vec<&'a CertificateDer<'a>> {
    let first = issuer(end_entity).map(|name| name.as_der());
    let mut links = Vec::new();
    for (nth, der) in sent.iter().enumerate() {
        links.extend(Link::read(nth, der));
    }
    let is_first = |name: &[u8]| first == Some(name);
    let links = connected(&mut links, Link::subject, Link::issuer, &is_first);
    sort(links, &|one, other| one.nth.cmp(&other.nth));
    links.iter().filter_map(|link| sent.get(link.nth)).collect()
}

/// A certificate as a step from one name to another.
#[derive(Clone, Copy, Default)]
struct Link<'a> {
    /// Its place among those that were sent.
    nth: usize,
    der: &'a [u8],
    subject: &'a [u8],
    issuer: &'a [u8],
    is_connected: bool,
    /// The next one on the stack of [`connected`].
    next: Option<usize>,
}

impl<'a> Link<'a> {
    #[inline(never)]
    fn read(nth: usize, der: &'a [u8]) -> Option<Self> {
        Some(Self {
            nth,
            der,
            subject: subject(der)?.as_der(),
            issuer: issuer(der)?.as_der(),
            ..Self::default()
        })
    }

    fn subject(&self) -> &'a [u8] {
        self.subject
    }

    fn issuer(&self) -> &'a [u8] {
        self.issuer
    }

    /// How many pairs it counts as where it is a possible issuer.
    fn pairs(&self) -> usize {
        1 + self.der.len() / PAIR_SIZE
    }
}

/// webpki reads a possible issuer anew for each pair, which takes as long as it is.
const PAIR_SIZE: usize = 512;

const SHORT: usize = 8;

/// The links that are connected to a start, in an order of their own: those that lead from such a name, and those
/// that lead from a name to which one of these leads.
///
/// In n log n comparisons, because each name is found by binary search, and is passed once.
// Called twice, and compiled once.
#[inline(never)]
fn connected<'l, 'a>(
    links: &'l mut [Link<'a>],
    from: fn(&Link<'a>) -> &'a [u8],
    to: fn(&Link<'a>) -> &'a [u8],
    is_start: &dyn Fn(&[u8]) -> bool,
) -> &'l mut [Link<'a>] {
    sort(links, &|one, other| from(one).cmp(from(other)));
    let mut top = None;
    for (nth, link) in links.iter_mut().enumerate() {
        link.is_connected = is_start(from(link));
        if link.is_connected {
            link.next = top.replace(nth);
        }
    }
    while let Some(link) = top.and_then(|nth| links.get(nth).copied()) {
        top = link.next;
        let name = to(&link);
        let start = links.partition_point(|other| from(other) < name);
        let rest = links.iter_mut().enumerate().skip(start);
        // The links from a name are connected together, so if the first is, all are.
        for (nth, other) in rest.take_while(|(_, other)| from(other) == name && !other.is_connected)
        {
            other.is_connected = true;
            other.next = top.replace(nth);
        }
    }
    keep(links, &|link, _| link.is_connected)
}

/// The links of different certificates, in the order in which these were sent.
fn distinct<'l, 'a>(links: &'l mut [Link<'a>]) -> &'l mut [Link<'a>] {
    sort(links, &|one, other| {
        (one.der, one.nth).cmp(&(other.der, other.nth))
    });
    let links = keep(links, &|link, last| {
        last.is_none_or(|last| link.der != last.der)
    });
    sort(links, &|one, other| one.nth.cmp(&other.nth));
    links
}

/// Sorts by heapsort (Williams, 1964), which is n log n for any input. std's sort is faster for long slices, and
/// would be 25 KiB of the one-line program.
#[inline(never)]
fn sort<'a>(links: &mut [Link<'a>], order: &dyn Fn(&Link<'a>, &Link<'a>) -> Ordering) {
    let sift_down = |links: &mut [Link<'a>], mut parent: usize| {
        let is_less =
            |links: &[Link<'a>], one: usize, other: usize| match (links.get(one), links.get(other))
            {
                (Some(one), Some(other)) => order(one, other).is_lt(),
                _ => false,
            };
        loop {
            let mut child = 2 * parent + 1;
            if is_less(links, child, child + 1) {
                child += 1;
            }
            if !is_less(links, parent, child) {
                return;
            }
            links.swap(parent, child);
            parent = child;
        }
    };
    for parent in (0..links.len() / 2).rev() {
        sift_down(links, parent);
    }
    for end in (1..links.len()).rev() {
        links.swap(0, end);
        let (heap, _) = links.split_at_mut(end);
        sift_down(heap, 0);
    }
}

/// The links to keep, in their order. `is_kept` receives the last one before it that is kept.
fn keep<'l, 'a>(
    links: &'l mut [Link<'a>],
    is_kept: &dyn Fn(&Link<'a>, Option<&Link<'a>>) -> bool,
) -> &'l mut [Link<'a>] {
    let mut kept = 0_usize;
    for nth in 0..links.len() {
        let last = kept.checked_sub(1).and_then(|last| links.get(last));
        if links.get(nth).is_some_and(|link| is_kept(link, last)) {
            links.swap(kept, nth);
            kept += 1;
        }
    }
    links.split_at_mut(kept).0
}

/// The search of webpki where no path is accepted, without its parsing and its checks.
struct Search<'l, 'a> {
    links: &'l [Link<'a>],
    pairs: usize,
    most: usize,
}

impl Search<'_, '_> {
    /// Looks for issuers of a certificate that `depth` intermediates lead to.
    fn look(&mut self, node: &Node<'_>, depth: usize) -> Result<(), TooManyPairs> {
        for link in self.links {
            self.pairs += link.pairs();
            if self.pairs > self.most {
                return Err(TooManyPairs);
            }
            if depth < DEEPEST && link.subject == node.issuer && !node.has(link) {
                let above = Node {
                    below: Some(node),
                    ..Node::of(link)
                };
                self.look(&above, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// The intermediates that webpki goes by at most (`MAX_SUB_CA_COUNT`, in 0.103).
const DEEPEST: usize = 6;

/// A certificate at the end of a path from the end entity.
struct Node<'n> {
    der: &'n [u8],
    subject: &'n [u8],
    issuer: &'n [u8],
    below: Option<&'n Self>,
}

impl<'n> Node<'n> {
    fn of(link: &Link<'n>) -> Self {
        Self {
            der: link.der,
            subject: link.subject,
            issuer: link.issuer,
            below: None,
        }
    }

    /// Whether the path has this CA already (RFC 4158, section 5.2).
    fn has(&self, link: &Link<'_>) -> bool {
        let mut next = Some(self);
        while let Some(node) = next {
            if node.subject == link.subject
                && subject_public_key_info(node.der) == subject_public_key_info(link.der)
            {
                return true;
            }
            next = node.below;
        }
        false
    }
}

#[cfg(test)]
mod tests;
