//! OpenSSL, Go and `GnuTLS` as oracles: they must reach our verdict on each chain, or the difference is
//! listed with its reason.

// The lint's exception for tests is for functions with `#[test]`; all of this is test code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(missing_docs, reason = "a test binary has no users")]

mod algorithms;
mod case;
mod constraints;
mod crosses;
mod differences;
mod kinds;
mod names;
mod other_names;
mod paths;
mod usages;
mod validity;
mod verifiers;

use std::collections::BTreeSet;
use std::path::Path;

use embedded_roots_testing::folder::Folder;

use crate::case::{Case, Verdict};
use crate::differences::{ACCEPTED_BY_US_ALONE, DIFFERENCES};
use crate::verifiers::VERIFIERS;

fn matrix(folder: &Path) -> Vec<Case> {
    let groups = [
        algorithms::cases(folder),
        constraints::cases(),
        crosses::cases(),
        kinds::cases(),
        names::cases(),
        other_names::cases(),
        paths::cases(),
        usages::cases(),
        validity::cases(),
    ];
    let cases: Vec<Case> = groups.into_iter().flatten().collect();
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    cases
}

#[test]
#[ignore = "needs openssl, go, certtool and faketime; .ci/run installs and runs them"]
fn other_verifiers_reach_our_verdict_or_differ_for_a_reason() {
    let folder = Folder::new("oracles");
    let cases = matrix(folder.path());
    let mut faults = Vec::new();

    let accepted = cases
        .iter()
        .filter(|case| case.expected == Verdict::Accepted);
    let accepted = accepted.count();
    let refused = cases.len() - accepted;
    println!(
        "{} cases: {accepted} accepted, {refused} refused",
        cases.len()
    );
    assert!(cases.len() >= 120 && accepted >= 60 && refused >= 60);
    for case in &cases {
        let (verdict, why) = case.verdict_of_ours();
        if verdict != case.expected {
            faults.push(format!("{}: we have {verdict:?} ({why})", case.name));
        }
    }

    let folders = case::write(&cases, folder.path());
    let mut used = BTreeSet::new();
    let mut alone: Vec<&Case> = cases.iter().collect();
    alone.retain(|case| case.expected == Verdict::Accepted);
    for verifier in VERIFIERS {
        let verdicts = (verifier.judge)(&cases, &folders);
        assert_eq!(verdicts.len(), cases.len());
        let mut agreed = 0;
        for (case, (verdict, why)) in cases.iter().zip(verdicts) {
            let (name, verifier) = (&case.name, verifier.name);
            let row = DIFFERENCES.iter().find(|row| row.covers(name, verifier));
            if verdict == Verdict::Accepted {
                alone.retain(|other| other.name != *name);
            }
            let same = verdict == case.expected;
            agreed += usize::from(same);
            match (same, row) {
                (true, None) => {}
                (true, Some(row)) => {
                    faults.push(format!(
                        "{name}: {verifier} has our verdict, but: {}",
                        row.reason
                    ));
                }
                (false, Some(_)) => drop(used.insert((name.as_str(), verifier))),
                (false, None) => faults.push(format!("{name}: {verifier}: {verdict:?}: {why}")),
            }
        }
        println!(
            "{}: {agreed} agreed, {} differ",
            verifier.version(),
            cases.len() - agreed
        );
    }
    for row in DIFFERENCES {
        println!("{} differ: {}", row.verifiers.join(", "), row.reason);
        for case in row.cases {
            println!("    {case}");
            for verifier in row
                .verifiers
                .iter()
                .filter(|verifier| !used.contains(&(*case, **verifier)))
            {
                faults.push(format!("{case}: {verifier}: no such difference"));
            }
        }
    }
    let alone: Vec<_> = alone.iter().map(|case| case.name.as_str()).collect();
    println!("accepted by us alone: {alone:#?}");
    if alone != ACCEPTED_BY_US_ALONE {
        faults.push("other cases are accepted by us alone".to_owned());
    }
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
