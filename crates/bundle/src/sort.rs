//! One sort for all types.

use std::cmp::Ordering;
use std::mem;

/// Sorts like [`slice::sort_by`]: stably, in n log n comparisons, and in n of what is sorted already.
///
/// std's sort is compiled anew for each type, which is some 4,000 lines for LLVM each time, and with a dozen types was a
/// seventh of a debug build of this crate and of embedded-roots. Here it sorts the numbers of the items, so that there
/// is one of it.
pub fn sort<T>(items: &mut Vec<T>, compare: &dyn Fn(&T, &T) -> Ordering) {
    let order = order(
        items.len(),
        &|one, other| match (items.get(one), items.get(other)) {
            (Some(one), Some(other)) => compare(one, other),
            _ => Ordering::Equal,
        },
    );
    let mut unsorted: Vec<Option<T>> = mem::take(items).into_iter().map(Some).collect();
    for number in order {
        items.extend(unsorted.get_mut(number).and_then(Option::take));
    }
}

/// The numbers from 0 to `count`, in this order.
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    numbers.sort_by(|one, other| compare(*one, *other));
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_as_by_std() {
        for count in [0, 1, 2, 3, 40, 1000] {
            // Each remainder comes several times, so that the order of equal items is seen.
            let items: Vec<_> = (0..count).map(|nth| (nth * 7 % 13, nth)).collect();
            let (mut ours, mut theirs) = (items.clone(), items);
            sort(&mut ours, &|one, other| one.0.cmp(&other.0));
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
        }
    }
}
