//! Intermediates that a peer forgot to send are added to its chain.

use std::borrow::Cow;

use embedded_roots_bundle::{issuer, not_before, subject};
use rustls_pki_types::CertificateDer;

use crate::trust::set::TrustSet;
use crate::verify::dates::has_issuer;
use crate::verify::paths::{MOST_PAIRS, TooManyPairs, on_paths};

/// What was sent, and after it the known intermediates with the name of an issuer on the way from the end entity.
///
/// They are as little trusted as what was sent. Those of other names are left out, so that webpki spends its budget on
/// none of them. All are left out if the search would not be bounded with them: what is known must not be the reason to
/// refuse a chain that is good as it was sent.
pub(super) fn completed<'a>(
    end_entity: &CertificateDer<'_>,
    sent: Cow<'a, [CertificateDer<'a>]>,
    trust_set: &'a TrustSet,
) -> Cow<'a, [CertificateDer<'a>]> {
    let known = trust_set.intermediates();
    let mut added: Vec<&'a CertificateDer<'static>> = Vec::new();
    let mut names: Vec<_> = issuer(end_entity).into_iter().collect();
    let mut next = 0;
    while let Some(name) = names.get(next).copied() {
        next += 1;
        let mut add = |issuer| {
            if !names.contains(&issuer) && names.len() < MOST_NAMES {
                names.push(issuer);
            }
        };
        for sent in sent.iter().filter(|sent| subject(sent) == Some(name)) {
            issuer(sent).into_iter().for_each(&mut add);
        }
        for known in known.of_subject(name.as_der()) {
            if sent.iter().all(|sent| sent != known) {
                added.push(known);
                issuer(known).into_iter().for_each(&mut add);
            }
        }
    }
    if added.is_empty() {
        return sent;
    }
    let all: Vec<_> = sent.iter().chain(added).cloned().collect();
    let start = not_before(end_entity);
    let is_trusted = |name: &[u8]| has_issuer(trust_set, name, start);
    match on_paths(end_entity, &all, &is_trusted, MOST_PAIRS) {
        Ok(_) => Cow::Owned(all),
        Err(TooManyPairs) => sent,
    }
}

/// The type of [`completed`].
pub(super) type Completion = for<'a> fn(
    &CertificateDer<'_>,
    Cow<'a, [CertificateDer<'a>]>,
    &'a TrustSet,
) -> Cow<'a, [CertificateDer<'a>]>;

/// More than the issuers of any chain.
const MOST_NAMES: usize = 64;
