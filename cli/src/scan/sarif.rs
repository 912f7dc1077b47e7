//! What a scan has found, in SARIF.

use serde_json::{Value, json};

use crate::compromise::Compromise;
use crate::finder::findings::{Failure, Unread};
use crate::finder::location::Location;
use crate::history::Standing;
use crate::sarif::{self, uri};
use crate::scan::finding::FindingKind;
use crate::scan::findings::{Exception, ListedFinding, ListedFindings};
use crate::scan::policy::Policy;
use crate::scan::report::{OLDER_VERIFIER, PlaceCertificate, RootsOfPlace, ScanReport};

const COMPROMISED: &str = "compromised";
const REMOVED: &str = "removed-root";
const VERIFIER: &str = "older-verifier";
const FORBIDDEN: &str = "forbidden-root";
const MISSING: &str = "missing-root";

pub(super) fn log(
    report: &ScanReport<'_>,
    findings: &ListedFindings<'_>,
    policy: Option<&Policy>,
) -> Value {
    let with_state = |result, kind, place: &RootsOfPlace<'_>, sha256: &str| match findings.of(
        kind,
        place.location,
        sha256,
    ) {
        Some(finding) => with_members(result, finding, findings.has_baseline),
        None => result,
    };
    let results = report.places.iter().flat_map(|place| {
        let compromised = place.compromised().map(|(certificate, compromise)| {
            let result = compromised(place, certificate, compromise);
            with_state(result, FindingKind::Compromised, place, certificate.sha256)
        });
        let removed = place.removed().map(|(root, standing)| {
            let result = removed(place, root, standing);
            with_state(result, FindingKind::Removed, place, root.sha256)
        });
        let is_older = place.refuses_public_keys == Some(false);
        let verifier = is_older.then(|| older_verifier(place));
        compromised
            .chain(removed)
            .chain(verifier)
            .collect::<Vec<_>>()
    });
    let unread = report.unread.iter().map(|Unread { location, form }| {
        json!({
            "level": "warning",
            "message": { "text": format!("{}: not looked into ({form})", location.shown) },
            "locations": [in_sarif(location)],
        })
    });
    let excluded = report.excluded.iter().map(|exclusion| {
        json!({
            "level": "note",
            "message": { "text": exclusion.to_string() },
        })
    });
    let of_policy = findings.of_policy().map(|finding| {
        let result = of_policy(finding, policy);
        with_members(result, finding, findings.has_baseline)
    });
    let doubts = findings.warnings.iter().map(|warning| {
        json!({
            "level": "warning",
            "message": { "text": warning },
        })
    });
    let errors = report.errors.iter().map(|Failure { location, error }| {
        json!({
            "level": "error",
            "message": { "text": format!("{}: {error}", location.shown) },
            "locations": [in_sarif(location)],
        })
    });
    let rules = [
        json!({
            "id": COMPROMISED,
            "name": "Compromised",
            "shortDescription": {
                "text": "A certificate whose private key is public, or that of an intermediate below it"
            },
            "help": { "text": "Update the product or the list that this file comes from, now: anyone who has the private key can pose as any server." },
        }),
        json!({
            "id": REMOVED,
            "name": "RemovedRoot",
            "shortDescription": { "text": "A root that Mozilla has removed from its list" },
            "help": { "text": "Update the product or the list that this file comes from." },
        }),
        json!({
            "id": VERIFIER,
            "name": "OlderVerifier",
            "shortDescription": { "text": "A program with a rustls-webpki before 0.103.16" },
            "help": { "text": "Build it with rustls-webpki 0.103.17 or later." },
        }),
        json!({
            "id": FORBIDDEN,
            "name": "ForbiddenRoot",
            "shortDescription": { "text": "A root that the policy forbids in this place" },
            "help": { "text": "Remove it, or allow it in the file of --policy." },
        }),
        json!({
            "id": MISSING,
            "name": "MissingRoot",
            "shortDescription": { "text": "A root that the policy requires in this place" },
            "help": { "text": "Add it to the file." },
        }),
    ];
    let results: Vec<Value> = results.chain(of_policy).collect();
    let notifications = unread.chain(excluded).chain(doubts).chain(errors);
    sarif::log(&rules, &results, &notifications.collect::<Vec<_>>())
}

