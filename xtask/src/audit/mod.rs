//! Compares certs/ with Mozilla's own list, NSS' certdata.txt.

mod certdata;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use embedded_roots_bundle::{Root, read_file, rfc3339};

use self::certdata::ServerRoot;
use crate::differences::{self, Difference, Found, Reviewed, digest, subject_of};
use crate::{certs, path};

/// Returns the differences in the set of roots and in their distrust dates, which have all been
/// reviewed. Fails at any other.
pub(crate) fn audit(certdata: &str) -> Result<String, Box<dyn Error>> {
    let text = read_file(Path::new(certdata)).map_err(|why| format!("{certdata}: {why}"))?;
    let theirs = certdata::server_roots(&text).map_err(|why| format!("{certdata}, {why}"))?;
    let ours = certs::roots()?;
    let reviewed = Reviewed::parse(REVIEWED, &fs::read_to_string(path(REVIEWED))?)?;
    let report = compare(&ours, &certs::imposed()?, &theirs, &reviewed)?;
    let (there, here) = (theirs.len(), ours.len());
    Ok(format!(
        "{certdata} has {there} roots for TLS servers, certs/ has {here}; all differences are reviewed\n\
         {report}"
    ))
}

/// `imposed` are the digests of the roots in certs/constraints.toml.
fn compare(
    ours: &[Root],
    imposed: &[String],
    theirs: &BTreeMap<String, ServerRoot>,
    reviewed: &Reviewed,
) -> Result<String, Box<dyn Error>> {
    let certificates = theirs.iter();
    let certificates = certificates.map(|(digest, root)| (digest.as_str(), &*root.certificate));
    let mut found = differences::sets(ours, &certificates.collect());
    found.extend(dates(ours, theirs));
    let report = reviewed.report(&found)?;
    reviewed.check_against(ours)?;
    for digest in imposed {
        let is_known =
            theirs.contains_key(digest) || reviewed.has(digest, &Difference::OnlyInCerts);
        if !is_known {
            return Err(
                format!("a constraint is imposed on a root that has gone: {digest}").into(),
            );
        }
    }
    Ok(report)
}

const REVIEWED: &str = "certs/audit.toml";

/// The dates that differ, of the roots in both.
fn dates(ours: &[Root], theirs: &BTreeMap<String, ServerRoot>) -> Vec<Found> {
    let mut found = Vec::new();
    for root in ours {
        let sha256 = digest(root);
        let there = theirs.get(&sha256).map(|root| root.distrust_after);
        let Some(there) = there.filter(|there| *there != root.distrust_after()) else {
            continue;
        };
        let there = there.map_or_else(|| "none".to_owned(), rfc3339);
        found.push(Found {
            sha256,
            subject: subject_of(root.certificate()),
            difference: Difference::DistrustAfter(there),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::UnixTime;
    use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

    use super::*;

    /// Two roots, of which the first has a date.
    fn ours() -> Vec<Root> {
        let annotations = ["distrust-after=2026-04-15T23:59:59Z", "permitted-dns=.tr"];
        let pairs = annotations.iter().zip(TLS_SERVER_ROOT_CERTS);
        let roots = pairs.map(|(annotation, certificate)| {
            Root::new(certificate.clone(), annotation.parse().unwrap(), 0).unwrap()
        });
        roots.collect()
    }

    /// As many of them as there are dates.
    fn theirs(dates: &[Option<UnixTime>]) -> BTreeMap<String, ServerRoot> {
        let roots = ours().into_iter().zip(dates).map(|(root, date)| {
            let there = ServerRoot {
                certificate: root.certificate().to_vec(),
                distrust_after: *date,
            };
            (digest(&root), there)
        });
        roots.collect()
    }

    #[test]
    fn dates_of_the_roots_in_both() {
        let ours = ours();
        let date = ours[0].distrust_after();
        let differences = |theirs| -> Vec<(String, Difference)> {
            let found = dates(&ours, &theirs).into_iter();
            found
                .map(|found| (found.sha256, found.difference))
                .collect()
        };
        let differs = |nth: usize, there: &str| {
            (
                digest(&ours[nth]),
                Difference::DistrustAfter(there.to_owned()),
            )
        };
        assert_eq!(differences(theirs(&[date, None])), []);
        // Of roots that are only here, nothing is said.
        assert_eq!(differences(theirs(&[])), []);
        assert_eq!(differences(theirs(&[None, None])), [differs(0, "none")]);
        let both = [differs(0, "none"), differs(1, "2026-04-15T23:59:59Z")];
        assert_eq!(differences(theirs(&[None, date])), both);
    }

    #[test]
    fn nothing_differs_without_a_review() {
        let ours = ours();
        let date = ours[0].distrust_after();
        let digests: Vec<String> = ours.iter().map(digest).collect();
        let compared = |imposed: &[String], dates: &[_], reviewed: &str| {
            let reviewed = Reviewed::parse("reviewed", reviewed).unwrap();
            let report = compare(&ours, imposed, &theirs(dates), &reviewed);
            report.map_err(|why| why.to_string())
        };
        let equal = compared(&digests, &[date, None], "");
        assert_eq!(equal, Ok(String::new()));

        let absent = compared(&digests, &[date], "").unwrap_err();
        assert!(absent.starts_with("only in certs/: "), "{absent}");
        let other_date = compared(&digests, &[None, None], "").unwrap_err();
        assert!(
            other_date.starts_with("distrust-after there: none: "),
            "{other_date}"
        );

        let review = format!(
            "[[difference]]\ndiffers = \"only-in-certs\"\nsha256 = [{:?}]\n\
             reason = \"a reason\"\nreviewed = \"2026-11-26\"\n",
            digests[1]
        );
        let absent = compared(&digests, &[date], &review).unwrap();
        assert!(
            absent.contains("a reason (reviewed 2026-11-26)"),
            "{absent}"
        );
        // A review is for a root of certs/ even if this certdata.txt has it as well.
        assert!(compared(&digests, &[date, None], &review).is_ok());
        assert!(
            compared(
                &digests,
                &[date, None],
                &review.replace("only-in", "not-in")
            )
            .is_err()
        );

        let gone = ["0".repeat(64)];
        let why = compared(&gone, &[date, None], "").unwrap_err();
        assert!(
            why.starts_with("a constraint is imposed on a root that has gone: 000"),
            "{why}"
        );
    }
}
