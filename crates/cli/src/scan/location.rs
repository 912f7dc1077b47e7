//! Where something is.

/// A file, or an entry of an archive, which may be an entry itself.
#[derive(Clone)]
pub(super) struct Location {
    /// For people: `image.tar!layer.tar!etc/ssl/cert.pem`. A name may have a `!` of its own.
    pub(super) shown: String,
    /// The names, that of the file first.
    pub(super) path: Vec<String>,
}

impl Location {
    pub(super) fn file(name: String) -> Self {
        Self {
            shown: name.clone(),
            path: vec![name],
        }
    }

    pub(super) fn entry(&self, name: &str) -> Self {
        let mut path = self.path.clone();
        path.push(name.to_owned());
        Self {
            shown: path.join("!"),
            path,
        }
    }
}
