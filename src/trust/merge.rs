//! Merges the copies of each anchor into one.

use std::cmp::Ordering;

use embedded_roots_bundle::{Limits, conflict, digest, sort};

use crate::bundle::anchor::Anchor;
use crate::bundle::limited::LimitedRoot;
use crate::error::Error;
use crate::source::origin::Standing;
use crate::source::root::{RootCertificate, Source, SourceRoot};
use crate::trust::digest::Sha256;
use crate::trust::distrust::Distrust;
use crate::trust::report::{Report, SourceReport};

/// The anchors of all sources for which `keep` is true, unique by subject and SPKI, and a report of
/// each source. What is distrusted is removed before: one copy of a root may be, and another not.
pub(crate) fn merge(
    mut sources: Vec<Source>,
    distrust: &Distrust,
    sha256: Sha256,
    keep: &dyn Fn(&Anchor) -> bool,
) -> Result<(Vec<SourceRoot>, Report), Error> {
    let distrusted = sources
        .iter_mut()
        .map(|source| distrust.remove_from(source, sha256));
    let distrusted: Vec<_> = distrusted.collect();
    let mut firsts = first_copies(&sources).into_iter();
    // The place of each first copy in `merged`, by its number among all anchors.
    let mut places: Vec<usize> = Vec::with_capacity(firsts.len());
    let mut merged: Vec<MergedRoot> = Vec::with_capacity(firsts.len());
    let mut reports: Vec<SourceReport> = Vec::with_capacity(sources.len());
    for ((nth, source), distrusted) in sources.into_iter().enumerate().zip(distrusted) {
        let standing = source.origin.standing();
        let count = source.roots.len() + distrusted.len();
        let mut report = SourceReport::new(source.origin, count);
        report.distrusted_roots = distrusted;
        report.skipped = source.skipped;
        for root in source.roots {
            let first = firsts.next().and_then(|first| places.get(first));
            let place = first.copied().unwrap_or(merged.len());
            places.push(place);
            if let Some(present) = merged.get_mut(place) {
                report.duplicates += 1;
                present.meet(standing, root, &mut report, sha256)?;
            } else {
                let mut new = MergedRoot::new(standing, nth, root);
                new.meet_known(&mut report, sha256);
                merged.push(new);
            }
        }
        reports.push(report);
    }
    let mut roots = Vec::with_capacity(merged.len());
    let mut removed = Vec::new();
    for MergedRoot { root, source, .. } in merged.into_iter().filter(|merged| !merged.left_out) {
        let Some(report) = reports.get_mut(source) else {
            continue;
        };
        if keep(&root.anchor) {
            report.note(&root.anchor);
            roots.push(root);
        } else {
            report.removed += 1;
            removed.push(root.anchor);
        }
    }
    sort(&mut removed, &|one, other| {
        identity(one).cmp(&identity(other))
    });
    for report in &mut reports {
        let listed = &mut report.limits_not_applied;
        listed.retain(|listed| {
            let is = |removed: &Anchor| identity(removed).cmp(&identity(listed));
            removed.binary_search_by(is).is_err()
        });
        // The same limit may be known from several root programs.
        sort(listed, &order);
        listed.dedup();
    }
    Ok((roots, Report::new(reports)))
}

struct MergedRoot {
    standing: Standing,
    /// The index of the source that it counts for: the first that has it.
    source: usize,
    root: SourceRoot,
    /// No copy of it may be trusted, because none has all of its known limits.
    left_out: bool,
}

impl MergedRoot {
    fn new(standing: Standing, source: usize, root: SourceRoot) -> Self {
        Self {
            standing,
            source,
            root,
            left_out: false,
        }
    }

    /// The limits that Mozilla sets for this root count as one more copy, from a source that is always there.
    fn meet_known(&mut self, report: &mut SourceReport, sha256: Sha256) {
        let anchor = &self.root.anchor;
        let known = LimitedRoot::of(anchor.trust_anchor(), |key| sha256.hash(key));
        if let Some(known) = known {
            match self.standing {
                Standing::Listed => {
                    self.tighten(known.limits(), report);
                }
                Standing::Given => report.compare(known.limits(), anchor),
            }
        }
    }

