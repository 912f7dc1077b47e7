//! What is scanned: files, and images in registries.

use std::path::{Path, PathBuf};

use crate::finder::findings::Findings;
use crate::finder::parallel::Workers;
use crate::finder::search::Search;
use crate::history::History;
use crate::outcome::Result;
use crate::progress::Bar;
use crate::registry::{PREFIX, Registries, ScannedImage};

/// What reads the sources of a command line or of a list.
pub(super) struct Sources<'s> {
    pub(super) workers: Workers,
    pub(super) registries: Registries<'s>,
    /// Made once, since the keys of all known roots are looked up for it.
    pub(super) search: Search<'s>,
    pub(super) history: &'s History,
    pub(super) bar: &'s Bar,
}

impl<'s> Sources<'s> {
    pub(super) fn scan(&mut self, paths: &[PathBuf]) -> Result<Findings<'s>> {
        let mut all = Findings::default();
        let is_image = |path: &PathBuf| image(path).is_some();
        for group in paths.chunk_by(|one, other| !is_image(one) && !is_image(other)) {
            match group.first().and_then(|path| image(path)) {
                Some(name) => all.add(self.image(name).0),
                None => all.add(self.workers.scan(group, &self.search)?),
            }
        }
        Ok(all)
    }

    /// Scans an image in a registry.
    pub(super) fn image(&mut self, name: &str) -> (Findings<'s>, Vec<ScannedImage>) {
        let mut scan = self.workers.one(&self.search);
        let images = self.registries.scan(name, &mut scan);
        (scan.take_findings(), images)
    }
}

/// The name of an image in a registry, if this is one.
pub(super) fn image(source: &Path) -> Option<&str> {
    source.to_str().filter(|name| name.starts_with(PREFIX))
}
