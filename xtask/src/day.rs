//! Days, as data files write them.

use std::fmt;

use embedded_roots_bundle::parse_iso_day;

/// A day, `YYYY-MM-DD`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(String);

impl Day {
    /// `None` if this is not a day, or is written in another form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_iso_day(text)?;
        Some(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yyyy_mm_dd_is_read() {
        let day = Day::parse("2024-02-29").unwrap();
        assert_eq!(day.to_string(), "2024-02-29");
        assert!(day < Day::parse("2024-03-01").unwrap());
        for other in ["", "2023-02-29", "2024-2-29", "20240229", "2024-02-29 "] {
            assert_eq!(Day::parse(other), None, "{other:?}");
        }
    }
}