    /// Another copy of the anchor.
    fn meet(
        &mut self,
        standing: Standing,
        copy: SourceRoot,
        report: &mut SourceReport,
        sha256: Sha256,
    ) -> Result<(), Error> {
        if (self.standing, standing) == (Standing::Given, Standing::Given)
            && self.root.anchor != copy.anchor
        {
            return Err(conflict_of(&self.root, &copy, sha256));
        }
        let SourceRoot {
            anchor,
            certificate,
        } = copy;
        let takes_over = match (self.standing, standing) {
            (Standing::Given, Standing::Listed) => {
                report.compare(anchor.limits(), &self.root.anchor);
                false
            }
            (Standing::Listed, Standing::Given) => {
                report.compare(self.root.anchor.limits(), &anchor);
                (self.standing, self.root.anchor, self.left_out) = (standing, anchor, false);
                true
            }
            (Standing::Listed, Standing::Listed) => self.tighten(anchor.limits(), report),
            (Standing::Given, Standing::Given) => false,
        };
        // The certificate that says what the anchor says, as far as there is one.
        let has_certificate = certificate != RootCertificate::Nowhere;
        if has_certificate && takes_over || self.root.certificate == RootCertificate::Nowhere {
            self.root.certificate = certificate;
        }
        Ok(())
    }

    /// Tightens the anchor to the limits of a copy. True if that changes it.
    fn tighten(&mut self, copy: Limits<'_>, report: &mut SourceReport) -> bool {
        let anchor = &self.root.anchor;
        let Some(limits) = anchor.limits().tighten(copy) else {
            self.left_out = true;
            let subject = anchor.subject();
            let why = "its copies have different name constraints";
            report.skipped.push(format!("\"{subject}\": {why}"));
            return false;
        };
        if limits == anchor.limits() {
            return false;
        }
        self.root.anchor = anchor.with_limits(limits);
        true
    }
}

/// The error of two copies that the user supplied.
fn conflict_of(one: &SourceRoot, other: &SourceRoot, sha256: Sha256) -> Error {
    let name = |root: &SourceRoot| match &root.certificate {
        RootCertificate::Der(der) => {
            Some(format!("certificate {}", digest::hex(&sha256.hash(der))))
        }
        RootCertificate::InBundle(..) | RootCertificate::Nowhere => None,
    };
    let (limits, others) = (one.anchor.limits(), other.anchor.limits());
    let conflict = match (name(one), name(other)) {
        (Some(first), Some(second)) if first != second => {
            let conflict = conflict([(&first, limits), (&second, others)]);
            format!("{conflict}, or distrust it by `RootsBuilder::distrust_certificate`")
        }
        _ => conflict([("the first copy", limits), ("the second copy", others)]),
    };
    Error::conflict(&other.anchor.subject(), &conflict)
}

/// For each anchor of all sources, in their order: the number of the first one that is the same root.
fn first_copies(sources: &[Source]) -> Vec<usize> {
    let roots = sources.iter().flat_map(|source| &source.roots);
    let mut sorted: Vec<_> = roots
        .map(|root| identity(&root.anchor))
        .enumerate()
        .collect();
    // Stable, so the first copy comes first; and fast, because most sources are sorted already.
    sort(&mut sorted, &|(_, one), (_, other)| one.cmp(other));
    let mut firsts = vec![0; sorted.len()];
    for copies in sorted.chunk_by(|(_, one), (_, other)| one == other) {
        for (nth, _) in copies {
            if let (Some(of), Some((first, _))) = (firsts.get_mut(*nth), copies.first()) {
                *of = *first;
            }
        }
    }
    firsts
}

fn identity(anchor: &Anchor) -> (&[u8], &[u8]) {
    embedded_roots_bundle::identity(anchor.trust_anchor())
}

