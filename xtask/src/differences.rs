//! Differences between certs/ and another list of Mozilla's roots: each one has been reviewed, or is
//! an error.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use embedded_roots_bundle::digest::{hex, sha256, sha256_from_hex};
use embedded_roots_bundle::{Root, iso_day, parse_iso_day, subject};
use rustls_pki_types::UnixTime;
use serde::Deserialize;

/// What differs for one certificate.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Difference {
    OnlyInCerts,
    NotInCerts,
    /// The other list has another distrust-after date than certs/: this one, or `none`.
    DistrustAfter(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyInCerts => f.write_str("only in certs/"),
            Self::NotInCerts => f.write_str("not in certs/"),
            Self::DistrustAfter(there) => write!(f, "distrust-after there: {there}"),
        }
    }
}

/// A difference that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The digest of the certificate, in lower-case hexadecimal digits.
    pub(crate) sha256: String,
    pub(crate) subject: String,
    pub(crate) difference: Difference,
}

/// The certificates that only certs/ has or lacks. `certs` are its roots, `others` the certificates of
/// the other list by their digest.
pub(crate) fn sets(certs: &[Root], others: &BTreeMap<&str, &[u8]>) -> Vec<Finding> {
    let ours: BTreeMap<String, &[u8]> = certs
        .iter()
        .map(|root| (digest(root), &**root.certificate()))
        .collect();
    let found = |sha256: &str, certificate, difference| Finding {
        sha256: sha256.to_owned(),
        subject: subject_of(certificate),
        difference,
    };
    let only_ours = ours
        .iter()
        .filter(|(digest, _)| !others.contains_key(digest.as_str()))
        .map(|(digest, certificate)| found(digest, certificate, Difference::OnlyInCerts));
    let only_others = others
        .iter()
        .filter(|(digest, _)| !ours.contains_key(**digest))
        .map(|(digest, certificate)| found(digest, certificate, Difference::NotInCerts));
    only_ours.chain(only_others).collect()
}

/// The digest of the certificate, in lower-case hexadecimal digits.
pub(crate) fn digest(root: &Root) -> String {
    hex(&sha256(root.certificate()))
}

/// The subject of a certificate, for people.
pub(crate) fn subject_of(certificate: &[u8]) -> String {
    subject(certificate).map_or_else(|| "(unreadable)".to_owned(), |name| name.to_string())
}

/// A TOML file of differences that a person has looked at.
pub(crate) struct Reviews {
    name: &'static str,
    reviews: BTreeMap<(String, Difference), Review>,
}

#[derive(Clone)]
struct Review {
    reason: String,
    day: UnixTime,
}

impl Reviews {
    pub(crate) fn parse(name: &'static str, toml: &str) -> Result<Self, Box<dyn Error>> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            difference: Vec<Group>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Group {
            differs: Difference,
            sha256: Vec<String>,
            reason: String,
            reviewed: String,
        }
        let file: File = toml::from_str(toml).map_err(|why| format!("{name}: {why}"))?;
        let mut reviews = BTreeMap::new();
        for group in file.difference {
            let Group {
                differs,
                sha256,
                reason,
                reviewed,
            } = group;
            check_line(&reason).map_err(|why| format!("{name}: the reason {reason:?} {why}"))?;
            let day = parse_iso_day(&reviewed)
                .ok_or_else(|| format!("{name}: {reviewed:?} is not a day YYYY-MM-DD"))?;
            for digest in sha256 {
                if sha256_from_hex(&digest).map(|read| hex(&read)).as_ref() != Some(&digest) {
                    return Err(format!("{name}: {digest:?} is not a SHA-256 digest").into());
                }
                let review = Review {
                    reason: reason.clone(),
                    day,
                };
                let key = (digest.clone(), differs.clone());
                if reviews.insert(key, review).is_some() {
                    return Err(format!("{name}: {digest} stands there twice").into());
                }
            }
        }
        Ok(Self { name, reviews })
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The digest of each certificate, with the reason of its difference.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (&str, &str)> {
        let reviews = self.reviews.iter();
        reviews.map(|((sha256, _), review)| (sha256.as_str(), review.reason.as_str()))
    }

    /// Whether the difference has been reviewed.
    pub(crate) fn has(&self, sha256: &str, difference: &Difference) -> bool {
        let key = (sha256.to_owned(), difference.clone());
        self.reviews.contains_key(&key)
    }

    /// One line for each difference, with its review. Fails if one has none.
    pub(crate) fn report(&self, found: &[Finding]) -> Result<String, Box<dyn Error>> {
        let mut lines = Vec::new();
        let mut without_review = 0;
        for Finding {
            sha256,
            subject,
            difference,
        } in found
        {
            let key = (sha256.clone(), difference.clone());
            let review = if let Some(Review { reason, day }) = self.reviews.get(&key) {
                format!("{reason} (reviewed {})", iso_day(*day))
            } else {
                without_review += 1;
                "NOT REVIEWED".to_owned()
            };
            lines.push(format!("{difference}: {subject} {sha256}: {review}"));
        }
        if without_review > 0 {
            let name = self.name;
            lines.push(format!(
                "{without_review} of these differences are not in {name}"
            ));
            return Err(lines.join("\n").into());
        }
        Ok(lines.join("\n"))
    }

