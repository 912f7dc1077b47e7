//! What a check has found, in SARIF.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::check::report::{Check, OTHER_PROGRAMS};
use crate::sarif::{self, uri};

struct Finding<'a> {
    rule: &'a str,
    level: &'a str,
    text: String,
    line: Option<usize>,
    subject: Option<&'a str>,
}

pub(super) fn log(checked: &Check<'_>) -> Value {
    let file = &checked.file;
    let errors = checked.errors.iter().map(|error| Finding {
        rule: "error",
        level: "error",
        text: error.clone(),
        line: None,
        subject: None,
    });
    let warnings = checked.warnings.iter().map(|warning| Finding {
        rule: warning.doubt.kind,
        level: "warning",
        text: format!("{file}{warning}"),
        line: warning.line,
        subject: warning.subject.as_deref(),
    });
    let programs = checked.programs.iter().map(|opinion| Finding {
        rule: OTHER_PROGRAMS,
        level: "note",
        text: format!("{file}{opinion}"),
        line: opinion.line,
        subject: opinion.subject.as_deref(),
    });
    let findings: Vec<Finding<'_>> = errors.chain(warnings).chain(programs).collect();
    let rules: BTreeSet<&str> = findings.iter().map(|finding| finding.rule).collect();
    let rules = rules.into_iter().map(|rule| json!({ "id": rule }));
    let results = findings.iter().map(|finding| {
        json!({
            "ruleId": finding.rule,
            "level": finding.level,
            "message": { "text": finding.text },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(file) },
                    "region": { "startLine": finding.line.unwrap_or(1) },
                },
                "logicalLocations": [{
                    "fullyQualifiedName": finding.subject.unwrap_or(file),
                    "kind": "resource",
                }],
            }],
        })
    });
    let (rules, results) = (rules.collect::<Vec<_>>(), results.collect::<Vec<_>>());
    sarif::log(&rules, &results, &[])
}
