//! When the list was Mozilla's that was found.

use std::collections::HashSet;

use serde::Serialize;

use crate::history::{History, HistoryEntry};

/// Releases of the list that match best.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ListDate {
    pub(crate) from: String,
    /// The first day on which another release matches worse; none if the newest one matches.
    pub(crate) until: Option<String>,
    /// Keys that were found and are not in those releases.
    pub(crate) extra: usize,
    /// Keys of those releases that were not found.
    pub(crate) missing: usize,
}

/// Fewer roots are a choice of somebody rather than a list.
const FEWEST: usize = 20;

/// The keys of Mozilla's list on each day on which it changed.
pub(crate) struct ListDates(Vec<(String, HashSet<[u8; 32]>)>);

impl ListDates {
    pub(crate) fn new(history: &History) -> Self {
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
        Self(lists.collect())
    }

    /// Nothing if the roots are few, or if more than a quarter of them are different in every list.
    pub(crate) fn best<'k>(
        &self,
        roots: impl Iterator<Item = &'k HistoryEntry>,
    ) -> Option<ListDate> {
        let found: HashSet<_> = roots.map(|known| known.certificate.spki_sha256()).collect();
        let differences = |list: &HashSet<[u8; 32]>| {
            let both = found.intersection(list).count();
            (found.len() - both, list.len() - both)
        };
        let distance = |list: &HashSet<[u8; 32]>| {
            let (extra, missing) = differences(list);
            extra + missing
        };
        let lists = &self.0;
        let distance_of_best = lists.iter().map(|(_, keys)| distance(keys)).min()?;
        if found.len() < FEWEST || distance_of_best * 4 > found.len() {
            return None;
        }
        let is_best = |(_, keys): &(String, HashSet<_>)| distance(keys) == distance_of_best;
        let (from, keys) = lists.iter().find(|list| is_best(list))?;
        let last = lists.iter().rposition(is_best)?;
        let (extra, missing) = differences(keys);
        Some(ListDate {
            from: from.clone(),
            until: lists.get(last + 1).map(|(day, _)| day.clone()),
            extra,
            missing,
        })
    }
}
