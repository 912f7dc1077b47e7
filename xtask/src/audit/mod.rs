//! Compares certs/ with Mozilla's own list, that of NSS, and with what texts say of it.

mod claims;
mod module;
mod server_roots;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use embedded_roots_bundle::{Root, rfc3339};

use self::claims::NssVersion;
use self::server_roots::{ServerRoot, server_roots};
use crate::differences::{self, Difference, Finding, Reviews, digest, subject_of};
use crate::{certs, history, path};

/// Returns the differences in the set of roots and in their distrust dates, which have all been
/// reviewed. Fails at any other, at a review without a difference, and at a text that is not true.
///
/// `module` is libnssckbi.so. The folder has libnss3.so as well, which names the version.
pub(crate) fn audit(module: &str) -> Result<String, Box<dyn Error>> {
    // A name without a folder would be looked for in those of the system.
    let module = fs::canonicalize(module).map_err(|why| format!("{module}: {why}"))?;
    let version = version_of(&module.with_file_name("libnss3.so"))?;
    let theirs = module::objects(&module).and_then(|objects| Ok(server_roots(objects)?));
    let theirs = theirs.map_err(|why| format!("{}: {why}", module.display()))?;

    let ours = certs::roots()?;
    let reviewed = Reviews::parse(REVIEWED, &fs::read_to_string(path(REVIEWED))?)?;
    let (there, here) = (theirs.len(), ours.len());
    let sizes = format!("NSS {version} has {there} roots for TLS servers, certs/ has {here}");
    let report = compare(&ours, &certs::imposed()?, &theirs, &reviewed)
        .map_err(|why| format!("{sizes}\n{why}"))?;
    for reviewed in [&reviewed, &history::reviewed()?] {
        check_reasons(reviewed, &theirs, &version)?;
    }
    let both = ours
        .iter()
        .filter(|root| theirs.contains_key(&digest(root)))
        .count();
    let fact = format!("trusts {there} roots for TLS servers, {both} of which are in this folder");
    let readme = fs::read_to_string(path(README))?;
    let is_trusted = |sha256: &str| theirs.contains_key(sha256);
    claims::check_page(&readme, &fact, is_trusted, &version)
        .map_err(|why| format!("{README}: {why}"))?;
    let differences = if report.is_empty() {
        "no differences".to_owned()
    } else {
        format!("all differences are reviewed\n{report}")
    };
    Ok(format!("{sizes}, {both} are in both: {differences}"))
}

fn version_of(library: &Path) -> Result<NssVersion, String> {
    let error = |why: &str| format!("{}: {why}", library.display());
    let bytes = fs::read(library).map_err(|why| error(&why.to_string()))?;
    NssVersion::from_library(&bytes).ok_or_else(|| error("names no version of NSS"))
}

const REVIEWED: &str = "certs/audit.toml";
const README: &str = "certs/README.md";

/// `imposed` are the digests of the roots in certs/constraints.toml.
fn compare(
    ours: &[Root],
    imposed: &[String],
    theirs: &BTreeMap<String, ServerRoot>,
    reviewed: &Reviews,
) -> Result<String, Box<dyn Error>> {
    let certificates = theirs.iter();
    let certificates = certificates.map(|(digest, root)| (digest.as_str(), &*root.certificate));
    let mut found = differences::sets(ours, &certificates.collect());
    found.extend(dates(ours, theirs));
    let report = reviewed.report(&found)?;
    reviewed.check_all_used(&found)?;
    for digest in imposed {
        let is_known =
            theirs.contains_key(digest) || reviewed.has(digest, &Difference::OnlyInCerts);
        if !is_known {
            return Err(format!("a limit is imposed on a root that is gone: {digest}").into());
        }
    }
    Ok(report)
}

/// Fails at a reason that says of NSS what is not true.
fn check_reasons(
    reviewed: &Reviews,
    theirs: &BTreeMap<String, ServerRoot>,
    version: &NssVersion,
) -> Result<(), String> {
    for (sha256, reason) in reviewed.reasons() {
        claims::check_root(reason, theirs.contains_key(sha256), version)
            .map_err(|why| format!("{}: {sha256}: {reason:?}: {why}", reviewed.name()))?;
    }
    Ok(())
}

/// The dates that differ, of the roots in both.
fn dates(ours: &[Root], theirs: &BTreeMap<String, ServerRoot>) -> Vec<Finding> {
    let mut found = Vec::new();
    for root in ours {
        let sha256 = digest(root);
        let there = theirs.get(&sha256).map(|root| root.distrust_after);
        let Some(there) = there.filter(|there| *there != root.distrust_after()) else {
            continue;
        };
        let there = there.map_or_else(|| "none".to_owned(), rfc3339);
        found.push(Finding {
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
    fn unreviewed_differences_fail_the_audit() {
        let ours = ours();
        let date = ours[0].distrust_after();
        let digests: Vec<String> = ours.iter().map(digest).collect();
        let compared = |imposed: &[String], dates: &[_], reviewed: &str| {
            let reviewed = Reviews::parse("reviewed", reviewed).unwrap();
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
        for (differs, now) in [
            ("\"only-in-certs\"", "only in certs/"),
            ("\"not-in-certs\"", "not in certs/"),
            (
                "{ distrust-after = \"none\" }",
                "distrust-after there: none",
            ),
        ] {
            let review = review.replace("\"only-in-certs\"", differs);
            let stale = compared(&digests, &[date, None], &review).unwrap_err();
            let expected = format!("reviewed: {} is no longer {now}", digests[1]);
            assert_eq!(stale, expected);
        }

        let gone = ["0".repeat(64)];
        let why = compared(&gone, &[date, None], "").unwrap_err();
        assert!(
            why.starts_with("a limit is imposed on a root that is gone: 000"),
            "{why}"
        );
    }

    #[test]
    fn reasons_are_true_of_nss() {
        let ours = ours();
        let check = |nth: usize, reason: &str| {
            let toml = format!(
                "[[difference]]\ndiffers = \"only-in-certs\"\nsha256 = [{:?}]\n\
                 reason = {reason:?}\nreviewed = \"2026-11-26\"\n",
                digest(&ours[nth])
            );
            let reviewed = Reviews::parse("reviewed", &toml).unwrap();
            // It has the first one alone.
            let theirs = theirs(&[None]);
            let version = NssVersion::from_library(b"\0Version: NSS 3.132\0").unwrap();
            check_reasons(&reviewed, &theirs, &version)
        };
        assert_eq!(check(0, "NSS 3.132 trusts it"), Ok(()));
        assert_eq!(check(1, "NSS 3.132 does not trust it"), Ok(()));
        let why = check(1, "NSS 3.132 trusts it").unwrap_err();
        let expected = format!(
            "reviewed: {}: \"NSS 3.132 trusts it\": NSS 3.132 does not trust it",
            digest(&ours[1])
        );
        assert_eq!(why, expected);
        assert!(check(0, "NSS has removed it").is_err());
    }
}
