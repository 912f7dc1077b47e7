//! The edges of validity: of the end-entity certificate, of an intermediate, of a root.

use embedded_roots_testing::authority::{intermediate_with, root, root_with, server, server_with};
use rcgen::CertificateParams;

use crate::case::{Case, NOW, Verdict};

const NAME: &str = "a.example";

/// Valid for a minute before and a minute after `NOW`.
fn brief(params: &mut CertificateParams) {
    let now = rcgen::date_time_ymd(2026, 8, 1);
    params.not_before = now - std::time::Duration::from_secs(60);
    params.not_after = now + std::time::Duration::from_secs(60);
}

pub(crate) fn cases() -> Vec<Case> {
    use Verdict::{Accepted, Refused};

    let ca = root("CA");
    let brief_ca = root_with("Brief CA", brief);
    let brief_between = intermediate_with("Between", &ca, brief);
    let mut cases = Vec::new();
    for (when, now, verdict) in [
        ("a second before notBefore", NOW - 61, Refused),
        ("at notBefore", NOW - 60, Accepted),
        ("between", NOW, Accepted),
        ("at notAfter", NOW + 60, Accepted),
        ("a second after notAfter", NOW + 61, Refused),
    ] {
        let identity = server_with(&ca, NAME, brief);
        let name = format!("leaf {when}");
        cases.push(Case::new(name, &[&ca], identity, NAME, verdict).at(now));

        let identity = server(&brief_between, NAME).with(&brief_between);
        let name = format!("intermediate {when}");
        cases.push(Case::new(name, &[&ca], identity, NAME, verdict).at(now));

        // An anchor is a name and a key: README.md says that a root's own validity is not checked.
        let identity = server(&brief_ca, NAME);
        let name = format!("root {when}");
        cases.push(Case::new(name, &[&brief_ca], identity, NAME, Accepted).at(now));
    }

    // RFC 5280, section 4.1.2.5: years from 2050 on are GeneralizedTime.
    for (year, verdict) in [(2049, Accepted), (2050, Accepted), (2051, Accepted)] {
        let identity = server_with(&ca, NAME, |params| {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        });
        let name = format!("leaf until {year}");
        cases.push(Case::new(name, &[&ca], identity, NAME, verdict));
    }
    let backwards = server_with(&ca, NAME, |params| {
        brief(params);
        std::mem::swap(&mut params.not_before, &mut params.not_after);
    });
    cases.push(Case::new(
        "leaf that ends before it begins",
        &[&ca],
        backwards,
        NAME,
        Refused,
    ));
    cases
}
