//! The current generation, and the verifier that follows it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config;
use crate::error::Error;
use crate::roots::policy::Roots;
use crate::verify::verifier::Verifier;

/// The current roots, and their number.
///
/// Number and roots are one value behind one lock, and [`replace`](Self::replace) is the only writer.
/// So a reader sees the old pair or the new one, whole, whatever the interleaving: a handshake reads
/// nothing else that changes, and there is no memory order that a model would have to cover. (What orders
/// refreshes is behind a mutex of its own, in `State`.) A reader holds the lock while it clones an `Arc`
/// or a few, a writer while it swaps two values: never while files are read, a chain is verified, or the
/// old roots are freed.
pub(super) struct Generations(RwLock<(u64, Roots)>);

impl Generations {
    pub(super) fn new(roots: Roots) -> Arc<Self> {
        Arc::new(Self(RwLock::new((1, roots))))
    }

    pub(super) fn number(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn with_current<T>(&self, of: impl FnOnce(&Roots) -> T) -> T {
        of(&self.0.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// Begins a generation with these roots.
    pub(super) fn replace(&self, mut roots: Roots) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        current.0 += 1;
        std::mem::swap(&mut current.1, &mut roots);
        // Unlocked before the old roots are freed.
        drop(current);
    }
}

/// A config that verifies under the current generation, and resumes no session.
pub(super) fn following_config(generations: &Arc<Generations>) -> Result<Arc<ClientConfig>, Error> {
    let verifier = FollowingVerifier(Arc::clone(generations));
    let provider = Arc::clone(verifier.current().provider());
    let mut config = config::builder(provider, Arc::new(verifier))?.with_no_client_auth();
    // Its verifier would be the same in the next generation, so that rustls would accept the sessions
    // of this one there.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Asks the verifier of the current generation, once for each chain. Its answers about signatures are
/// the same in all generations, because they share one provider.
struct FollowingVerifier(Arc<Generations>);

impl FollowingVerifier {
    fn current(&self) -> Arc<Verifier> {
        self.0.with_current(Roots::verifier)
    }
}

impl ServerCertVerifier for FollowingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.current().verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.current()
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.current()
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}

impl fmt::Debug for FollowingVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FollowingVerifier")
            .field(&self.current())
            .finish()
    }
}
