//! Merges the copies of each anchor into one.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use rustls_pki_types::TrustAnchor;

use crate::bundle::anchor::Anchor;
use crate::bundle::constrained;
use crate::error::Error;
use crate::source::{Source, Standing};
use crate::trust::report::{Report, SourceReport};

/// The anchors of all sources for which `keep` is true, unique by subject and SPKI, and a report of
/// each source.
pub(crate) fn merge(
    sources: Vec<Source>,
    keep: impl Fn(&Anchor) -> bool,
) -> Result<(Vec<Anchor>, Report), Error> {
    let count = sources.iter().map(|source| source.anchors.len()).sum();
    let mut merged: Vec<Merged> = Vec::with_capacity(count);
    let mut places: HashMap<(Vec<u8>, Vec<u8>), usize> = HashMap::with_capacity(count);
    let mut reports: Vec<SourceReport> = Vec::with_capacity(sources.len());
    for (nth, source) in sources.into_iter().enumerate() {
        let standing = source.origin.standing();
        let mut report = SourceReport::new(source.origin, source.anchors.len());
        report.skipped = source.skipped;
        for anchor in source.anchors {
            let place = *places.entry(identity(&anchor)).or_insert(merged.len());
            if let Some(present) = merged.get_mut(place) {
                report.duplicates += 1;
                present.meet(standing, anchor, &mut report)?;
            } else {
                let mut new = Merged::new(standing, nth, anchor);
                new.meet_known(&mut report);
                merged.push(new);
            }
        }
        reports.push(report);
    }
    let mut anchors = Vec::with_capacity(merged.len());
    let mut removed = HashSet::new();
    for Merged { anchor, source, .. } in merged.into_iter().filter(|merged| !merged.left_out) {
        let Some(report) = reports.get_mut(source) else {
            continue;
        };
        if keep(&anchor) {
            report.note(&anchor);
            anchors.push(anchor);
        } else {
            report.removed += 1;
            removed.insert(identity(&anchor));
        }
    }
    for report in &mut reports {
        let listed = &mut report.not_applied;
        listed.retain(|listed| !removed.contains(&identity(listed)));
        // The same limit may be known from several lists.
        listed.sort_unstable_by(order);
        listed.dedup();
    }
    Ok((anchors, Report::new(reports)))
}

struct Merged {
    standing: Standing,
    /// The index of the source that it counts for: the first that has it.
    source: usize,
    anchor: Anchor,
    /// No copy of it may be trusted, because none has all of its known limits.
    left_out: bool,
}

impl Merged {
    fn new(standing: Standing, source: usize, anchor: Anchor) -> Self {
        Self {
            standing,
            source,
            anchor,
            left_out: false,
        }
    }

    /// What Mozilla imposes on this root counts as one more copy, from a list that is always there.
    fn meet_known(&mut self, report: &mut SourceReport) {
        let mut known = constrained::ANCHORS.iter();
        if let Some(known) = known.find(|known| is_same_root(known, &self.anchor)) {
            match self.standing {
                Standing::Listed => self.tighten(known, report),
                Standing::Given => report.compare(known, &self.anchor),
            }
        }
    }

    /// Another copy of the anchor.
    fn meet(
        &mut self,
        standing: Standing,
        copy: Anchor,
        report: &mut SourceReport,
    ) -> Result<(), Error> {
        match (self.standing, standing) {
            (Standing::Given, Standing::Listed) => report.compare(&copy, &self.anchor),
            (Standing::Listed, Standing::Given) => {
                report.compare(&self.anchor, &copy);
                (self.standing, self.anchor, self.left_out) = (standing, copy, false);
            }
            (Standing::Listed, Standing::Listed) => self.tighten(&copy, report),
            (Standing::Given, Standing::Given) if self.anchor == copy => {}
            (Standing::Given, Standing::Given) => return Err(Error::conflict(&copy.subject())),
        }
        Ok(())
    }

    /// Tightens the anchor to the limits of a copy.
    fn tighten(&mut self, copy: &Anchor, report: &mut SourceReport) {
        let (one, other) = (self.anchor.trust_anchor(), copy.trust_anchor());
        let name_constraints = match (&one.name_constraints, &other.name_constraints) {
            (None, only) | (only, None) => only.clone(),
            (one, other) if one == other => one.clone(),
            // The field cannot hold both name constraints.
            (one, _) => {
                self.left_out = true;
                let subject = copy.subject();
                let why = "its copies have different name constraints";
                report.skipped.push(format!("\"{subject}\": {why}"));
                one.clone()
            }
        };
        let dates = [self.anchor.distrust_after(), copy.distrust_after()];
        let trust_anchor = TrustAnchor {
            name_constraints,
            ..one.clone()
        };
        self.anchor = Anchor::new(trust_anchor, dates.into_iter().flatten().min());
    }
}

