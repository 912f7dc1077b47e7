//! Helpers of the tests of the drop-in packages: certificates under the CAs of data/roots.pem, the
//! bundle of the feature `custom`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "for tests alone"
)]

use std::sync::Arc;

use embedded_roots_testing::authority::{
    self, Identity, root, root_of, self_signed_server_with, server_with,
};
use rcgen::{IsCa, date_time_ymd};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

/// A CA that issues server certificates.
pub struct Authority(authority::Authority);

/// A CA of data/roots.pem without limits.
#[must_use]
pub fn plain() -> Authority {
    Authority::new("Plain CA", include_str!("../data/plain.key"))
}

/// Another one.
#[must_use]
pub fn second() -> Authority {
    Authority::new("Second CA", include_str!("../data/second.key"))
}

/// The CA of data/roots.pem that is distrusted after the beginning of 2025.
#[must_use]
pub fn with_distrust_date() -> Authority {
    let key = include_str!("../data/dated.key");
    Authority::new("CA with a distrust date", key)
}

/// The CA of data/roots.pem on which `corp.example` is imposed.
#[must_use]
pub fn with_permitted_names() -> Authority {
    Authority::new("Constrained CA", include_str!("../data/constrained.key"))
}

impl Authority {
    fn new(name: &str, key_pem: &str) -> Self {
        Self(root_of(name, key_pem, |_| {}))
    }

    /// A server certificate for `name`, issued in this year, and its key.
    #[must_use]
    pub fn issue(&self, name: &str, year: i32) -> Identity {
        server_with(&self.0, name, |params| {
            params.is_ca = IsCa::ExplicitNoCa;
            params.not_before = date_time_ymd(year, 1, 1);
        })
    }

    /// What `verifier` says of a server certificate for `name`, issued in this year.
    pub fn verdict(
        &self,
        verifier: &dyn ServerCertVerifier,
        name: &str,
        year: i32,
    ) -> Result<(), rustls::Error> {
        verdict(verifier, &self.issue(name, year), name)
    }

    /// What `verifier` says of a server that has a certificate for another name.
    pub fn verdict_on_another_name(
        &self,
        verifier: &dyn ServerCertVerifier,
    ) -> Result<(), rustls::Error> {
        verdict(
            verifier,
            &self.issue("another.example", 2026),
            "host.example",
        )
    }
}

/// What `verifier` says of a server that presents the first certificate alone.
pub fn verdict(
    verifier: &dyn ServerCertVerifier,
    identity: &Identity,
    name: &str,
) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(name).unwrap();
    let verdict = verifier.verify_server_cert(&identity.chain[0], &[], &name, &[], UnixTime::now());
    verdict.map(drop)
}

/// A server whose certificate has signed itself, and says that it is not a CA.
#[must_use]
pub fn self_signed(name: &str) -> Identity {
    self_signed_server_with(name, |params| params.is_ca = IsCa::ExplicitNoCa)
}

/// A new CA, and its self-signed certificate.
#[must_use]
pub fn ca(name: &str) -> (Authority, CertificateDer<'static>) {
    let ca = root(name);
    let certificate = ca.der().clone();
    (Authority(ca), certificate)
}

/// The PEM of a CA in data/roots.pem, without its annotation.
#[must_use]
pub fn pem(number: usize) -> String {
    let roots = include_str!("../data/roots.pem");
    let block = roots.split("-----BEGIN").nth(number).unwrap();
    let (block, _) = block.split_once("END CERTIFICATE-----").unwrap();
    format!("-----BEGIN{block}END CERTIFICATE-----\n")
}

/// The number of [`plain`] for [`pem`].
pub const PLAIN: usize = 1;
/// The number of [`second`].
pub const SECOND: usize = 2;

/// The crypto provider of the tests. None is installed for the process.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
