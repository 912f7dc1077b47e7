//! SARIF 2.1.0, which the code scanning of GitHub, GitLab and Azure shows beside a change. `CycloneDX` has
//! no place for a finding that is neither a component nor a vulnerability with an identifier.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::location::Location;
use super::report::Report;
use super::unpack::Failure;

const RULE: &str = "removed-root";

pub(super) fn log(report: &Report<'_>) -> Value {
    let results = report.places.iter().flat_map(|place| {
        place.removed().map(move |(root, standing)| {
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
                "ruleId": RULE,
                "level": "warning",
                "message": { "text": text },
                "locations": [in_sarif(place.location)],
                "partialFingerprints": { "sha256/v1": root.sha256 },
            })
        })
    });
    let notifications = report.errors.iter().map(|Failure { location, error }| {
        json!({
            "level": "error",
            "message": { "text": format!("{}: {error}", location.shown) },
            "locations": [in_sarif(location)],
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "embedded-roots",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{
                    "id": RULE,
                    "name": "RemovedRoot",
                    "shortDescription": { "text": "A root that Mozilla has removed from its list" },
                    "help": { "text": "Update the product or the list that this file comes from." },
                }],
            } },
            "invocations": [{
                "executionSuccessful": report.errors.is_empty(),
                "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
            }],
            "results": results.collect::<Vec<_>>(),
        }],
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

/// A path as a relative or absolute URI reference (RFC 3986, section 4.2).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    if path.starts_with('/') {
        format!("file://{uri}")
    } else {
        uri
    }
}
