//! Where something is.

use std::path::Path;

use serde::Serialize;

/// The most bytes that are shown of an entry's name. A path is not longer on Linux.
const MAX_NAME: usize = 4096;

/// A file, or an entry of an archive, which may be an entry itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Location {
    /// For people: `image.tar!layer.tar!etc/ssl/cert.pem`. A name may have a `!` of its own.
    #[serde(rename = "place")]
    pub(crate) shown: String,
    /// The names, that of the file first.
    pub(crate) path: Vec<String>,
}

impl Location {
    pub(crate) fn file(name: String) -> Self {
        Self {
            shown: name.clone(),
            path: vec![name],
        }
    }

    pub(crate) fn from_path(path: &Path) -> Self {
        Self::file(path.display().to_string())
    }

    /// The bytes of text.
    pub(crate) fn size(&self) -> usize {
        2 * self.shown.len()
    }

    /// An entry, by the names of the archives in this place and its own.
    pub(crate) fn below(&self, names: Vec<String>) -> Self {
        let mut path = self.path.clone();
        path.extend(names);
        Self {
            shown: path.join("!"),
            path,
        }
    }

    /// An entry with this name, of which the beginning is enough to find it.
    pub(crate) fn entry(&self, name: &[u8]) -> Self {
        let start = name.get(..MAX_NAME).unwrap_or(name);
        let cut = if start.len() < name.len() { "..." } else { "" };
        self.below(vec![format!("{}{cut}", String::from_utf8_lossy(start))])
    }

    /// An entry, or this place itself where that has no name.
    pub(crate) fn entry_or_self(&self, name: &[u8]) -> Self {
        if name.is_empty() {
            self.clone()
        } else {
            self.entry(name)
        }
    }
}
