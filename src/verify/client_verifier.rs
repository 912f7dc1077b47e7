//! The verifier of client certificates, for servers.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerifier as _};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::verify::search::{Chain, Purpose};
use crate::verify::verifier::Verifier;

/// Enforces for clients what [`Verifier`] enforces for servers.
pub(crate) struct ClientVerifier {
    /// The verifier of servers under the same roots.
    servers: Arc<Verifier>,
    hints: Vec<DistinguishedName>,
    mandatory: bool,
}

impl ClientVerifier {
    /// If `mandatory`, a client without certificate is refused.
    pub(crate) fn new(servers: Arc<Verifier>, mandatory: bool) -> Self {
        Self {
            hints: hints(servers.trust_set().anchors()),
            mandatory,
            servers,
        }
    }
}

/// The subjects of the anchors, each once; none if together they are longer than [`MAX_HINTS`].
fn hints(anchors: &[Anchor]) -> Vec<DistinguishedName> {
    let subjects = anchors.iter().map(|anchor| &anchor.trust_anchor().subject);
    let mut subjects: Vec<_> = subjects.collect();
    // The anchors are sorted by subject.
    subjects.dedup();
    let hints = subjects
        .into_iter()
        .map(|subject| DistinguishedName::in_sequence(subject));
    let hints: Vec<_> = hints.collect();
    // Each has a length of two bytes before it.
    let length: usize = hints.iter().map(|hint| 2 + hint.as_ref().len()).sum();
    if length > MAX_HINTS {
        return Vec::new();
    }
    hints
}

/// One TLS record (RFC 8446, section 5.1). The list itself may be four times as long, and rustls writes
/// a wrong length for one that is longer still.
const MAX_HINTS: usize = 1 << 14;

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let chain = Chain {
            end_entity,
            intermediates,
            purpose: Purpose::Client,
            now,
        };
        self.servers.chains().verify(chain)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.servers
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.servers
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.servers.supported_verify_schemes()
    }
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientVerifier")
            .field("servers", &self.servers)
            .field("mandatory", &self.mandatory)
            .finish_non_exhaustive()
    }
}
