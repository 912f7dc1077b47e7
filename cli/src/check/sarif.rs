//! What a check has found, in SARIF.

use serde_json::Value;

use crate::check::report::{Check, OTHER_PROGRAMS, Warning};
use crate::place::Place;
use crate::sarif::{log_of_results, result};

pub(super) fn log(checked: &Check<'_>) -> Value {
    let file = checked.file.as_str();
    let errors = checked.errors.iter();
    let errors = errors.map(|error| result("error", "error", error, (file, 1, file)));
    let warnings = checked.warnings.iter().map(|warning| {
        let text = format!("{file}{warning}");
        result(warning.doubt.kind, "warning", &text, place(warning, file))
    });
    let programs = checked.programs.iter().map(|opinion| {
        let text = format!("{file}{opinion}");
        result(OTHER_PROGRAMS, "note", &text, place(opinion, file))
    });
    let results: Vec<Value> = errors.chain(warnings).chain(programs).collect();
    log_of_results(&results)
}

/// The file, the line, and what is there.
fn place<'a, T>(warning: &'a Warning<T>, file: &'a str) -> (&'a str, usize, &'a str) {
    let line = match warning.place {
        Place::Line(line) => line,
        Place::Certificate(_) | Place::Unknown => 1,
    };
    (file, line, warning.subject.as_deref().unwrap_or(file))
}
