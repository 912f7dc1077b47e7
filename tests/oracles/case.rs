//! One case of the matrix: a chain, whom we trust, and what has to be said of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use embedded_roots::Roots;
use embedded_roots_testing::authority::{Authority, Identity, annotated, pem};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

/// 2026-08-01, whatever the clock of this machine says.
pub(crate) const NOW: u64 = 1_785_542_400;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Accepted,
    Refused,
}

/// A verdict, and the words for it.
pub(crate) type Answer = (Verdict, String);

pub(crate) struct Case {
    pub(crate) name: String,
    /// PEM, for us.
    pub(crate) trusted: String,
    /// PEM, for verifiers that cannot read our annotations: the same limits in the certificates.
    pub(crate) twin: String,
    /// The end-entity certificate comes first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// A DNS name or an IP address.
    pub(crate) server: String,
    pub(crate) now: u64,
    pub(crate) expected: Verdict,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        trusted: &[&Authority],
        chain: impl Into<Chain>,
        server: &str,
        expected: Verdict,
    ) -> Self {
        let trusted: String = trusted.iter().map(|root| root.pem()).collect();
        Self {
            name: name.into(),
            twin: trusted.clone(),
            trusted,
            chain: chain.into().0,
            server: server.to_owned(),
            now: NOW,
            expected,
        }
    }

    /// We trust `root` with these annotations instead, and others the root that there is.
    pub(crate) fn imposed(mut self, annotation: &str, root: &Authority) -> Self {
        self.trusted = annotated(annotation, root);
        self
    }

    pub(crate) fn at(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    pub(crate) fn verdict_of_ours(&self) -> Answer {
        let builder = Roots::builder().pem(&self.trusted);
        let verifier = match builder.provider(Arc::new(ring::default_provider())).build() {
            Ok(roots) => roots.verifier(),
            Err(why) => return (Verdict::Refused, why.to_string()),
        };
        let (end_entity, intermediates) = self.chain.split_first().unwrap();
        let name = ServerName::try_from(self.server.as_str()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(self.now));
        match verifier.verify_server_cert(end_entity, intermediates, &name, &[], now) {
            Ok(_) => (Verdict::Accepted, String::new()),
            Err(why) => (Verdict::Refused, why.to_string()),
        }
    }
}

pub(crate) struct Chain(Vec<CertificateDer<'static>>);

impl From<Identity> for Chain {
    fn from(identity: Identity) -> Self {
        Self(identity.chain)
    }
}

impl From<Vec<CertificateDer<'static>>> for Chain {
    fn from(chain: Vec<CertificateDer<'static>>) -> Self {
        Self(chain)
    }
}

/// Writes a folder for each case: `roots.pem`, `leaf.pem`, `intermediates.pem` and, of these two,
/// `chain.pem`.
pub(crate) fn write(cases: &[Case], folder: &Path) -> Vec<PathBuf> {
    let write = |(nth, case): (usize, &Case)| {
        let folder = folder.join(nth.to_string());
        fs::create_dir_all(&folder).unwrap();
        let (leaf, intermediates) = case.chain.split_first().unwrap();
        let leaf = pem("CERTIFICATE", leaf);
        let intermediates: String = intermediates
            .iter()
            .map(|der| pem("CERTIFICATE", der))
            .collect();
        for (name, content) in [
            ("roots.pem", &case.twin),
            ("chain.pem", &(leaf.clone() + &intermediates)),
            ("leaf.pem", &leaf),
            ("intermediates.pem", &intermediates),
        ] {
            fs::write(folder.join(name), content).unwrap();
        }
        folder
    };
    cases.iter().enumerate().map(write).collect()
}
