//! Certificate revocation lists (RFC 5280, section 5).

use rustls_pki_types::CertificateRevocationListDer;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use crate::error::Error;

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
        })
    }

    /// The CRLs as [`options`](Self::options) takes them.
    pub(super) fn crls(&self) -> Vec<&CertRevocationList<'static>> {
        self.crls.iter().collect()
    }

    /// What webpki is told; `None` without a CRL, which [`RootsBuilder`](crate::RootsBuilder) refuses.
    pub(super) fn options<'a>(
        &self,
        crls: &'a [&'a CertRevocationList<'a>],
    ) -> Option<RevocationOptions<'a>> {
        let builder = RevocationOptionsBuilder::new(crls).ok()?;
        let builder = builder
            .with_depth(self.depth)
            .with_status_policy(self.unknown_status)
            .with_expiration_policy(self.expiration);
        Some(builder.build())
    }
}
