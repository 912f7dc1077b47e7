//! Times of certificates and annotations, in seconds of Unix time.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::x509::der::{self, Element};

/// Formats the time by RFC 3339, in UTC and whole seconds: `2026-04-15T23:59:59Z`.
#[must_use]
pub fn rfc3339(time: UnixTime) -> String {
    let (days, seconds) = (time.as_secs() / DAY, time.as_secs() % DAY);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Reads what [`rfc3339`] writes, and no other form.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<UnixTime> {
    let bytes = text.as_bytes();
    let separators = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'Z'),
    ];
    if bytes.len() != 20
        || separators
            .iter()
            .any(|&(at, byte)| bytes.get(at) != Some(&byte))
    {
        return None;
    }
    let digits: Vec<u8> = bytes.iter().copied().filter(u8::is_ascii_digit).collect();
    (digits.len() == 14).then(|| from_digits(&digits))?
}

/// The start of a day `YYYYMMDD`, in UTC.
#[must_use]
pub fn parse_day(text: &str) -> Option<UnixTime> {
    (text.len() == 8).then(|| from_digits(format!("{text}000000").as_bytes()))?
}

/// The start of a day `YYYY-MM-DD`, in UTC.
#[must_use]
pub fn parse_iso_day(text: &str) -> Option<UnixTime> {
    parse_rfc3339(&format!("{text}T00:00:00Z"))
}

/// The day of a time, in UTC: `2026-04-15`.
#[must_use]
pub fn iso_day(time: UnixTime) -> String {
    let mut text = rfc3339(time);
    text.truncate(text.find('T').unwrap_or(text.len()));
    text
}

const DAY: u64 = 24 * 60 * 60;

/// The time of a `Validity` (RFC 5280, section 4.1.2.5). A time before 1970 counts as 1970.
pub(crate) fn x509_time(time: Element<'_>) -> Option<UnixTime> {
    let digits = time.value.strip_suffix(b"Z")?;
    let mut all = *b"20000000000000";
    let given = match (time.tag, digits.len()) {
        (der::UTC_TIME, 12) => {
            // RFC 5280, section 4.1.2.5.1: two digits, from 1950 to 2049.
            if digits.first()? >= &b'5' {
                all = *b"19000000000000";
            }
            all.get_mut(2..)?
        }
        (der::GENERALIZED_TIME, 14) => &mut all,
        _ => return None,
    };
    given.copy_from_slice(digits);
    from_digits(&all)
}

/// Parses `YYYYMMDDhhmmss`. A time before 1970 counts as 1970.
fn from_digits(digits: &[u8]) -> Option<UnixTime> {
    let mut pairs = [0; 7];
    if digits.len() != 2 * pairs.len() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    for (pair, digits) in pairs.iter_mut().zip(digits.chunks(2)) {
        *pair = digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    }
    let [century, year, month, day, hour, minute, second] = pairs;
    let year = century * 100 + year;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u64::from(leap),
        _ => return None,
    };
    if !(1..=month_length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = if year < 1970 {
        0
    } else {
        days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second
    };
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

/// Days since 1970-01-01, for years from 1970. A year is counted from March, so that the leap day
/// is its last and the months before it have a fixed pattern of 153 days in five months.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month > 2 { year } else { year - 1 };
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// The year, month and day of a count of days since 1970-01-01.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    // The calendar repeats itself after 400 years.
    let (repeats, days) = (days / 146_097, days % 146_097);
    let mut year = 1970 + days / 366;
    while days_from_civil(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_from_civil(year, month + 1, 1) <= days {
        month += 1;
    }
    let day = days - days_from_civil(year, month, 1) + 1;
    (year + repeats * 400, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_agree_with_date() {
        // `date -u -d TEXT +%s`
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:34:56Z", 951_827_696),
            ("2024-11-30T23:59:59Z", 1_733_011_199),
            ("2026-04-15T23:59:59Z", 1_776_297_599),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("2400-02-29T00:00:00Z", 13_574_563_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            assert_eq!(parse_rfc3339(text), Some(time), "{text}");
            assert_eq!(rfc3339(time), text);
        }
    }

    #[test]
    fn iso_day_has_one_form() {
        let time = parse_iso_day("2024-02-29").unwrap();
        assert_eq!(rfc3339(time), "2024-02-29T00:00:00Z");
        let evening = parse_rfc3339("2024-02-29T23:59:59Z").unwrap();
        assert_eq!(
            (iso_day(time), iso_day(evening)),
            ("2024-02-29".into(), "2024-02-29".into())
        );
        for other in ["", "2023-02-29", "2024-2-29", "20240229", "2024-02-29 "] {
            assert_eq!(parse_iso_day(other), None, "{other:?}");
        }
    }

    #[test]
    fn parse_day_reads_only_yyyymmdd() {
        let day = |text| parse_day(text).map(rfc3339);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(day("20261123"), is("2026-11-23T00:00:00Z"));
        assert_eq!(day("20240229"), is("2024-02-29T00:00:00Z"));
        for other in [
            "",
            "0",
            "20230229",
            "2026112",
            "202611231",
            "2026-1-3",
            "2026112é",
        ] {
            assert_eq!(day(other), None, "{other}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_read_back() {
        for day in 0..146_097 {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(day * DAY + 86_399));
            assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time));
        }
    }

    #[test]
    fn only_rfc3339_in_utc_is_read() {
        for text in [
            "",
            "2026-04-15",
            "2026-04-15T23:59:59",
            "2026-04-15T23:59:59z",
            "2026-04-15 23:59:59Z",
            "2026-04-15T23:59:59+00:00",
            "2026-04-15T23:59:59.0Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-04-00T00:00:00Z",
            "2026-04-15T24:00:00Z",
            "2026-04-15T23:59:60Z",
            "2026-04-1\u{0665}T3:59:59Z",
            "+026-04-15T23:59:59Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text:?}");
        }
    }

    #[test]
    fn utc_time_and_generalized_time_are_read() {
        let read = |tag, value: &[u8]| {
            let element = der::encode(tag, value);
            x509_time(Element::read(&element).unwrap().0).map(rfc3339)
        };
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(der::UTC_TIME, b"491231235959Z"),
            is("2049-12-31T23:59:59Z")
        );
        assert_eq!(
            read(der::UTC_TIME, b"700101000001Z"),
            is("1970-01-01T00:00:01Z")
        );
        assert_eq!(
            read(der::UTC_TIME, b"500101000001Z"),
            is("1970-01-01T00:00:00Z")
        );
        assert_eq!(
            read(der::GENERALIZED_TIME, b"20500101000000Z"),
            is("2050-01-01T00:00:00Z")
        );
        assert_eq!(read(der::UTC_TIME, b"20500101000000Z"), None);
        assert_eq!(read(der::UTC_TIME, b"4912312359Z"), None);
        assert_eq!(read(der::UTC_TIME, b"491231235959+0100"), None);
    }
}
