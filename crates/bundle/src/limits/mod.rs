//! The limits of a root: its distrust date and its name constraints, and how a PEM file writes them.
//!
//! They are called limits and not constraints, because X.509 already has name constraints (RFC 5280, section
//! 4.2.1.10), which are only one kind of limit.

pub(crate) mod annotation;
pub(crate) mod base;
pub(crate) mod conflict;
pub(crate) mod name_constraints;
pub(crate) mod outside;
pub(crate) mod subtree;

use std::fmt;

use rustls_pki_types::UnixTime;

use crate::limits::base::{DISTRUST_AFTER, write_name_constraints};
use crate::x509::time::rfc3339;

/// What limits the trust in a root: a distrust date and name constraints, whether they are in the certificate
/// or imposed by a root program.
///
/// `Display` uses the grammar of [`Annotation`](crate::Annotation) as far as possible:
/// `distrust-after=2026-04-15T23:59:59Z permitted-dns=.tr`. It is empty for a root without limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limits<'a> {
    distrust_after: Option<UnixTime>,
    name_constraints: Option<&'a [u8]>,
}

impl<'a> Limits<'a> {
    /// The limits of a root. `name_constraints` is the content of the SEQUENCE, DER.
    #[must_use]
    pub fn new(distrust_after: Option<UnixTime>, name_constraints: Option<&'a [u8]>) -> Self {
        Self {
            distrust_after,
            name_constraints,
        }
    }

    /// The last moment at which an end-entity certificate below the root may start to be valid.
    #[must_use]
    pub fn distrust_after(&self) -> Option<UnixTime> {
        self.distrust_after
    }

    /// The name constraints, DER (the content of the SEQUENCE; RFC 5280, section 4.2.1.10): those of the
    /// certificate and those imposed on it.
    #[must_use]
    pub fn name_constraints(&self) -> Option<&'a [u8]> {
        self.name_constraints
    }

    /// Whether the root is not limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The tightest of the limits of two copies of a root: the earlier date, and the name constraints of the copy
    /// that has any. `None` if both copies have name constraints and these differ: a trust anchor has only one
    /// place for them.
    #[must_use]
    pub fn tighten(self, other: Self) -> Option<Self> {
        let name_constraints = match (self.name_constraints, other.name_constraints) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        let dates = [self.distrust_after, other.distrust_after];
        let distrust_after = dates.into_iter().flatten().min();
        Some(Self::new(distrust_after, name_constraints))
    }

    /// The part of these limits that a copy of the root with the limits `copy` would lose: the date, if the copy
    /// has none or a later one, and the name constraints, if the copy has none or others.
    #[must_use]
    pub fn lost_by(self, copy: Limits<'_>) -> Self {
        let is_lost = |date: &UnixTime| copy.distrust_after.is_none_or(|other| *date < other);
        let name_constraints = self.name_constraints;
        Self {
            distrust_after: self.distrust_after.filter(is_lost),
            name_constraints: name_constraints.filter(|own| copy.name_constraints != Some(own)),
        }
    }

    /// The name constraints in readable form.
    #[must_use]
    pub fn shown_name_constraints(&self) -> Option<String> {
        self.name_constraints?;
        Some(Self::new(None, self.name_constraints).to_string())
    }
}

impl fmt::Display for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(date) = self.distrust_after {
            write!(f, "{}={}", DISTRUST_AFTER, rfc3339(date))?;
        }
        let Some(content) = self.name_constraints else {
            return Ok(());
        };
        if self.distrust_after.is_some() {
            f.write_str(" ")?;
        }
        write_name_constraints(f, content)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::limits::annotation::Annotation;

    const TR: &[u8] = &[0xa0, 0x07, 0x30, 0x05, 0x82, 0x03, 0x2e, 0x74, 0x72];
    const A: &[u8] = &[0xa0, 0x05, 0x30, 0x03, 0x82, 0x01, b'a'];

    fn limits(date: u64, name_constraints: &[u8]) -> Limits<'_> {
        let date = (date > 0).then(|| UnixTime::since_unix_epoch(Duration::from_secs(date)));
        Limits::new(
            date,
            (!name_constraints.is_empty()).then_some(name_constraints),
        )
    }

    #[test]
    fn tighten_keeps_the_tighter_limits_or_conflicts() {
        for (one, other, both) in [
            (limits(0, &[]), limits(0, &[]), Some(limits(0, &[]))),
            (limits(1, &[]), limits(0, TR), Some(limits(1, TR))),
            (limits(1, TR), limits(2, TR), Some(limits(1, TR))),
            (limits(0, TR), limits(0, A), None),
        ] {
            assert_eq!(one.tighten(other), both);
            assert_eq!(other.tighten(one), both);
        }
    }

    #[test]
    fn lost_by_returns_the_limits_that_a_copy_lacks() {
        for (listed, copy, lost) in [
            (limits(1, TR), limits(0, &[]), limits(1, TR)),
            (limits(1, TR), limits(1, TR), limits(0, &[])),
            (limits(2, &[]), limits(1, &[]), limits(0, &[])),
            (limits(1, &[]), limits(2, &[]), limits(1, &[])),
            (limits(0, TR), limits(0, A), limits(0, TR)),
            (limits(0, &[]), limits(1, TR), limits(0, &[])),
        ] {
            assert_eq!(listed.lost_by(copy), lost);
        }
    }

    #[test]
    fn limits_are_written_as_annotations() {
        for (limits, text) in [
            (limits(0, &[]), ""),
            (limits(1, &[]), "distrust-after=1970-01-01T00:00:01Z"),
            (limits(0, TR), "permitted-dns=.tr"),
            (
                limits(1, TR),
                "distrust-after=1970-01-01T00:00:01Z permitted-dns=.tr",
            ),
        ] {
            assert_eq!(limits.to_string(), text);
            if !limits.is_empty() {
                assert_eq!(text.parse::<Annotation>().unwrap().to_string(), text);
            }
        }
    }
}
