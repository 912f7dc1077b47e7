//! Two copies of a root with different limits, for a message.

use crate::escape::shorten;
use crate::limits::Limits;

/// How two copies of a root differ, and which of them to remove: both have one name and one key, so that the other
/// verifies what both have issued. Each copy has a name for the message. If both have limits, neither of which covers the
/// other, the user has to choose.
#[must_use]
pub fn conflict(copies: [(&str, Limits<'_>); 2]) -> String {
    let [(first, limits), (second, others)] = copies;
    let both = limits.tighten(others);
    let wider = if both == Some(limits) {
        Some(second)
    } else if both == Some(others) {
        Some(first)
    } else {
        None
    };
    let advice = match (wider, both) {
        (Some(wider), _) => format!("to use the narrower limits, remove {wider}"),
        (None, Some(both)) => format!("annotate both with `{both}`, or remove one"),
        (None, None) => "remove the one whose limits are not meant".to_owned(),
    };
    let (limits, others) = (shown(limits), shown(others));
    format!(
        "{first} has {limits}, {second} has {others}; {advice} (name and key are the same, so the other verifies what both \
         have issued)"
    )
}

fn shown(limits: Limits<'_>) -> String {
    if limits.is_empty() {
        return "none".to_owned();
    }
    // A certificate can have thousands of names.
    shorten(&limits.to_string(), 200).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls_pki_types::UnixTime;

    use super::*;

    #[test]
    fn wider_copy_is_the_one_to_remove() {
        const TR: &[u8] = &[0xa0, 0x07, 0x30, 0x05, 0x82, 0x03, 0x2e, 0x74, 0x72];
        const A: &[u8] = &[0xa0, 0x05, 0x30, 0x03, 0x82, 0x01, b'a'];

        let date = |seconds| Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        let none = Limits::default();
        let narrow = Limits::new(None, Some(TR));
        let dated = Limits::new(date(1), None);
        for (one, other, advice) in [
            (none, narrow, "remove this ("),
            (narrow, none, "remove that ("),
            (Limits::new(date(2), Some(TR)), narrow, "remove that ("),
            (Limits::new(date(2), None), dated, "remove this ("),
            (
                narrow,
                dated,
                "annotate both with `distrust-after=1970-01-01T00:00:01Z permitted-dns=.tr`",
            ),
            (narrow, Limits::new(None, Some(A)), "remove the one whose"),
        ] {
            let text = conflict([("this", one), ("that", other)]);
            assert!(text.contains(advice), "{text}");
        }
        let text = conflict([("this", none), ("that", narrow)]);
        assert!(
            text.starts_with("this has none, that has permitted-dns=.tr; "),
            "{text}"
        );
    }
}
