use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;

use super::Report;
use crate::{Anchor, Bundle, Error};

/// Whom to trust, before any crypto provider: cheap to make, cheap to clone.
#[derive(Clone)]
pub(crate) struct TrustSet {
    /// What a root store can say.
    pub(crate) undated: Arc<RootCertStore>,
    /// The anchors with a distrust date.
    pub(crate) dated: Vec<Anchor>,
    origin: Origin,
}

/// Of a bundle, the report is made when it is needed: a store alone does without.
#[derive(Clone)]
enum Origin {
    Bundle(&'static Bundle),
    Merged(Report),
}

impl TrustSet {
    pub(crate) fn of(bundle: &'static Bundle) -> Result<Self, Error> {
        if bundle.is_empty() {
            return Err(Error::no_roots(&Report::of(bundle)));
        }
        Ok(Self::new(bundle.anchors(), Origin::Bundle(bundle)))
    }

    /// Of anchors that are no two of the same subject and key.
    pub(crate) fn merged(anchors: &[Anchor], report: Report) -> Result<Self, Error> {
        if anchors.is_empty() {
            return Err(Error::no_roots(&report));
        }
        Ok(Self::new(anchors, Origin::Merged(report)))
    }

    pub(crate) fn report(&self) -> Report {
        match &self.origin {
            Origin::Bundle(bundle) => Report::of(bundle),
            Origin::Merged(report) => report.clone(),
        }
    }

    fn new(anchors: &[Anchor], origin: Origin) -> Self {
        // One allocation for each: the number of dated roots is small, and known.
        let is_dated = |anchor: &&Anchor| anchor.distrust_after().is_some();
        let count = anchors.iter().filter(is_dated).count();
        let mut undated = RootCertStore {
            roots: Vec::with_capacity(anchors.len() - count),
        };
        let mut dated = Vec::with_capacity(count);
        for anchor in anchors {
            if is_dated(&anchor) {
                dated.push(anchor.clone());
            } else {
                undated.roots.push(anchor.trust_anchor().clone());
            }
        }
        Self {
            undated: Arc::new(undated),
            dated,
            origin,
        }
    }
}

/// How many, not whom: a list of keys helps nobody.
impl fmt::Debug for TrustSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustSet")
            .field("undated", &self.undated.len())
            .field("dated", &self.dated.len())
            .finish_non_exhaustive()
    }
}
