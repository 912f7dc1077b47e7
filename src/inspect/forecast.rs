//! Until when a root is trusted, by what is known today.

use std::fmt;
use std::time::Duration;

use embedded_roots_bundle::digest::{hex, sha256};
use embedded_roots_bundle::{
    PrivateKeys, iso_day, not_before, parse, parse_iso_day, parse_rfc3339,
};
use rustls_pki_types::UnixTime;

use crate::error::Error;
use crate::inspect::certificate::Certificate;

/// What is known of the end of trust in a root.
///
/// It is a forecast: programs can remove a root at any time, and each may have rules of its own that no list says, such as
/// Chrome's for Certificate Transparency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    certificate: Certificate,
    ends: Vec<End>,
    absent_from: Vec<RootProgram>,
}

/// A time at which trust in a root ends, or begins to end, and what that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// When.
    pub time: UnixTime,
    /// What.
    pub kind: EndKind,
}

/// What ends the trust in a root. `Display` is a name such as `mozilla-schedule`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EndKind {
    /// Its certificate expires (RFC 5280, section 4.1.2.5). rustls does not look at that of a root, Mozilla does.
    Expiry,
    /// Mozilla's policy takes it out of the list for servers, by the age of its key: see [`mozilla_schedule`].
    MozillaSchedule,
    /// Mozilla has taken it out of the list for servers. [`forecasts`] knows of none.
    MozillaRemoval,
    /// Its distrust date: certificates that start later are refused, earlier ones are not.
    DistrustAfter,
    /// The last certificate from before its distrust date expires: see [`last_certificate`].
    LastCertificate,
    /// Chrome refuses a certificate whose SCTs (RFC 6962, section 3.2) are all later.
    ChromeSctNotAfter,
    /// Windows refuses certificates of servers that start later.
    MicrosoftNotBefore,
    /// Windows trusts it no longer.
    MicrosoftDisallowed,
}

/// A program with a list of roots of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RootProgram {
    /// The Chrome Root Store.
    Chrome,
    /// The Microsoft Trusted Root Program, by which Windows goes.
    Microsoft,
}

/// The forecasts of the roots of a PEM text, in its order: with the distrust dates of its annotations, and, for the roots of
/// Mozilla's list, Mozilla's schedule and what the lists of other programs say. The lists are those of the package
/// `embedded-roots-mozilla`.
///
/// ```
/// # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
/// use embedded_roots::{inspect, mozilla};
///
/// for forecast in inspect::forecasts(mozilla::annotated_pem())? {
///     for end in forecast.ends() {
///         println!("{end}: {}", forecast.certificate());
///     }
/// }
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
///
/// # Errors
///
/// If the text is not valid, like [`RootsBuilder::pem`](crate::RootsBuilder::pem), or the table of other programs is newer than
/// this crate and says what it does not know.
pub fn forecasts(pem: impl AsRef<[u8]>) -> Result<Vec<Forecast>, Error> {
    let roots = parse("PEM text", pem.as_ref(), PrivateKeys::Ignore).map_err(Error::invalid)?;
    let forecasts = roots.iter().map(|root| {
        let der = root.certificate();
        let known = of_table(PROGRAMS, &hex(&sha256(der)))?;
        let is_of_mozilla = known.is_some();
        let TableRow {
            key_since,
            mut ends,
            absent_from,
        } = known.unwrap_or_default();
        if is_of_mozilla {
            let created = key_since.or_else(|| not_before(der));
            ends.extend(created.and_then(mozilla_schedule).map(|time| End {
                time,
                kind: EndKind::MozillaSchedule,
            }));
        }
        ends.extend(root.distrust_after().into_iter().flat_map(End::of_distrust));
        let certificate = Certificate::from_der(der)?;
        Ok(Forecast::new(certificate, ends, absent_from))
    });
    forecasts.collect()
}

/// The day on which Mozilla takes a root out of its list for servers, at the latest, if its key is from this time: the
/// Mozilla Root Store Policy 3.1 (section 7.4) has no key that is older than 15 years, and until 2029 a
/// [schedule](https://wiki.mozilla.org/CA/Root_CA_Lifecycles).
///
/// The age is that of the key, by the report of the ceremony in which it was made. A certificate says only since when it is
/// valid, and may be younger than its key, so that the day is expected, at the latest. Where an older certificate of the key is
/// known, [`forecasts`] goes by that.
///
/// None for a time beyond the calendar.
#[must_use]
pub fn mozilla_schedule(key_created: UnixTime) -> Option<UnixTime> {
    let day = iso_day(key_created);
    let mut schedule = SCHEDULE.iter();
    if let Some((_, until)) = schedule.find(|(before, _)| day.as_str() < *before) {
        return parse_iso_day(until);
    }
    let (year, rest) = day.split_at(4);
    let year = year.parse::<u32>().ok()?.checked_add(15)?;
    // There is no 29 February 15 years later.
    let rest = if rest == "-02-29" { "-03-01" } else { rest };
    parse_iso_day(&format!("{year:04}{rest}"))
}