/// A total order: only equal anchors compare equal.
fn order(one: &Anchor, other: &Anchor) -> Ordering {
    let by_identity = identity(one).cmp(&identity(other));
    by_identity.then_with(|| one.limits().cmp(&other.limits()))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::Duration;

    use embedded_roots_bundle::PrivateKeys;
    use rustls_pki_types::{Der, TrustAnchor, UnixTime};

    use super::*;
    use crate::source::origin::Origin;

    /// The roots that Mozilla limits.
    static LIMITED: LazyLock<Vec<Anchor>> = LazyLock::new(|| {
        let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
        let roots = embedded_roots_bundle::parse("mozilla", pem, PrivateKeys::Refuse).unwrap();
        let limited = roots.iter().filter(|root| !root.annotation().is_empty());
        let anchors = limited.map(|root| {
            let trust_anchor = root.trust_anchor().clone();
            Anchor::new(trust_anchor, root.limits().distrust_after())
        });
        anchors.collect()
    });

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

    /// The last two names are those of the roots that Mozilla limits.
    fn anchor(name: u64, constraint: u64, date: u64) -> Anchor {
        if let Some(known) = name.checked_sub(4) {
            let known = usize::try_from(known).unwrap();
            let known = LIMITED[known].trust_anchor().clone();
            let other = anchor(0, constraint, date);
            let name_constraints = other.trust_anchor().name_constraints.clone();
            let trust_anchor = TrustAnchor {
                name_constraints,
                ..known
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
            roots: anchors.into_iter().map(SourceRoot::from).collect(),
            ..Source::new(match standing {
                Standing::Listed => Origin::SystemStore { places },
                Standing::Given => Origin::PemText,
            })
        }
    }

    fn merged_of(sources: Vec<Source>) -> Result<(Vec<Anchor>, Report), Error> {
        let (roots, report) = merge(sources, &Distrust::default(), Sha256::default(), &|_| true)?;
        Ok((roots.into_iter().map(|root| root.anchor).collect(), report))
    }

    /// The documented rules, applied root by root without regard to cost; sorted by identity.
    fn naive(sources: &[Source]) -> Option<Vec<Anchor>> {
        let copies = |standing: Standing| {
            let sources = sources
                .iter()
                .filter(move |source| source.origin.standing() == standing);
            sources.flat_map(|source| source.roots.iter().map(|root| &root.anchor))
        };
        let mut names: Vec<_> = sources
            .iter()
            .flat_map(|source| source.roots.iter().map(|root| identity(&root.anchor)))
            .collect();
        names.sort();
        names.dedup();
        let mut trusted = Vec::new();
        for name in names {
            let known = LIMITED.iter();
            let known = known.filter(|known| identity(known) == name);
            let of_name = |standing| copies(standing).filter(|copy| identity(copy) == name);
            let listed = || of_name(Standing::Listed).chain(known.clone());
            let given: Vec<_> = of_name(Standing::Given).collect();
            if let Some(first) = given.first() {
                if given.iter().any(|copy| copy != first) {
                    return None;
                }
                trusted.push((*first).clone());
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
                subject: name.0.to_vec().into(),
                subject_public_key_info: name.1.to_vec().into(),
                name_constraints: constraints.pop().map(Into::into),
            };
            trusted.push(Anchor::new(trust_anchor, date));
        }
        Some(trusted)
    }

    #[test]
    fn merging_follows_the_documented_rules() {
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
            let merged = merged_of(sources.clone());
            let expected = naive(&sources);
            let Some(expected) = expected else {
                refused += 1;
                assert!(merged.is_err());
                continue;
            };
            let (mut anchors, report) = merged.unwrap();
            anchors.sort_by(|one, other| identity(one).cmp(&identity(other)));
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
    fn limits_of_mozillas_roots_apply_to_their_copies() {
        for known in LIMITED.iter() {
            let bare = TrustAnchor {
                name_constraints: None,
                ..known.trust_anchor().clone()
            };
            let bare = Anchor::new(bare, None);
            let merged = |standing| {
                merged_of(vec![source(standing, vec![bare.clone()])])
                    .unwrap()
                    .0
            };
            assert_eq!(merged(Standing::Listed), std::slice::from_ref(known));
            assert_eq!(merged(Standing::Given), std::slice::from_ref(&bare));
        }
        assert_eq!(LIMITED.len(), 2);
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
        let (merged, report) = merged_of(sources).unwrap();
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
    fn anchor_in_three_sources_is_merged_and_reported() {
        let anchors = || vec![anchor(1, 1, 1)];
        let sources = [Standing::Listed, Standing::Given, Standing::Listed];
        let (merged, report) =
            merged_of(sources.map(|standing| source(standing, anchors())).into()).unwrap();
        assert_eq!(merged, anchors());
        let duplicates: Vec<_> = report
            .sources()
            .iter()
            .map(SourceReport::duplicates)
            .collect();
        assert_eq!(duplicates, [0, 1, 1]);
    }
}
