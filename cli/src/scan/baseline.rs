//! The findings of an earlier report.

use std::collections::HashSet;
use std::env;
use std::path::Path;

use embedded_roots_bundle::{escape, read_file_up_to};
use serde::Deserialize;

use crate::finder::location::Location;
use crate::finder::pattern::path_of;
use crate::outcome::Result;
use crate::scan::findings::{FindingKind, id};

/// By their identifiers.
pub(super) struct Baseline(HashSet<String>);

/// A report of thousands of images is long.
const MAX_SIZE: u64 = 256 * 1024 * 1024;

/// What matters here of what `scan --json` writes.
#[derive(Deserialize)]
struct EarlierReport {
    command: String,
    places: Vec<EarlierPlace>,
    /// With a policy or a baseline.
    findings: Option<Vec<EarlierFinding>>,
}

#[derive(Deserialize)]
struct EarlierPlace {
    path: Vec<String>,
    roots: Vec<EarlierRoot>,
    compromised: Vec<EarlierRoot>,
}

#[derive(Deserialize)]
struct EarlierRoot {
    sha256: String,
    #[serde(default)]
    removed: Option<serde::de::IgnoredAny>,
    compromised: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct EarlierFinding {
    id: String,
    state: String,
}

impl Baseline {
    /// Reads what `scan --json` has written, with or without a policy.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = escape(&path.display().to_string());
        let content = read_file_up_to(path, MAX_SIZE).map_err(|why| format!("{name}: {why}"))?;
        let report: EarlierReport = serde_json::from_slice(&content)
            .map_err(|why| format!("{name}: not a report of scan --json: {why}"))?;
        if report.command != "scan" {
            return Err(format!("{name}: not a report of scan --json").into());
        }
        Ok(Self(report.ids(&env::current_dir()?)))
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains(id)
    }
}

impl EarlierReport {
    fn ids(self, base: &Path) -> HashSet<String> {
        if let Some(findings) = self.findings {
            // What was allowed counts once that ends.
            let findings = findings.into_iter();
            let findings = findings.filter(|finding| finding.state != "allowed");
            return findings.map(|finding| finding.id).collect();
        }
        let mut ids = HashSet::new();
        for place in self.places {
            let location = Location {
                shown: String::new(),
                path: place.path,
            };
            let path = path_of(&location, base);
            for root in place.roots.iter().chain(&place.compromised) {
                let kind = if root.compromised.is_some() {
                    FindingKind::Compromised
                } else if root.removed.is_some() {
                    FindingKind::Removed
                } else {
                    continue;
                };
                ids.insert(id(kind, &path, &root.sha256));
            }
        }
        ids
    }
}
