//! A forecast in SARIF: what counts for the exit status, or, without `--within`, all.

use embedded_roots_bundle::iso_day;
use serde_json::{Value, json};

use crate::forecast::report::{Report, RootForecast, sentence};
use crate::sarif;

pub(super) fn log(report: &Report<'_>) -> Value {
    let source = report.source.to_string();
    let results = report.counted().map(|root| result(root, &source));
    sarif::log_of_results(&results.collect::<Vec<_>>())
}

fn result(root: &RootForecast, source: &str) -> Value {
    let ends = root.ends.iter();
    let ends = ends.map(|end| format!("{} {}", iso_day(end.end.time), sentence(end.kind)));
    let text = format!("{}: {}", root.name, ends.collect::<Vec<_>>().join("; "));
    // What ends the root next.
    let next = root.next.as_ref();
    let rule = next.map_or_else(|| "unknown".to_owned(), |next| next.kind.to_string());
    let level = if root.is_due { "warning" } else { "note" };
    let mut result = sarif::result(&rule, level, &text, (source, 1, root.facts.subject()));
    let finding = format!("{rule}:{}", root.facts.sha256());
    if let Some(members) = result.as_object_mut() {
        let finding = json!({ "finding/v1": finding });
        members.insert("partialFingerprints".to_owned(), finding);
    }
    result
}
