//! When the lists were Mozilla's that were found.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use super::contents::{Contents, Form, Position};
use crate::history::{History, HistoryEntry};

/// Releases of the list that match a list best.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ListDate {
    /// How the roots of the list are kept; none if in several forms.
    pub(crate) form: Option<Form>,
    /// How many known roots the list has.
    pub(crate) roots: usize,
    pub(crate) from: String,
    /// The first day on which another release matches worse; none if the newest one matches.
    pub(crate) until: Option<String>,
    /// Keys that were found and are not in those releases.
    pub(crate) extra: usize,
    /// Keys of those releases that were not found.
    pub(crate) missing: usize,
    /// Whether more than a quarter is different, so that this is no more than the nearest release.
    pub(crate) is_far: bool,
    /// Whether the release is the first one that is known, so that the list may be older.
    pub(crate) is_oldest: bool,
}

/// Fewer roots are a choice of somebody rather than a list.
const FEWEST: usize = 20;

/// Fewer roots say nothing of a list.
const FEWEST_OF_CHOICE: usize = 10;
/// Two roots of a list are not further apart, as a rule.
const GAP: u64 = 64 * 1024;

/// The keys of Mozilla's list on each day on which it changed.
pub(crate) struct ListDates<'h> {
    history: &'h History,
    lists: Vec<(String, HashSet<[u8; 32]>)>,
}

impl<'h> ListDates<'h> {
    pub(crate) fn new(history: &'h History) -> Self {
        let days = history.all().iter().flat_map(|known| {
            let standing = &known.standing;
            [Some(&standing.first), standing.gone.as_ref()]
        });
        let mut days: Vec<&String> = days.flatten().collect();
        days.sort_unstable();
        days.dedup();
        let lists = days.into_iter().map(|day| {
            let keys = history.on(day).map(|known| known.certificate.spki_sha256());
            (day.clone(), keys.collect())
        });
        Self {
            lists: lists.collect(),
            history,
        }
    }

    /// Of each list in a place, in the order of forms and places. Lists that are alike are told once.
    pub(crate) fn of_place(&self, found: &Contents<'_>) -> Vec<ListDate> {
        let mut dates = Vec::new();
        for (form, roots) in lists(&found.positions) {
            let roots = roots
                .iter()
                .filter_map(|root| self.history.of_certificate(root));
            let date = self.best(Some(form), roots);
            let is_known = |known: &ListDate| {
                let date = date.as_ref();
                date.is_some_and(|date| (&date.from, &date.until) == (&known.from, &known.until))
            };
            if !dates.iter().any(is_known) {
                dates.extend(date);
            }
        }
        if dates.is_empty() {
            // One in several forms.
            dates.extend(self.best(None, found.roots.values().map(|found| found.root)));
        }
        dates
    }

    /// Nothing if the roots are few, or if they are like no list.
    fn best<'k>(
        &self,
        form: Option<Form>,
        roots: impl Iterator<Item = &'k HistoryEntry>,
    ) -> Option<ListDate> {
        let roots: Vec<&HistoryEntry> = roots.collect();
        let keys = roots.iter().map(|known| known.certificate.spki_sha256());
        let found: HashSet<_> = keys.collect();
        let differences = |list: &HashSet<[u8; 32]>| {
            let both = found.intersection(list).count();
            (found.len() - both, list.len() - both)
        };
        let distance = |list: &HashSet<[u8; 32]>| {
            let (extra, missing) = differences(list);
            extra + missing
        };
        let lists = &self.lists;
        let distance_of_best = lists.iter().map(|(_, keys)| distance(keys)).min()?;
        if found.len() < FEWEST || distance_of_best > found.len() {
            return self.choice(form, &roots);
        }
        let is_best = |(_, keys): &(String, HashSet<_>)| distance(keys) == distance_of_best;
        let (from, keys) = lists.iter().find(|list| is_best(list))?;
        let last = lists.iter().rposition(is_best)?;
        let (extra, missing) = differences(keys);
        let oldest = lists.first().map(|(day, _)| day);
        Some(ListDate {
            is_oldest: oldest == Some(from) && distance_of_best > 0,
            form,
            roots: found.len(),
            from: from.clone(),
            until: lists.get(last + 1).map(|(day, _)| day.clone()),
            extra,
            missing,
            is_far: distance_of_best * 4 > found.len(),
        })
    }

    /// Of some roots of a list: from the day on which the last of them had come until the first of them went.
    fn choice(&self, form: Option<Form>, roots: &[&HistoryEntry]) -> Option<ListDate> {
        let standings = roots.iter().map(|known| &known.standing);
        let from = standings.clone().map(|standing| &standing.first).max()?;
        let until = standings
            .filter_map(|standing| standing.gone.as_ref())
            .min()?;
        if roots.len() < FEWEST_OF_CHOICE || from >= until {
            return None;
        }
        let (oldest, _) = self.lists.first()?;
        Some(ListDate {
            form,
            roots: roots.len(),
            from: from.clone(),
            until: Some(until.clone()),
            extra: 0,
            missing: self.history.on(from).count().saturating_sub(roots.len()),
            is_far: true,
            is_oldest: from == oldest,
        })
    }
}