fn compromised(
    place: &RootsOfPlace<'_>,
    certificate: PlaceCertificate<'_>,
    compromise: &Compromise,
) -> Value {
    let text = format!(
        "{} has the {} {}, which is compromised: {}",
        place.location.shown,
        certificate.what(),
        certificate.subject,
        compromise.why()
    );
    json!({
        "ruleId": COMPROMISED,
        "level": "error",
        "message": { "text": text },
        "locations": [in_sarif(place.location)],
        "partialFingerprints": { "sha256/v1": certificate.sha256 },
        "properties": { "tags": compromise.advisories },
    })
}

fn removed(place: &RootsOfPlace<'_>, root: PlaceCertificate<'_>, standing: &Standing) -> Value {
    let gone = standing.gone.as_deref().unwrap_or_default();
    let reason = standing.reason.as_ref();
    let reason = reason.map(|reason| format!(": {} ({})", reason.reason, reason.source));
    let text = format!(
        "{} has the root {}, which Mozilla removed before {gone}{}",
        place.location.shown,
        root.subject,
        reason.unwrap_or_default()
    );
    json!({
        "ruleId": REMOVED,
        "level": "warning",
        "message": { "text": text },
        "locations": [in_sarif(place.location)],
        "partialFingerprints": { "sha256/v1": root.sha256 },
    })
}

fn older_verifier(place: &RootsOfPlace<'_>) -> Value {
    json!({
        "ruleId": VERIFIER,
        "level": "note",
        "message": { "text": format!("{} is {OLDER_VERIFIER}", place.location.shown) },
        "locations": [in_sarif(place.location)],
    })
}

/// What is missing everywhere is a matter of the policy's file.
fn of_policy(finding: &ListedFinding<'_>, policy: Option<&Policy>) -> Value {
    let rule = match finding.kind {
        FindingKind::Missing => MISSING,
        _ => FORBIDDEN,
    };
    let of_policy = || policy.map(|policy| in_sarif(&Location::file(policy.file.clone())));
    let location = finding.location.map(in_sarif).or_else(of_policy);
    json!({
        "ruleId": rule,
        "level": "error",
        "message": { "text": finding.text() },
        "locations": location.into_iter().collect::<Vec<_>>(),
    })
}

fn with_members(mut result: Value, finding: &ListedFinding<'_>, has_baseline: bool) -> Value {
    let Some(members) = result.as_object_mut() else {
        return result;
    };
    let fingerprints = members.entry("partialFingerprints").or_insert(json!({}));
    if let Some(fingerprints) = fingerprints.as_object_mut() {
        fingerprints.insert("finding/v1".to_owned(), json!(finding.id));
    }
    if has_baseline {
        let is_old = finding.is_in_baseline;
        let state = if is_old { "unchanged" } else { "new" };
        members.insert("baselineState".to_owned(), json!(state));
    }
    if let Some(Exception { until, reason }) = &finding.allowed {
        let suppression = json!({
            "kind": "external",
            "status": "accepted",
            "justification": format!("{reason} (until {until})"),
        });
        members.insert("suppressions".to_owned(), json!([suppression]));
    }
    result
}

/// The file is a physical location, and the entry of an archive a logical one.
fn in_sarif(location: &Location) -> Value {
    let file = location.path.first().map(|file| uri(file));
    json!({
        "physicalLocation": { "artifactLocation": { "uri": file } },
        "logicalLocations": [{ "fullyQualifiedName": location.shown, "kind": "resource" }],
    })
}