    /// Fails if a review is for a difference that was not found.
    pub(crate) fn check_all_used(&self, found: &[Finding]) -> Result<(), Box<dyn Error>> {
        for (sha256, difference) in self.reviews.keys() {
            let is_used = found
                .iter()
                .any(|found| found.sha256 == *sha256 && found.difference == *difference);
            if !is_used {
                let name = self.name;
                return Err(format!("{name}: {sha256} is no longer {difference}").into());
            }
        }
        Ok(())
    }
}

/// What is wrong with a reason, if it is not one line of text.
pub(crate) fn check_line(reason: &str) -> Result<(), &'static str> {
    if reason.is_empty() || reason.trim() != reason {
        return Err("is empty or has blanks around it");
    }
    if reason.contains(char::is_control) {
        return Err("is more than one line");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

    use super::*;

    fn roots(count: usize) -> Vec<Root> {
        let certificates = TLS_SERVER_ROOT_CERTS.iter().take(count);
        let roots = certificates.map(|certificate| Root::from_der(certificate.clone()).unwrap());
        roots.collect()
    }

    fn reviewed(differs: &str, root: &Root) -> Reviews {
        let toml = group(differs, &digest(root), "a reason", "2026-11-26");
        Reviews::parse("reviewed", &toml).unwrap()
    }

    fn group(differs: &str, sha256: &str, reason: &str, day: &str) -> String {
        format!(
            "[[difference]]\ndiffers = {differs}\nsha256 = [{sha256:?}]\n\
             reason = {reason:?}\nreviewed = {day:?}\n"
        )
    }

    #[test]
    fn sets_differ_in_both_directions() {
        let all = roots(4);
        let digests: Vec<String> = all.iter().map(digest).collect();
        let others = [1, 2, 3].map(|nth| (digests[nth].as_str(), &**all[nth].certificate()));
        let found = sets(&all[..2], &BTreeMap::from(others));
        let mut found: Vec<_> = found
            .iter()
            .map(|found| (found.sha256.as_str(), &found.difference))
            .collect();
        found.sort_unstable_by_key(|(digest, _)| digests.iter().position(|known| known == digest));
        let expected = [
            (digests[0].as_str(), &Difference::OnlyInCerts),
            (digests[2].as_str(), &Difference::NotInCerts),
            (digests[3].as_str(), &Difference::NotInCerts),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn unreviewed_differences_are_errors() {
        let roots = roots(2);
        let found = |root: &Root, difference| Finding {
            sha256: digest(root),
            subject: "CN=Name".to_owned(),
            difference,
        };
        let only = found(&roots[0], Difference::OnlyInCerts);
        let not = found(&roots[0], Difference::NotInCerts);
        let other = found(&roots[1], Difference::OnlyInCerts);
        let dated = |date: &str| found(&roots[0], Difference::DistrustAfter(date.to_owned()));

        let review = reviewed("\"only-in-certs\"", &roots[0]);
        let report = review.report(&[only]).unwrap();
        assert!(
            report.ends_with(": a reason (reviewed 2026-11-26)"),
            "{report}"
        );
        for unknown in [not, other, dated("none")] {
            let why = review.report(&[unknown]).unwrap_err().to_string();
            assert!(
                why.contains(": NOT REVIEWED\n1 of these differences"),
                "{why}"
            );
        }
        // A date is reviewed with its value.
        let review = reviewed("{ distrust-after = \"none\" }", &roots[0]);
        assert!(review.report(&[dated("none")]).is_ok());
        assert!(review.report(&[dated("2026-04-15T23:59:59Z")]).is_err());
        assert!(review.has(
            &digest(&roots[0]),
            &Difference::DistrustAfter("none".to_owned())
        ));
        assert!(!review.has(&digest(&roots[0]), &Difference::OnlyInCerts));
    }

    #[test]
    fn untrue_reviews_are_errors() {
        let roots = roots(2);
        let (ours, other) = (&roots[..1], &roots[1]);
        let found = sets(ours, &BTreeMap::new());
        assert!(
            reviewed("\"only-in-certs\"", &ours[0])
                .check_all_used(&found)
                .is_ok()
        );
        assert!(
            reviewed("\"not-in-certs\"", &ours[0])
                .check_all_used(&found)
                .is_err()
        );
        assert!(
            reviewed("\"only-in-certs\"", other)
                .check_all_used(&found)
                .is_err()
        );
    }

    #[test]
    fn malformed_reviews_are_errors() {
        let sha256 = "0".repeat(64);
        let good = group("\"only-in-certs\"", &sha256, "a reason", "2026-11-26");
        assert!(Reviews::parse("reviewed", "").is_ok());
        assert!(Reviews::parse("reviewed", &good).is_ok());
        let bad = [
            group("\"elsewhere\"", &sha256, "a reason", "2026-11-26"),
            group(
                "\"only-in-certs\"",
                &"A".repeat(64),
                "a reason",
                "2026-11-26",
            ),
            group("\"only-in-certs\"", "00", "a reason", "2026-11-26"),
            group("\"only-in-certs\"", &sha256, "", "2026-11-26"),
            group("\"only-in-certs\"", &sha256, "two\nlines", "2026-11-26"),
            group("\"only-in-certs\"", &sha256, "a reason", "today"),
            format!("{good}{good}"),
            format!("{good}note = 1\n"),
        ];
        for bad in bad {
            assert!(Reviews::parse("reviewed", &bad).is_err(), "{bad}");
        }
    }
}
