//! Days, as they are written and shown.

use embedded_roots_bundle::{parse_rfc3339, rfc3339};
use rustls_pki_types::UnixTime;

/// Midnight of a day, UTC.
pub(crate) type Day = UnixTime;

/// The day of a time, as YYYY-MM-DD.
pub(crate) fn day(time: UnixTime) -> String {
    let time = rfc3339(time);
    time.split_once('T')
        .map_or(time.clone(), |(day, _)| day.to_owned())
}

pub(crate) fn parse_day(text: &str) -> Result<Day, String> {
    parse_rfc3339(&format!("{text}T00:00:00Z")).ok_or_else(|| "expected YYYY-MM-DD".to_owned())
}
