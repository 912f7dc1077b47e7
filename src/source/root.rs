//! Roots as a source gives them.

use embedded_roots_bundle::Root;
use rustls_pki_types::CertificateDer;

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::source::origin::Origin;

/// The roots of one source, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) origin: Origin,
    pub(crate) roots: Vec<SourceRoot>,
    /// The inputs that could not be used, with the reasons.
    pub(crate) skipped: Vec<String>,
}

/// A root as a source gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourceRoot {
    pub(crate) anchor: Anchor,
    /// `None` in a source that has none: a bundle, or anchors.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

impl From<Root> for SourceRoot {
    fn from(root: Root) -> Self {
        let distrust_after = root.distrust_after();
        let (certificate, anchor) = root.into_certificate_and_anchor();
        Self {
            anchor: Anchor::new(anchor, distrust_after),
            certificate: Some(certificate),
        }
    }
}

impl From<Anchor> for SourceRoot {
    fn from(anchor: Anchor) -> Self {
        Self {
            anchor,
            certificate: None,
        }
    }
}

impl Source {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            roots: Vec::new(),
            skipped: Vec::new(),
        }
    }

    pub(crate) fn of_bundle(bundle: Bundle) -> Self {
        let mut source = Self::new(Origin::Bundle(bundle));
        source.roots = bundle
            .anchors()
            .iter()
            .cloned()
            .map(SourceRoot::from)
            .collect();
        source
    }
}
