use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;

use crate::{Anchor, Error};

/// Whom to trust, before any crypto provider: cheap to make, cheap to clone.
#[derive(Clone)]
pub(crate) struct TrustSet {
    /// What a root store can say.
    pub(crate) undated: Arc<RootCertStore>,
    /// The anchors with a distrust date.
    pub(crate) dated: Vec<Anchor>,
}

impl TrustSet {
    /// The set of these anchors, no two of the same subject and key; `empty` where there are none.
    pub(crate) fn new(anchors: &[Anchor], empty: fn() -> Error) -> Result<Self, Error> {
        if anchors.is_empty() {
            return Err(empty());
        }
        // One allocation for each: the number of dated roots is small, and known.
        let count = anchors
            .iter()
            .filter(|anchor| anchor.distrust_after().is_some())
            .count();
        let mut undated = RootCertStore {
            roots: Vec::with_capacity(anchors.len() - count),
        };
        let mut dated = Vec::with_capacity(count);
        for anchor in anchors {
            if anchor.distrust_after().is_some() {
                dated.push(anchor.clone());
            } else {
                undated.roots.push(anchor.trust_anchor().clone());
            }
        }
        Ok(Self {
            undated: Arc::new(undated),
            dated,
        })
    }
}

/// How many, not whom: a list of keys helps nobody.
impl fmt::Debug for TrustSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustSet")
            .field("undated", &self.undated.len())
            .field("dated", &self.dated.len())
            .finish()
    }
}