fn identity(anchor: &Anchor) -> (Vec<u8>, Vec<u8>) {
    let anchor = anchor.trust_anchor();
    (
        anchor.subject.to_vec(),
        anchor.subject_public_key_info.to_vec(),
    )
}

/// A total order: only equal anchors compare equal.
fn order(one: &Anchor, other: &Anchor) -> Ordering {
    let dates = (one.distrust_after(), other.distrust_after());
    let (one, other) = (one.trust_anchor(), other.trust_anchor());
    let by_subject = one.subject.as_ref().cmp(other.subject.as_ref());
    by_subject
        .then_with(|| {
            let (one, other) = (&one.subject_public_key_info, &other.subject_public_key_info);
            one.as_ref().cmp(other.as_ref())
        })
        .then_with(|| {
            let (one, other) = (&one.name_constraints, &other.name_constraints);
            one.as_deref().cmp(&other.as_deref())
        })
        .then_with(|| dates.0.cmp(&dates.1))
}

fn is_same_root(one: &Anchor, other: &Anchor) -> bool {
    let (one, other) = (one.trust_anchor(), other.trust_anchor());
    one.subject == other.subject && one.subject_public_key_info == other.subject_public_key_info
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls_pki_types::{Der, UnixTime};

    use super::*;
    use crate::source::Origin;

    /// Numbers below a bound, the same in each run.
    fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
        move |bound| {
            // Xorshift (Marsaglia, 2003)
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % bound
        }
    }

    /// The last two names are those of the roots that Mozilla constrains.
    fn anchor(name: u64, constraint: u64, date: u64) -> Anchor {
        if let Some(known) = name.checked_sub(4) {
            let known = usize::try_from(known).unwrap();
            let known = constrained::ANCHORS[known].trust_anchor();
            let other = anchor(0, constraint, date);
            let name_constraints = other.trust_anchor().name_constraints.clone();
            let trust_anchor = TrustAnchor {
                name_constraints,
                ..known.clone()
            };
            return Anchor::new(trust_anchor, other.distrust_after());
        }
        let bytes = |number: u64| Der::from(number.to_be_bytes().to_vec());
        let trust_anchor = TrustAnchor {
            subject: bytes(name / 2),
            subject_public_key_info: bytes(name % 2),
            name_constraints: (constraint > 0).then(|| bytes(constraint)),
        };
        let date = (date > 0).then(|| UnixTime::since_unix_epoch(Duration::from_secs(date)));
        Anchor::new(trust_anchor, date)
    }

    fn source(standing: Standing, anchors: Vec<Anchor>) -> Source {
        let places = Vec::new();
        Source {
            anchors,
            ..Source::new(match standing {
                Standing::Listed => Origin::SystemStore { places },
                Standing::Given => Origin::PemText,
            })
        }
    }

    type Identity = (Vec<u8>, Vec<u8>);

    /// The documented rules, applied root by root without regard to order or cost.
    fn naive(sources: &[Source]) -> Option<Vec<(Identity, Anchor)>> {
        let copies = |standing: Standing| {
            let sources = sources
                .iter()
                .filter(move |source| source.origin.standing() == standing);
            sources.flat_map(|source| &source.anchors)
        };
        let mut names: Vec<_> = sources
            .iter()
            .flat_map(|source| source.anchors.iter().map(identity))
            .collect();
        names.sort();
        names.dedup();
        let mut trusted = Vec::new();
        for name in names {
            let known = constrained::ANCHORS.iter();
            let known = known.filter(|known| identity(known) == name);
            let of_name = |standing| copies(standing).filter(|copy| identity(copy) == name);
            let listed = || of_name(Standing::Listed).chain(known.clone());
            let given: Vec<_> = of_name(Standing::Given).collect();
            if let Some(first) = given.first() {
                if given.iter().any(|copy| copy != first) {
                    return None;
                }
                trusted.push((name, (*first).clone()));
                continue;
            }
            let constraints =
                listed().filter_map(|copy| copy.trust_anchor().name_constraints.clone());
            let mut constraints: Vec<_> = constraints.map(|content| content.to_vec()).collect();
            constraints.sort();
            constraints.dedup();
            if constraints.len() > 1 {
                continue;
            }
            let date = listed().filter_map(Anchor::distrust_after).min();
            let trust_anchor = TrustAnchor {
                subject: name.0.clone().into(),
                subject_public_key_info: name.1.clone().into(),
                name_constraints: constraints.pop().map(Into::into),
            };
            trusted.push((name, Anchor::new(trust_anchor, date)));
        }
        Some(trusted)
    }

    #[test]
    fn merging_is_what_the_rules_say() {
        let mut below = numbers(88_172_645_463_325_252);
        let (mut refused, mut left_out) = (0, 0);
        for _ in 0..20_000 {
            let sources = || -> Vec<Source> {
                (0..below(4))
                    .map(|_| {
                        let standing = if below(3) == 0 {
                            Standing::Given
                        } else {
                            Standing::Listed
                        };
                        let anchors = (0..below(5)).map(|_| anchor(below(6), below(3), below(3)));
                        source(standing, anchors.collect())
                    })
                    .collect()
            };
            let mut make = sources;
            let sources = make();
            let merged = merge(sources.clone(), |_| true);
            let expected = naive(&sources);
            let Some(expected) = expected else {
                refused += 1;
                assert!(merged.is_err());
                continue;
            };
            let (anchors, report) = merged.unwrap();
            let mut anchors: Vec<_> = anchors
                .into_iter()
                .map(|anchor| (identity(&anchor), anchor))
                .collect();
            anchors.sort_by(|(one, _), (other, _)| one.cmp(other));
            assert_eq!(anchors, expected);

            let count =
                |of: fn(&SourceReport) -> usize| report.sources().iter().map(of).sum::<usize>();
            let lost = count(SourceReport::roots) - count(SourceReport::duplicates);
            left_out += lost - expected.len();
            // Whatever is left out must be reported.
            assert!(lost == expected.len() || count(|source| source.skipped().len()) > 0);
        }
        assert!(refused > 500 && left_out > 500, "{refused}, {left_out}");
    }

    #[test]
    fn a_copy_of_mozillas_constrained_roots_is_constrained_in_any_list() {
        for known in constrained::ANCHORS {
            let bare = TrustAnchor {
                name_constraints: None,
                ..known.trust_anchor().clone()
            };
            let bare = Anchor::new(bare, None);
            let merged = |standing| {
                merge(vec![source(standing, vec![bare.clone()])], |_| true)
                    .unwrap()
                    .0
            };
            assert_eq!(merged(Standing::Listed), std::slice::from_ref(known));
            assert_eq!(merged(Standing::Given), std::slice::from_ref(&bare));
        }
        assert_eq!(constrained::ANCHORS.len(), 2);
    }

    /// Quadratic work takes half a minute here.
    #[test]
    fn limits_that_are_not_applied_are_noted_in_linear_time() {
        const COUNT: u64 = 20_000;
        let anchors = |date: Option<u64>| {
            let date = date.map(|date| UnixTime::since_unix_epoch(Duration::from_secs(date)));
            let anchors = (0..COUNT).map(|name| {
                let bytes = || Der::from(name.to_be_bytes().to_vec());
                let trust_anchor = TrustAnchor {
                    subject: bytes(),
                    subject_public_key_info: bytes(),
                    name_constraints: None,
                };
                Anchor::new(trust_anchor, date)
            });
            anchors.collect::<Vec<_>>()
        };
        let start = std::time::Instant::now();
        let sources = vec![
            source(Standing::Given, anchors(None)),
            source(Standing::Listed, anchors(Some(1))),
        ];
        let (merged, report) = merge(sources, |_| true).unwrap();
        assert_eq!(merged.len(), anchors(None).len());
        let not_applied = report
            .sources()
            .iter()
            .map(|source| source.limits_not_applied().len());
        assert_eq!(not_applied.sum::<usize>(), merged.len());
        let time = start.elapsed();
        assert!(time < Duration::from_secs(5), "{time:?}");
    }

    #[test]
    fn one_anchor_through_three_sources_is_one_and_reported_so() {
        let anchors = || vec![anchor(1, 1, 1)];
        let sources = [Standing::Listed, Standing::Given, Standing::Listed];
        let (merged, report) = merge(
            sources.map(|standing| source(standing, anchors())).into(),
            |_| true,
        )
        .unwrap();
        assert_eq!(merged, anchors());
        let duplicates: Vec<_> = report
            .sources()
            .iter()
            .map(SourceReport::duplicates)
            .collect();
        assert_eq!(duplicates, [0, 1, 1]);
    }
}
