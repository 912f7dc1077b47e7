//! The verifier of server certificates.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::trust::set::TrustSet;
use crate::verify::chain_verifier::ChainVerifier;
use crate::verify::refusal::Refusal;
use crate::verify::revocation::RevocationCheck;
use crate::verify::search::{Chain, Purpose};

/// A verifier of server certificates that enforces the limits of its [`Roots`](crate::Roots).
///
/// The distrust date of a root applies only to the end-entity certificate: if that has a later
/// notBefore, the root is not trusted for it (the rule of Firefox). So the decision on dates does
/// not depend on the path, and needs no path search of its own. `Verifier` first decides which
/// anchors may have issued such a certificate. It then accepts the chain if and only if rustls' own
/// [`WebPkiServerVerifier`](rustls::client::WebPkiServerVerifier) would accept it with these anchors: with
/// one search and one budget of signature checks, whatever the number of roots with a distrust-after date.
///
/// webpki receives only the anchors whose subject is an issuer in the chain, found by binary search. It
/// would compare the names of all other anchors, and try none of them. It receives only the intermediates on a
/// path to a trusted issuer. A chain that leaves far more paths than any real one is refused, because webpki
/// could need seconds for it.
///
/// If a chain fails for a reason that rustls' error does not explain, the error is a [`Refusal`] inside
/// [`CertificateError::Other`](rustls::CertificateError::Other), which explains it. All other errors are those of rustls.
pub struct Verifier {
    chains: ChainVerifier,
}

impl Verifier {
    pub(crate) fn new(trust_set: Arc<TrustSet>, provider: Arc<CryptoProvider>) -> Self {
        Self {
            chains: ChainVerifier::new(trust_set, provider),
        }
    }

    /// Checks these CRLs, too.
    pub(crate) fn with_revocation(mut self, revocation: RevocationCheck) -> Self {
        self.chains.check_revocation(revocation);
        self
    }

    /// Adds the known intermediates to chains that lack them.
    pub(crate) fn completing_chains(mut self) -> Self {
        self.chains.complete_chains();
        self
    }

    /// Accepts the pinned certificates of servers.
    pub(crate) fn accepting_pinned(mut self) -> Self {
        self.chains.accept_pinned();
        self
    }

    /// Returns plain errors of rustls.
    pub(crate) fn returning_plain_errors(mut self) -> Self {
        self.chains.return_plain_errors();
        self
    }

    /// Checks each signature each time.
    pub(crate) fn forgetting_signatures(mut self) -> Self {
        self.chains.forget_signatures();
        self
    }

    pub(crate) fn trust_set(&self) -> &Arc<TrustSet> {
        &self.chains.trust_set
    }

    pub(crate) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.chains.provider
    }

    pub(super) fn chains(&self) -> &ChainVerifier {
        &self.chains
    }

    /// Checks the signature of a handshake.
    fn verify_signature(
        &self,
        verify: SignatureCheck,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider().signature_verification_algorithms;
        let verified = verify(message, certificate, signature, algorithms);
        verified.map_err(|refused| self.chains.signature_refused(refused, certificate))
    }

    /// All that is done with a chain before webpki searches a path, for the benches: the number of intermediates that
    /// webpki may try.
    #[doc(hidden)]
    pub fn count_usable(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<usize, Refusal> {
        self.chains.count_usable(end_entity, intermediates)
    }
}

/// The type of rustls' functions for TLS 1.2 and 1.3.
type SignatureCheck = fn(
    &[u8],
    &CertificateDer<'_>,
    &DigitallySignedStruct,
    &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, rustls::Error>;

impl ServerCertVerifier for Verifier {
    /// Like rustls' own verifier, it ignores the OCSP response.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = Chain {
            end_entity,
            intermediates,
            purpose: Purpose::Server(server_name),
            now,
        };
        self.chains.verify(chain)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(verify_tls12_signature, message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(verify_tls13_signature, message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("trust_set", self.trust_set())
            .field("revocation", &self.chains.checks_revocation())
            .finish_non_exhaustive()
    }
}
