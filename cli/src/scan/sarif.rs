//! What a scan has found, in SARIF.

use serde_json::{Value, json};

use crate::finder::location::Location;
use crate::finder::unpack::{Failure, Unread};
use crate::history::Standing;
use crate::sarif::{self, uri};
use crate::scan::report::{Finding, FoundRoot, OLDER_VERIFIER, RootsOfPlace, ScanReport};

const COMPROMISED: &str = "compromised";
const REMOVED: &str = "removed-root";
const VERIFIER: &str = "older-verifier";

pub(super) fn log(report: &ScanReport<'_>) -> Value {
    let results = report.places.iter().flat_map(|place| {
        let compromised = place
            .compromised()
            .map(|finding| compromised(place, finding));
        let removed = place
            .removed()
            .map(|(root, standing)| removed(place, root, standing));
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
            "help": { "text": "Update the product or the list that this file comes from, now: whoever has \
                               the private key can pose as any server." },
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
    ];
    let results: Vec<Value> = results.collect();
    sarif::log(
        &rules,
        &results,
        &unread.chain(excluded).chain(errors).collect::<Vec<_>>(),
    )
}

fn compromised(place: &RootsOfPlace<'_>, finding: Finding<'_>) -> Value {
    let Finding {
        what,
        subject,
        sha256,
        compromise,
        ..
    } = finding;
    let text = format!(
        "{} has the {what} {subject}, which is compromised: {}",
        place.location.shown,
        compromise.why()
    );
    json!({
        "ruleId": COMPROMISED,
        "level": "error",
        "message": { "text": text },
        "locations": [in_sarif(place.location)],
        "partialFingerprints": { "sha256/v1": sha256 },
        "properties": { "tags": compromise.advisories },
    })
}

fn removed(place: &RootsOfPlace<'_>, root: &FoundRoot<'_>, standing: &Standing) -> Value {
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

/// The file is a physical location, and the entry of an archive a logical one.
fn in_sarif(location: &Location) -> Value {
    let file = location.path.first().map(|file| uri(file));
    json!({
        "physicalLocation": { "artifactLocation": { "uri": file } },
        "logicalLocations": [{ "fullyQualifiedName": location.shown, "kind": "resource" }],
    })
}
