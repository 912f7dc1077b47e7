//! What a maintainer has to know of data that is generated.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use crate::path;

/// Fails if the page lacks one of these sentences, wherever its lines break.
pub(crate) fn check(page: &str, facts: &[impl AsRef<str>]) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(path(page))?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut facts = facts.iter().map(AsRef::as_ref);
    match facts.find(|fact| !text.contains(fact)) {
        Some(fact) => Err(format!("{page} does not say \"{fact}\"").into()),
        None => Ok(()),
    }
}

/// The items that only one of the sets has, one per line with its sign, the removed ones first.
pub(crate) fn changes<T: Ord>(
    before: &BTreeSet<T>,
    after: &BTreeSet<T>,
    shown: impl Fn(&T) -> String,
) -> String {
    let removed = before.difference(after).map(|item| ('-', item));
    let added = after.difference(before).map(|item| ('+', item));
    let mut changes = String::new();
    for (sign, item) in removed.chain(added) {
        // Writing to a `String` never fails.
        let _ = writeln!(changes, "{sign} {}", shown(item));
    }
    changes
}
