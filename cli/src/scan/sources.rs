//! What is scanned: files, and images in registries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finder::parallel::Workers;
use crate::finder::search::Search;
use crate::finder::unpack::{Findings, Scan};
use crate::history::History;
use crate::outcome::Result;
use crate::progress::Bar;
use crate::registry::{PREFIX, Registries, ScannedImage};

/// What reads the sources of a command line or of a list.
pub(super) struct Sources<'s> {
    pub(super) workers: Workers,
    pub(super) registries: Registries<'s>,
    pub(super) history: &'s History,
    pub(super) bar: &'s Bar,
}

impl<'s> Sources<'s> {
    pub(super) fn scan(&mut self, paths: &[PathBuf]) -> Result<Findings<'s>> {
        let mut all = Findings::default();
        let is_image = |path: &PathBuf| image(path).is_some();
        for group in paths.chunk_by(|one, other| !is_image(one) && !is_image(other)) {
            match group.first().and_then(|path| image(path)) {
                Some(name) => all.add(self.image(name)?.0),
                None => all.add(self.workers.scan(group, self.history, self.bar)?),
            }
        }
        Ok(all)
    }

    /// Scans an image in a registry.
    pub(super) fn image(&mut self, name: &str) -> Result<(Findings<'s>, Vec<ScannedImage>)> {
        let search = Search::new(self.history, self.bar)?;
        let mut scan = Scan::new(search, self.workers.limits.clone());
        scan.exclusions = Arc::clone(&self.workers.exclusions);
        scan.passwords = self.workers.passwords.clone();
        if self.workers.exclusions.is_empty() {
            scan.cache.clone_from(&self.workers.cache);
        }
        let images = self.registries.scan(name, &mut scan);
        Ok((scan.take_findings(), images))
    }
}

/// The name of an image in a registry, if this is one.
pub(super) fn image(source: &Path) -> Option<&str> {
    source.to_str().filter(|name| name.starts_with(PREFIX))
}