/// When the last certificate expires that a CA may have issued until this time, by how long the certificates of servers may
/// be valid: 398 days, 200 from 2026-03-15 on, 100 from 2027-03-15 on, 47 from 2029-03-15 on (CA/Browser Forum Baseline
/// Requirements, section 6.3.2, by ballot SC-081v3).
///
/// It may be one from before such a change, since that was valid for longer.
#[must_use]
pub fn last_certificate(issued_until: UnixTime) -> UnixTime {
    let changes = VALIDITIES.iter().skip(1).map(|(since, _)| Some(*since));
    let expiries = VALIDITIES.iter().zip(changes.chain([None]));
    let expiries = expiries.filter_map(|((since, days), change)| {
        let since = parse_iso_day(since)?;
        let change = change.and_then(parse_iso_day);
        let last = change.map_or(u64::MAX, |change| change.as_secs() - 1);
        // The first and the last second count.
        let expiry = issued_until
            .as_secs()
            .min(last)
            .saturating_add(days * DAY - 1);
        (since <= issued_until).then_some(expiry)
    });
    let last = expiries.max().unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(last))
}

impl Forecast {
    /// Of a certificate, with what is known besides it. Its expiry is added to the ends, unless that cannot be read.
    #[must_use]
    pub fn new(
        certificate: Certificate,
        ends: impl IntoIterator<Item = End>,
        absent_from: Vec<RootProgram>,
    ) -> Self {
        let expiry = Some(certificate.not_after()).filter(|time| time.as_secs() > 0);
        let expiry = expiry.map(|time| End {
            time,
            kind: EndKind::Expiry,
        });
        let mut ends: Vec<End> = ends.into_iter().chain(expiry).collect();
        ends.sort_unstable();
        Self {
            certificate,
            ends,
            absent_from,
        }
    }

    /// The root.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// When trust in it ends, the earliest time first. Empty if its expiry cannot be read and nothing else is known.
    #[must_use]
    pub fn ends(&self) -> &[End] {
        &self.ends
    }

    /// The programs that do not have it at all, of those whose lists are known.
    #[must_use]
    pub fn absent_from(&self) -> &[RootProgram] {
        &self.absent_from
    }
}

impl End {
    /// The two ends that a distrust date is.
    #[must_use]
    pub fn of_distrust(distrust_after: UnixTime) -> [Self; 2] {
        [
            Self {
                time: distrust_after,
                kind: EndKind::DistrustAfter,
            },
            Self {
                time: last_certificate(distrust_after),
                kind: EndKind::LastCertificate,
            },
        ]
    }
}

/// Its day and its kind: `2027-04-15 mozilla-schedule`.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", iso_day(self.time), self.kind)
    }
}

impl fmt::Display for EndKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expiry => "expiry",
            Self::MozillaSchedule => "mozilla-schedule",
            Self::MozillaRemoval => "mozilla-removal",
            Self::DistrustAfter => "distrust-after",
            Self::LastCertificate => "last-certificate",
            Self::ChromeSctNotAfter => "chrome-sct-not-after",
            Self::MicrosoftNotBefore => "microsoft-not-before",
            Self::MicrosoftDisallowed => "microsoft-disallowed",
        })
    }
}

/// Its name in sources and policies: `chrome`.
impl fmt::Display for RootProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chrome => "chrome",
            Self::Microsoft => "microsoft",
        })
    }
}

/// Keys from before the first day are out of the list for servers from the second day on. Later keys last 15 years.
const SCHEDULE: [(&str, &str); 5] = [
    ("2006-01-01", "2025-04-15"),
    ("2008-01-01", "2026-04-15"),
    ("2010-01-01", "2027-04-15"),
    ("2012-01-01", "2028-04-15"),
    ("2014-04-15", "2029-04-15"),
];

/// Since when the certificates of servers may be valid for so many days.
const VALIDITIES: [(&str, u64); 4] = [
    ("1970-01-01", 398),
    ("2026-03-15", 200),
    ("2027-03-15", 100),
    ("2029-03-15", 47),
];

const DAY: u64 = 24 * 60 * 60;

/// What other programs say of the roots of the bundle `mozilla`, as its package has it.
const PROGRAMS: &str = include_str!(concat!(env!("OUT_DIR"), "/programs.txt"));

/// What the table says of the root with this digest, if it has it.
fn of_table(table: &str, digest: &str) -> Result<Option<TableRow>, Error> {
    let Some(fields) = table.lines().find_map(|line| line.strip_prefix(digest)) else {
        return Ok(None);
    };
    let mut row = TableRow::default();
    for field in fields.split_whitespace() {
        let unknown = || {
            Error::invalid(format!(
                "the table of root programs has an unknown field: {field}"
            ))
        };
        let (name, value) = field.split_once('=').ok_or_else(unknown)?;
        if value == "absent" {
            let mut programs = [RootProgram::Chrome, RootProgram::Microsoft].into_iter();
            let program = programs.find(|program| program.to_string() == name);
            row.absent_from.push(program.ok_or_else(unknown)?);
        } else if name == "key-since" {
            row.key_since = Some(parse_rfc3339(value).ok_or_else(unknown)?);
        } else {
            let mut kinds = OF_TABLE.into_iter();
            let kind = kinds.find(|kind| kind.to_string() == name);
            let end = kind.zip(parse_rfc3339(value));
            let (kind, time) = end.ok_or_else(unknown)?;
            row.ends.push(End { time, kind });
        }
    }
    Ok(Some(row))
}

