//! cli/data/removals.toml: why roots have been removed, reviewed by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use serde::Deserialize;

use super::text::{History, Record};
use crate::differences::check_line;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removals {
    removal: Vec<Removal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removal {
    /// The digests of the certificates, in lower-case hexadecimal digits.
    sha256: Vec<String>,
    reason: String,
    source: String,
}

/// The number of certificates that have a reason.
///
/// Each of them has left the list or, if it is still there, is in `dated`: the digests of the roots
/// with a distrust-after date.
pub(super) fn check(
    name: &str,
    toml: &str,
    history: &History,
    dated: &BTreeSet<String>,
) -> Result<usize, Box<dyn Error>> {
    let removals: Removals = toml::from_str(toml).map_err(|why| format!("{name}: {why}"))?;
    let records: BTreeMap<&str, &Record> = history
        .records
        .iter()
        .map(|record| (record.sha256.as_str(), record))
        .collect();
    let mut seen = BTreeSet::new();
    for removal in &removals.removal {
        let Removal {
            sha256: digests,
            reason,
            source,
        } = removal;
        check_line(reason).map_err(|why| format!("{name}: the reason {reason:?} {why}"))?;
        let is_url = source.starts_with("https://") && !source.contains(char::is_whitespace);
        if !is_url {
            return Err(format!("{name}: {source:?} is not an https URL").into());
        }
        if digests.is_empty() {
            return Err(format!("{name}: {reason:?} is the reason of no certificate").into());
        }
        for digest in digests {
            let record = records.get(digest.as_str());
            let record = record.ok_or_else(|| format!("{name}: unknown certificate {digest}"))?;
            if record.gone.is_none() && !dated.contains(digest) {
                return Err(format!(
                    "{name}: {digest} is on the list, without a distrust-after date"
                )
                .into());
            }
            if !seen.insert(digest) {
                return Err(format!("{name}: {digest} stands there twice").into());
            }
        }
    }
    Ok(seen.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::text::tests::history;

    const URL: &str = "https://wiki.mozilla.org/CA";

    fn toml(sha256: &[&str], reason: &str, source: &str) -> String {
        format!("[[removal]]\nreason = {reason:?}\nsource = {source:?}\nsha256 = {sha256:?}\n")
    }

    fn checked(toml: &str) -> Result<usize, String> {
        let dated = BTreeSet::from([history().records[1].sha256.clone()]);
        check("removals", toml, &history(), &dated).map_err(|why| why.to_string())
    }

    #[test]
    fn removals_are_of_roots_that_are_gone_or_have_a_distrust_date() {
        let history = history();
        let [gone, dated, listed] = [0, 1, 2].map(|nth| history.records[nth].sha256.as_str());
        let both = toml(&[gone], "one", URL) + &toml(&[dated], "another", URL);
        assert_eq!(checked(&both), Ok(2));
        assert_eq!(checked(&toml(&[gone, dated], "one", URL)), Ok(2));

        let fails = |toml: &str, why: &str| {
            let error = checked(toml).unwrap_err();
            assert!(
                error.starts_with("removals: ") && error.contains(why),
                "{error}"
            );
        };
        fails(&toml(&[listed], "one", URL), "is on the list");
        fails(
            &toml(&[&"0".repeat(64)], "one", URL),
            "unknown certificate 000",
        );
        fails(
            &toml(&[&gone.to_uppercase()], "one", URL),
            "unknown certificate",
        );
        fails(&toml(&[gone, gone], "one", URL), "twice");
        fails(
            &(toml(&[gone], "one", URL) + &toml(&[gone], "two", URL)),
            "twice",
        );
        fails(&toml(&[], "one", URL), "no certificate");
        for reason in ["", " ", " one", "one\ntwo", "one\n"] {
            fails(&toml(&[gone], reason, URL), "the reason");
        }
        for source in [
            "",
            "http://wiki.mozilla.org/CA",
            "https://a b",
            "wiki.mozilla.org/CA",
        ] {
            fails(&toml(&[gone], "one", source), "not an https URL");
        }
        fails(
            &(toml(&[gone], "one", URL) + "note = \"?\"\n"),
            "unknown field",
        );
    }
}
