//! A forecast in SARIF: what counts for the exit status, or, without `--within`, all.

use std::collections::BTreeSet;

use embedded_roots_bundle::iso_day;
use serde_json::{Value, json};

use crate::forecast::report::{Report, RootForecast, sentence};
use crate::sarif::{self, uri};

pub(super) fn log(report: &Report<'_>) -> Value {
    let source = report.source.to_string();
    let is_asked = report.within.is_some();
    let counts = report.roots.iter().filter(|root| root.is_due || !is_asked);
    let results = counts.clone().map(|root| result(root, &source));
    let results: Vec<Value> = results.collect();
    let rules = counts.map(rule);
    let rules: BTreeSet<String> = rules.collect();
    let rules: Vec<Value> = rules.into_iter().map(|id| json!({ "id": id })).collect();
    sarif::log(&rules, &results, &[])
}

/// What ends the root next.
fn rule(root: &RootForecast) -> String {
    let next = root.next.as_ref();
    next.map_or_else(|| "unknown".to_owned(), |next| next.kind.to_string())
}

fn result(root: &RootForecast, source: &str) -> Value {
    let ends = root.ends.iter();
    let ends = ends.map(|end| format!("{} {}", iso_day(end.end.time), sentence(end.kind)));
    let ends: Vec<String> = ends.collect();
    json!({
        "ruleId": rule(root),
        "level": if root.is_due { "warning" } else { "note" },
        "message": { "text": format!("{}: {}", root.name, ends.join("; ")) },
        "partialFingerprints": { "finding/v1": format!("{}:{}", rule(root), root.sha256()) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri(source) }, "region": { "startLine": 1 } },
            "logicalLocations": [{ "fullyQualifiedName": root.subject(), "kind": "resource" }],
        }],
    })
}