#[derive(Debug, Default, PartialEq)]
struct TableRow {
    /// Since when the key is known, if that is earlier than the certificate says.
    key_since: Option<UnixTime>,
    ends: Vec<End>,
    absent_from: Vec<RootProgram>,
}

/// What the table of other programs can say.
const OF_TABLE: [EndKind; 3] = [
    EndKind::ChromeSctNotAfter,
    EndKind::MicrosoftNotBefore,
    EndKind::MicrosoftDisallowed,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> UnixTime {
        parse_iso_day(text).unwrap()
    }

    /// The rows of Mozilla's schedule: <https://wiki.mozilla.org/CA/Root_CA_Lifecycles>
    #[test]
    fn schedule_goes_by_the_age_of_the_key() {
        for (created, until) in [
            ("1970-01-01", Some("2025-04-15")),
            ("2005-12-31", Some("2025-04-15")),
            ("2006-01-01", Some("2026-04-15")),
            ("2006-01-02", Some("2026-04-15")),
            ("2007-12-31", Some("2026-04-15")),
            ("2008-01-01", Some("2027-04-15")),
            ("2008-01-02", Some("2027-04-15")),
            ("2009-12-31", Some("2027-04-15")),
            ("2010-01-01", Some("2028-04-15")),
            ("2010-01-02", Some("2028-04-15")),
            ("2011-12-31", Some("2028-04-15")),
            ("2012-01-01", Some("2029-04-15")),
            ("2012-01-02", Some("2029-04-15")),
            ("2014-04-14", Some("2029-04-15")),
            ("2014-04-15", Some("2029-04-15")),
            ("2014-04-16", Some("2029-04-16")),
            ("2016-02-28", Some("2031-02-28")),
            ("2016-02-29", Some("2031-03-01")),
            ("2016-03-01", Some("2031-03-01")),
            ("9984-12-31", Some("9999-12-31")),
            ("9985-01-01", None),
        ] {
            let seen = mozilla_schedule(day(created));
            assert_eq!(seen.map(iso_day).as_deref(), until, "{created}");
        }
        let end_of_day = day("2010-01-01").as_secs() - 1;
        let end_of_day = UnixTime::since_unix_epoch(Duration::from_secs(end_of_day));
        assert_eq!(mozilla_schedule(end_of_day), Some(day("2027-04-15")));
        let far = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
        assert_eq!(mozilla_schedule(far), None);
    }

    /// Computed by hand: the last certificate of a period may be valid for longer than the first of the next one.
    #[test]
    fn last_certificate_goes_by_the_longest_validity() {
        for (until, last) in [
            ("2024-11-30", "2026-01-01"),
            ("2026-03-14", "2027-04-15"),
            // 398 days from the last second of 2026-03-14.
            ("2026-03-15", "2027-04-16"),
            ("2026-09-28", "2027-04-16"),
            ("2026-09-29", "2027-04-16"),
            ("2026-09-30", "2027-04-17"),
            ("2027-03-14", "2027-09-29"),
            ("2027-03-15", "2027-09-30"),
            ("2027-06-22", "2027-09-30"),
            ("2027-06-23", "2027-09-30"),
            ("2027-06-24", "2027-10-01"),
            ("2029-03-14", "2029-06-21"),
            ("2029-03-15", "2029-06-22"),
            ("2029-05-06", "2029-06-22"),
            ("2029-05-08", "2029-06-23"),
        ] {
            assert_eq!(iso_day(last_certificate(day(until))), last, "{until}");
        }
        let far = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
        assert_eq!(last_certificate(far).as_secs(), u64::MAX);
    }

    #[test]
    fn unknown_fields_of_the_table_are_errors_that_name_them() {
        let digest = "00ff";
        assert_eq!(of_table("# 00ff\n01 a=b\n", digest).unwrap(), None);
        let row = "# a comment\n00ff chrome-sct-not-after=2027-09-14T23:59:59Z microsoft=absent\n";
        let row = of_table(row, digest).unwrap().unwrap();
        assert_eq!(row.ends[0].to_string(), "2027-09-14 chrome-sct-not-after");
        assert_eq!(row.absent_from, [RootProgram::Microsoft]);
        let row = of_table("00ff key-since=2009-05-20T08:38:15Z", digest)
            .unwrap()
            .unwrap();
        assert_eq!(row.key_since.map(iso_day).as_deref(), Some("2009-05-20"));
        for field in [
            "apple=absent",
            "chrome=2027",
            "expiry=2027-09-14T23:59:59Z",
            "chrome",
            "key-since=x",
            "chrome-sct-not-after=x",
        ] {
            let why = of_table(&format!("00ff {field}"), digest)
                .unwrap_err()
                .to_string();
            assert!(why.ends_with(&format!("unknown field: {field}")), "{why}");
        }
    }
}
