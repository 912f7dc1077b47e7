//! The trust anchors of a list that has no certificates.

use rustls_pki_types::{TrustAnchor, UnixTime};

use crate::digest::{sha256_of_anchor, sha256_of_set};
use crate::distrust::keys::DistrustedKey;
use crate::error::ParseError;
use crate::limits::Limits;
use crate::root::Root;
use crate::sort::sort;
use crate::x509::anchor::identity;
use crate::x509::name::DistinguishedName;

/// Trust anchors, each with its limits, sorted by subject and key: those of the crate webpki-roots.
#[derive(Debug, Clone)]
pub struct AnchorList {
    /// With the distrust date.
    anchors: Vec<(TrustAnchor<'static>, Option<UnixTime>)>,
    distrusted: Vec<DistrustedKey>,
}

impl AnchorList {
    /// The anchors, with the limits of the `known` copies of these roots. Anchors with a distrusted key are left
    /// out: they come from an older version of the list, and the user has chosen the list and not the root.
    ///
    /// # Errors
    ///
    /// If an anchor and the known root have different name constraints.
    pub fn new<'a>(
        anchors: impl IntoIterator<Item = &'a TrustAnchor<'static>>,
        known: &[&Root],
        distrusted_keys: &[DistrustedKey],
    ) -> Result<Self, ParseError> {
        let mut list = Self {
            anchors: Vec::new(),
            distrusted: Vec::new(),
        };
        for anchor in anchors {
            if let Some(key) = DistrustedKey::find(distrusted_keys, anchor) {
                list.distrusted.push(key.clone());
                continue;
            }
            let mut limits = Limits::new(None, anchor.name_constraints.as_deref());
            let is_same = |root: &&&Root| identity(root.trust_anchor()) == identity(anchor);
            if let Some(root) = known.iter().find(is_same) {
                limits = limits.tighten(root.limits()).ok_or_else(|| {
                    ParseError::new(format!(
                        "they have different name constraints for the root \"{}\": use another version of \
                         one of them",
                        DistinguishedName::new(&anchor.subject)
                    ))
                })?;
            }
            let name_constraints = limits.name_constraints().map(<[u8]>::to_vec);
            let anchor = TrustAnchor {
                name_constraints: name_constraints.map(Into::into),
                ..anchor.clone()
            };
            list.anchors.push((anchor, limits.distrust_after()));
        }
        sort(&mut list.anchors, &|(one, _), (other, _)| {
            identity(one).cmp(&identity(other))
        });
        Ok(list)
    }

    /// The anchors, each with its distrust date.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&TrustAnchor<'static>, Option<UnixTime>)> {
        self.anchors.iter().map(|(anchor, date)| (anchor, *date))
    }

    /// The keys of the anchors that are left out.
    #[must_use]
    pub fn distrusted(&self) -> &[DistrustedKey] {
        &self.distrusted
    }

    /// The digest of the set. It is over the digests of the anchors, because they have no fingerprints.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256_of_set(self.iter().map(|(anchor, _)| sha256_of_anchor(anchor)))
    }
}
