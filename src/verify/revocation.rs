//! Certificate revocation lists (RFC 5280, section 5).

use std::sync::RwLock;

use rustls_pki_types::CertificateRevocationListDer;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use crate::error::Error;
use crate::source::crlite::status::Status;
use crate::trust::digest::Sha256;
use crate::verify::search::{Chain, CrlSearch, Search};

/// CRLs, and how they are to be checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revocation {
    pub(crate) crls: Vec<CertificateRevocationListDer<'static>>,
    pub(crate) allow_unknown_status: bool,
    pub(crate) only_end_entity: bool,
    pub(crate) enforce_expiration: bool,
}

/// CRLs that were read.
pub(crate) struct RevocationCheck {
    crls: Vec<CertRevocationList<'static>>,
    unknown_status: UnknownStatusPolicy,
    depth: RevocationCheckDepth,
    expiration: ExpirationPolicy,
    digests: RwLock<Vec<ContentDigest>>,
}

/// The digest of the content of a CRL. The content stays as it is and where it is as long as the CRL is here.
struct ContentDigest {
    address: usize,
    length: usize,
    sha256: [u8; 32],
}

impl RevocationCheck {
    pub(crate) fn new(revocation: &Revocation) -> Result<Self, Error> {
        let crls = revocation.crls.iter().map(|crl| {
            let read = OwnedCertRevocationList::from_der(crl);
            read.map(CertRevocationList::from)
        });
        Ok(Self {
            crls: crls.collect::<Result<_, _>>().map_err(Error::revocation)?,
            unknown_status: if revocation.allow_unknown_status {
                UnknownStatusPolicy::Allow
            } else {
                UnknownStatusPolicy::Deny
            },
            depth: if revocation.only_end_entity {
                RevocationCheckDepth::EndEntity
            } else {
                RevocationCheckDepth::Chain
            },
            expiration: if revocation.enforce_expiration {
                ExpirationPolicy::Enforce
            } else {
                ExpirationPolicy::Ignore
            },
            digests: RwLock::default(),
        })
    }

    /// What webpki receives; `None` without a CRL, which [`RootsBuilder`](crate::RootsBuilder) refuses.
    fn options<'a>(&self, crls: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
        let builder = RevocationOptionsBuilder::new(crls).ok()?;
        let builder = builder
            .with_depth(self.depth)
            .with_status_policy(self.unknown_status)
            .with_expiration_policy(self.expiration);
        Some(builder.build())
    }
}

impl CrlSearch for RevocationCheck {
    fn verify(&self, search: Search<'_>, chain: Chain<'_>) -> Result<Status, rustls::Error> {
        let crls: Vec<_> = self.crls.iter().collect();
        let search = Search {
            revocation: self.options(&crls),
            ..search
        };
        search.verify(chain)
    }

    fn digest(&self, content: &[u8], sha256: Sha256) -> [u8; 32] {
        let (address, length) = (content.as_ptr().addr(), content.len());
        let known = self.digests.try_read().ok().and_then(|digests| {
            let is_it = |known: &&ContentDigest| (known.address, known.length) == (address, length);
            digests.iter().find(is_it).map(|known| known.sha256)
        });
        known.unwrap_or_else(|| {
            let sha256 = sha256.hash(content);
            if let Ok(mut digests) = self.digests.try_write() {
                if digests.len() < self.crls.len() {
                    digests.push(ContentDigest {
                        address,
                        length,
                        sha256,
                    });
                }
            }
            sha256
        })
    }
}
