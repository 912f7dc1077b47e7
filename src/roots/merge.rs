//! One anchor of many copies.

use std::collections::HashMap;

use rustls_pki_types::TrustAnchor;

use super::report::{Report, SourceReport};
use crate::bundle::constrained;
use crate::refusal::subject_of;
use crate::{Anchor, Error};

/// Anchors of one source.
#[derive(Debug)]
pub(crate) struct Source {
    /// For the report.
    pub(crate) origin: String,
    pub(crate) standing: Standing,
    pub(crate) anchors: Vec<Anchor>,
    /// What could not be used, and why.
    pub(crate) skipped: Vec<String>,
}

impl Source {
    pub(crate) fn new(origin: impl Into<String>, standing: Standing) -> Self {
        Self {
            origin: origin.into(),
            standing,
            anchors: Vec::new(),
            skipped: Vec::new(),
        }
    }
}

/// How much the limits of an anchor weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Of a list that others keep: the tightest limits that are known hold.
    Listed,
    /// Named by the user: stands as it was given.
    Given,
}

/// The anchors of all sources, each subject and key once, and what became of each source.
pub(crate) fn merge(sources: Vec<Source>) -> Result<(Vec<Anchor>, Report), Error> {
    let mut merged: Vec<Merged> = Vec::new();
    let mut places: HashMap<(Vec<u8>, Vec<u8>), usize> = HashMap::new();
    let mut reports: Vec<SourceReport> = Vec::with_capacity(sources.len());
    for (nth, source) in sources.into_iter().enumerate() {
        let mut report = SourceReport::new(source.origin, source.anchors.len());
        report.skipped = source.skipped;
        for anchor in source.anchors {
            let place = *places.entry(identity(&anchor)).or_insert(merged.len());
            let met = match merged.get_mut(place) {
                None => Merged::new(source.standing, nth, anchor).map(|new| merged.push(new)),
                Some(present) => {
                    report.duplicates += 1;
                    present.meet(source.standing, anchor)
                }
            };
            match met {
                Ok(()) => {}
                Err(Contradiction(anchor)) if source.standing == Standing::Given => {
                    return Err(Error::conflict(&anchor));
                }
                // Neither copy alone has all the limits that are known of this root.
                Err(Contradiction(anchor)) => {
                    if let Some(present) = merged.get_mut(place) {
                        present.left_out = true;
                    }
                    let subject = subject_of(anchor.trust_anchor());
                    let why = "its copies have different name constraints";
                    report.skipped.push(format!("\"{subject}\": {why}"));
                }
            }
        }
        reports.push(report);
    }
    merged.retain(|merged| !merged.left_out);
    for Merged { anchor, source, .. } in &merged {
        if let Some(report) = reports.get_mut(*source) {
            report.note(anchor);
        }
    }
    let anchors = merged.into_iter().map(|merged| merged.anchor).collect();
    Ok((anchors, Report::new(reports)))
}

struct Merged {
    standing: Standing,
    /// The source that it is counted for: the first.
    source: usize,
    anchor: Anchor,
    left_out: bool,
}

/// Limits that no single anchor can have.
struct Contradiction(Anchor);

impl Merged {
    /// A listed anchor comes within the limits that Mozilla imposes on it.
    fn new(standing: Standing, source: usize, anchor: Anchor) -> Result<Self, Contradiction> {
        let known = constrained::BUNDLE
            .anchors()
            .iter()
            .filter(|_| standing == Standing::Listed)
            .find(|known| is_same_root(known, &anchor));
        let anchor = match known {
            Some(known) => tighter(&anchor, known)?,
            None => anchor,
        };
        Ok(Self {
            standing,
            source,
            anchor,
            left_out: false,
        })
    }

    /// Another copy of the anchor.
    fn meet(&mut self, standing: Standing, copy: Anchor) -> Result<(), Contradiction> {
        match (self.standing, standing) {
            (Standing::Given, Standing::Listed) => {}
            (Standing::Listed, Standing::Given) => {
                (self.standing, self.anchor, self.left_out) = (standing, copy, false);
            }
            (Standing::Listed, Standing::Listed) => self.anchor = tighter(&self.anchor, &copy)?,
            (Standing::Given, Standing::Given) if self.anchor == copy => {}
            (Standing::Given, Standing::Given) => return Err(Contradiction(copy)),
        }
        Ok(())
    }
}

fn identity(anchor: &Anchor) -> (Vec<u8>, Vec<u8>) {
    let anchor = anchor.trust_anchor();
    (
        anchor.subject.to_vec(),
        anchor.subject_public_key_info.to_vec(),
    )
}

fn is_same_root(one: &Anchor, other: &Anchor) -> bool {
    let (one, other) = (one.trust_anchor(), other.trust_anchor());
    one.subject == other.subject && one.subject_public_key_info == other.subject_public_key_info
}

/// The anchor within the limits of both copies.
fn tighter(one: &Anchor, other: &Anchor) -> Result<Anchor, Contradiction> {
    let constraints = |anchor: &Anchor| anchor.trust_anchor().name_constraints.clone();
    let name_constraints = match (constraints(one), constraints(other)) {
        (None, only) | (only, None) => only,
        (one, other) if one == other => one,
        _ => return Err(Contradiction(one.clone())),
    };
    let dates = [one.distrust_after(), other.distrust_after()];
    let trust_anchor = TrustAnchor {
        name_constraints,
        ..one.trust_anchor().clone()
    };
    Ok(Anchor::new(trust_anchor, dates.into_iter().flatten().min()))
}
