//! The lists in the lines of a report.

use std::borrow::Cow;
use std::fmt;

use embedded_roots_bundle::shorten;

/// Writes `; what: a, b`, and how many more there are than a line of a log should have. Writes nothing for none.
pub(super) fn write_list(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    items: impl ExactSizeIterator<Item = String>,
) -> fmt::Result {
    const MOST: usize = 5;

    let count = items.len();
    for (nth, item) in items.take(MOST).enumerate() {
        if nth == 0 {
            write!(f, "; {what}: ")?;
        } else {
            f.write_str(", ")?;
        }
        f.write_str(&item)?;
    }
    match count.saturating_sub(MOST) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// The start of a text from a certificate or a file, since a line of a log must not be filled by one.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    shorten(text, 300)
}
