//! SARIF 2.1.0, which the code scanning of GitHub, GitLab and Azure shows beside a change.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::markup::percent_encoded;

/// A format of `check` for other systems.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// SARIF 2.1.0: each finding is a result
    Sarif,
}

/// A result about a part of a file, which has this name.
pub(crate) fn result(
    rule: &str,
    level: &str,
    text: &str,
    (file, line, name): (&str, usize, &str),
) -> Value {
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": text },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": { "startLine": line },
            },
            "logicalLocations": [{ "fullyQualifiedName": name, "kind": "resource" }],
        }],
    })
}

/// The log of results whose rules have ids alone.
pub(crate) fn log_of_results(results: &[Value]) -> Value {
    let ids = results.iter().filter_map(|result| result.get("ruleId"));
    let rules: BTreeSet<&str> = ids.filter_map(Value::as_str).collect();
    let rules: Vec<Value> = rules.into_iter().map(|id| json!({ "id": id })).collect();
    log(&rules, results, &[])
}

/// The log of one run. Notifications are about errors.
pub(crate) fn log(rules: &[Value], results: &[Value], notifications: &[Value]) -> Value {
    let is_error = |notification: &Value| notification.get("level") == Some(&json!("error"));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "embedded-roots",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": !notifications.iter().any(is_error),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

/// A path as a relative or absolute URI reference (RFC 3986, section 4.2).
pub(crate) fn uri(path: &str) -> String {
    let path = if cfg!(windows) {
        &*path.replace('\\', "/")
    } else {
        path
    };
    let uri = percent_encoded(path, "/");
    if path.starts_with('/') {
        format!("file://{uri}")
    } else {
        uri
    }
}
