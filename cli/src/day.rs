//! Days of the command line.

use embedded_roots_bundle::parse_iso_day;
use rustls_pki_types::UnixTime;

/// Midnight of a day, UTC.
pub(crate) type Day = UnixTime;

pub(crate) fn parse_day(text: &str) -> Result<Day, String> {
    parse_iso_day(text).ok_or_else(|| "expected YYYY-MM-DD".to_owned())
}
