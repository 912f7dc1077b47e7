//! Public roots of a private bundle that browsers do not trust.

use embedded_roots::inspect::{End, EndKind};
use embedded_roots_bundle::{rfc3339, subject};
use rustls_pki_types::UnixTime;

use crate::check::report::{Doubt, Warning};
use crate::history::{History, HistoryEntry};
use crate::interop::joined;
use crate::programs::PublicLists;
use crate::root::InspectedRoot;

/// A warning of each public root that a browser does not have, or limits by this time. There are none if all roots are
/// public: that is a copy of a list, which has its own reasons.
pub(super) fn warnings(
    lists: &PublicLists<'_>,
    roots: &[InspectedRoot],
    until: UnixTime,
) -> Vec<Warning<Doubt>> {
    let (public, private): (Vec<_>, Vec<_>) = roots.iter().partition(|root| is_public(lists, root));
    if private.is_empty() {
        return Vec::new();
    }
    let warnings = public.into_iter().filter_map(|root| {
        let text = doubt(lists, root, until)?;
        let kind = "browsers";
        Some(Warning::new(root, Doubt { kind, text }))
    });
    warnings.collect()
}

/// Whether it is in a list, or was in Mozilla's, by subject and key.
fn is_public(lists: &PublicLists<'_>, root: &InspectedRoot) -> bool {
    let sha256 = root.certificate.sha256();
    is_of_history(lists.history, root)
        || lists.history.is_not_for_servers(&sha256)
        || lists.listed(root).any(|(_, listed)| listed.is_some())
}

fn doubt(lists: &PublicLists<'_>, root: &InspectedRoot, until: UnixTime) -> Option<String> {
    let mut lacking = Vec::new();
    let mut doubts = Vec::new();
    // That Mozilla has removed it is another doubt.
    if !is_of_history(lists.history, root) {
        lacking.push(format!("mozilla (as of {})", lists.history.as_of));
    }
    for (list, listed) in lists.listed(root) {
        match listed {
            // Browsers trust it as long as its root.
            Some(listed) if listed.is_intermediate => return None,
            Some(listed) => {
                let ends = listed.ends().filter(|end| end.time <= until);
                doubts.extend(ends.filter_map(limit));
            }
            None => lacking.push(format!("{} ({})", list.program, list.release)),
        }
    }
    if !lacking.is_empty() {
        let noun = if lacking.len() == 1 { "list" } else { "lists" };
        let lacking: Vec<&str> = lacking.iter().map(String::as_str).collect();
        let lacking = joined(&lacking);
        doubts.insert(0, format!("is not in the {noun} of {lacking}"));
    }
    (!doubts.is_empty()).then(|| doubts.join("; "))
}

fn is_of_history(history: &History, root: &InspectedRoot) -> bool {
    let is_same = |known: &HistoryEntry| subject(&known.der) == subject(root.root.certificate());
    let mut of_key = history.of_key(&root.certificate.spki_sha256());
    of_key.any(is_same)
}

/// What the date of a list means.
fn limit(end: End) -> Option<String> {
    let time = rfc3339(end.time);
    match end.kind {
        EndKind::ChromeSctNotAfter => Some(format!(
            "chrome trusts its certificates only with an SCT from {time} or before"
        )),
        EndKind::MicrosoftNotBefore => Some(format!(
            "microsoft trusts none of its certificates that start after {time}"
        )),
        EndKind::MicrosoftDisallowed => Some(format!("microsoft does not trust it from {time} on")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use embedded_roots_bundle::digest::{hex, sha256};
    use embedded_roots_testing::authority::{Authority, key, root, root_of};

    use super::*;

    const DAYS: &str = "# first: 2016-01-01\n# last: 2018-02-03\n# gone: 2018-03-04\n";

    /// The texts of the warnings where Mozilla has had some roots, has others for e-mail alone, and there is no other list.
    fn texts(had: &[&Authority], for_email: &[&Authority], bundle: &[&Authority]) -> Vec<String> {
        let had = had
            .iter()
            .map(|ca| format!("\n{DAYS}{}", ca.pem().replace("\r\n", "\n")));
        let had: String = had.collect();
        let for_email = for_email
            .iter()
            .map(|ca| format!("'{}',", hex(&sha256(ca.der()))));
        let for_email: String = for_email.collect();
        let email = format!("source = ''\nlicence = ''\nas_of = ''\nroots = [{for_email}]");
        let history = History::read(&format!("# a header\n{had}"), "", &email).unwrap();
        let lists = PublicLists {
            history: &history,
            programs: Vec::new(),
        };
        let roots = bundle
            .iter()
            .map(|ca| InspectedRoot::from_der(ca.der().clone()).unwrap());
        let roots: Vec<InspectedRoot> = roots.collect();
        let warnings = super::warnings(&lists, &roots, UnixTime::now());
        warnings
            .into_iter()
            .map(|warning| warning.doubt.text)
            .collect()
    }

    #[test]
    fn root_for_email_is_public_and_not_for_servers() {
        let (had, for_email, private) = (root("Had"), root("E-mail"), root("Private"));
        let texts = |bundle: &[&Authority]| texts(&[&had], &[&for_email], bundle);
        assert_eq!(texts(&[&for_email, &had]), [""; 0]);
        let text = "is not in the list of mozilla (as of 2018-03-04)";
        assert_eq!(texts(&[&for_email, &had, &private]), [text]);
    }

    #[test]
    fn key_of_a_public_root_under_another_name_is_private() {
        let pem = key().serialize_pem();
        let [had, renewed, other] = ["CA", "CA", "Other"].map(|name| root_of(name, &pem, |_| {}));
        let for_email = root("E-mail");
        let warnings = |ca| texts(&[&had], &[&for_email], &[ca, &for_email]).len();
        assert_eq!([&had, &renewed, &other].map(warnings), [0, 0, 1]);
    }
}
