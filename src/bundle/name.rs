//! The names of bundles.

/// The name of a compiled-in bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleName {
    /// The file(s) of `EMBEDDED_ROOTS_FILE`.
    Custom,
    /// The paths of the files of an `include_bundle!`.
    Files(&'static str),
    /// Mozilla's list.
    Mozilla,
    /// Some of Mozilla's roots, chosen by an `include_bundle!`.
    PartOfMozilla,
    /// The anchors of the crate webpki-roots.
    WebpkiRoots,
}

impl BundleName {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Files(paths) => paths,
            Self::Mozilla => "mozilla",
            Self::PartOfMozilla => "part of mozilla",
            Self::WebpkiRoots => "webpki-roots",
        }
    }
}