/// The roots of each list of a form. A list begins where most of the roots that follow are those of the one before.
fn lists(positions: &[Position]) -> Vec<(Form, BTreeSet<[u8; 32]>)> {
    let positions: BTreeSet<Position> = positions.iter().copied().collect();
    let mut lists: Vec<(Form, BTreeSet<[u8; 32]>)> = Vec::new();
    // Roots since one was met again, or since a gap.
    let mut next = BTreeSet::new();
    let mut before = 0;
    let after = positions.iter().skip(1).map(Some).chain([None]);
    for (position, after) in positions.iter().zip(after) {
        let Position { form, root, place } = *position;
        let is_apart = place.saturating_sub(before) > GAP;
        before = place;
        let last = lists.last_mut().filter(|(last, _)| *last == form);
        let Some((_, last)) = last else {
            lists.push((form, BTreeSet::from([root])));
            continue;
        };
        if next.is_empty() && !is_apart && !last.contains(&root) {
            last.insert(root);
        } else {
            next.insert(root);
        }
        let is_end = after.is_none_or(|after| after.form != form || next.contains(&after.root));
        if is_end && !next.is_empty() {
            let met = next.intersection(last).count();
            let next = std::mem::take(&mut next);
            if next.len() >= FEWEST && met * 2 >= next.len() {
                lists.push((form, next));
            } else {
                last.extend(next);
            }
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(lists: &[(u64, std::ops::Range<u8>)]) -> Vec<Position> {
        let roots = lists.iter().flat_map(|(start, roots)| {
            let places = (*start..).step_by(1000);
            places.zip(roots.clone()).map(|(place, root)| Position {
                form: Form::Pem,
                place,
                root: [root; 32],
            })
        });
        roots.collect()
    }

    fn sizes(all: &[(u64, std::ops::Range<u8>)]) -> Vec<usize> {
        let lists = lists(&positions(all));
        lists.iter().map(|(_, roots)| roots.len()).collect()
    }

    #[test]
    fn lists_in_one_file_are_told_apart() {
        assert_eq!(sizes(&[(0, 0..100)]), [100]);
        // Behind one another, with and without a gap. The second one begins with roots of its own.
        assert_eq!(sizes(&[(0, 0..100), (100_000, 10..120)]), [100, 110]);
        assert_eq!(sizes(&[(0, 10..100), (1_000_000, 0..120)]), [90, 120]);
        assert_eq!(
            sizes(&[(0, 0..50), (90_000, 0..50), (900_000, 0..50)]),
            [50, 50, 50]
        );
    }

    #[test]
    fn parts_of_one_list_stay_together() {
        assert_eq!(sizes(&[(0, 0..50), (1_000_000, 50..100)]), [100]);
        // A root that is twice in it.
        assert_eq!(
            sizes(&[(0, 0..50), (50_000, 20..21), (51_000, 50..100)]),
            [100]
        );
        assert_eq!(sizes(&[(0, 0..60), (900_000, 0..5)]), [60]);
    }
}
