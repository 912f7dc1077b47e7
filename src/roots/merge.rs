//! One anchor of many copies.

use std::collections::HashMap;

use rustls_pki_types::TrustAnchor;

use crate::bundle::constrained;
use crate::{Anchor, Error};

/// Anchors of one source.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) standing: Standing,
    pub(crate) anchors: Vec<Anchor>,
}

/// How much the limits of an anchor weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Of a list that others keep: the tightest limits that are known hold.
    Listed,
    /// Named by the user: stands as it was given.
    Given,
}

/// The anchors of all sources, each subject and key once.
pub(crate) fn merge(sources: &[Source]) -> Result<Vec<Anchor>, Error> {
    let mut merged: Vec<(Standing, Anchor)> = Vec::new();
    let mut places = HashMap::new();
    for Source { standing, anchors } in sources {
        for anchor in anchors {
            let place = *places
                .entry(identity(anchor.trust_anchor()))
                .or_insert(merged.len());
            match merged.get_mut(place) {
                None => merged.push((*standing, as_known(*standing, anchor)?)),
                Some(present) => meet(present, *standing, anchor)?,
            }
        }
    }
    Ok(merged.into_iter().map(|(_, anchor)| anchor).collect())
}

fn identity<'a>(anchor: &'a TrustAnchor<'_>) -> (&'a [u8], &'a [u8]) {
    (&anchor.subject, &anchor.subject_public_key_info)
}

/// A listed anchor within the limits that Mozilla imposes on it.
fn as_known(standing: Standing, anchor: &Anchor) -> Result<Anchor, Error> {
    let known = constrained::BUNDLE
        .anchors()
        .iter()
        .find(|known| identity(known.trust_anchor()) == identity(anchor.trust_anchor()));
    match known {
        Some(known) if standing == Standing::Listed => tighter(anchor, known),
        _ => Ok(anchor.clone()),
    }
}

/// Another copy of an anchor that is already there.
fn meet(present: &mut (Standing, Anchor), standing: Standing, copy: &Anchor) -> Result<(), Error> {
    match (present.0, standing) {
        (Standing::Given, Standing::Listed) => {}
        (Standing::Listed, Standing::Given) => *present = (standing, copy.clone()),
        (Standing::Listed, Standing::Listed) => present.1 = tighter(&present.1, copy)?,
        (Standing::Given, Standing::Given) if present.1 == *copy => {}
        (Standing::Given, Standing::Given) => return Err(Error::conflict(copy)),
    }
    Ok(())
}

/// The anchor within the limits of both copies.
fn tighter(one: &Anchor, other: &Anchor) -> Result<Anchor, Error> {
    let constraints = |anchor: &Anchor| anchor.trust_anchor().name_constraints.clone();
    let name_constraints = match (constraints(one), constraints(other)) {
        (None, only) | (only, None) => only,
        (one, other) if one == other => one,
        // webpki's single field would have to hold both.
        _ => return Err(Error::conflict(one)),
    };
    let dates = [one.distrust_after(), other.distrust_after()];
    let trust_anchor = TrustAnchor {
        name_constraints,
        ..one.trust_anchor().clone()
    };
    Ok(Anchor::new(trust_anchor, dates.into_iter().flatten().min()))
}
