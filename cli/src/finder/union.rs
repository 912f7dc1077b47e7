//! The roots of a file, an archive or a directory, wherever in it they are.

use std::collections::BTreeMap;
use std::path::Path;

use embedded_roots_bundle::{counted, escape};

use super::contents::{Contents, Form};
use super::findings::Findings;
use super::marked::MarkedAnchor;
use super::parallel::Workers;
use super::progress::Progress;
use super::search::Search;
use crate::history::History;
use crate::outcome::Result;
use crate::root::InspectedRoot;

/// The roots of all places.
pub(crate) struct Union {
    pub(crate) roots: Vec<InspectedRoot>,
    /// Those that have no certificates.
    pub(crate) anchors: Vec<MarkedAnchor>,
}

/// All roots that a scan finds, each once.
///
/// # Errors
///
/// If there are none, or something could not be read to its end or is not looked into: half of a program is not compared in
/// place of the whole.
pub(crate) fn roots(path: &Path, history: &History, progress: &dyn Progress) -> Result<Union> {
    let search = Search::new(history, progress)?;
    let scan = Workers::default().scan(&[path.to_owned()], &search)?;
    of_findings(&scan, &path.display().to_string())
}

/// Those of a scan, whose source has this name.
///
/// # Errors
///
/// Like those of [`roots`].
pub(crate) fn of_findings(scan: &Findings<'_>, name: &str) -> Result<Union> {
    if let [first, others @ ..] = scan.failures.as_slice() {
        let others = match others.len() {
            0 => String::new(),
            count => format!(" (and {} more)", counted(count, "error")),
        };
        return Err(format!("{}{others}", escape(&first.to_string())).into());
    }
    if let [first, ..] = scan.unread.as_slice() {
        let (place, form) = (escape(&first.location.shown), escape(&first.form));
        return Err(format!("{place}: not looked into ({form})").into());
    }
    let found = scan.places.iter().map(|place| &place.found);
    let anchors = found.clone().flat_map(|found| found.anchors.clone());
    let anchors: BTreeMap<_, _> = anchors.collect();
    let roots = union(found)?;
    if roots.is_empty() && anchors.is_empty() {
        return Err(format!("{}: no roots were found in it", escape(name)).into());
    }
    Ok(Union {
        roots,
        anchors: anchors.into_values().collect(),
    })
}

fn union<'f>(all: impl Iterator<Item = &'f Contents<'f>>) -> Result<Vec<InspectedRoot>> {
    let mut exact = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for found in all {
        // An NSS module has roots for e-mail alone.
        let is_for_servers =
            |sha256: &[u8; 32]| found.trusted_for(sha256).is_none_or(|trust| trust.servers);
        for (sha256, known) in &found.roots {
            if !is_for_servers(sha256) {
                continue;
            }
            if known.is_exact {
                exact.insert(*sha256, known.root.der.clone());
            } else if known.forms.contains(&Form::Key) {
                keys.insert(*sha256, known.root.der.clone());
            }
        }
        exact.extend(found.reissued.clone());
        let unknown = found.unknown.iter();
        let unknown = unknown.filter(|(sha256, _)| is_for_servers(sha256));
        exact.extend(unknown.map(|(sha256, unknown)| (*sha256, unknown.root.der.clone())));
    }
    // What webpki makes no trust anchor of is a root nowhere.
    let mut roots: Vec<InspectedRoot> = exact
        .into_values()
        .filter_map(|der| InspectedRoot::from_der(der).ok())
        .collect();
    for der in keys.into_values() {
        let known = InspectedRoot {
            is_key_alone: true,
            ..InspectedRoot::from_der(der)?
        };
        if roots
            .iter()
            .all(|other| other.identity() != known.identity())
        {
            roots.push(known);
        }
    }
    Ok(roots)
}
