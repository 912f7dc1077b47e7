//! The verifier that knows distrust dates.

use std::error;
use std::fmt;
use std::sync::Arc;

use embedded_roots_bundle::{DistinguishedName, not_before, rfc3339};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};

use crate::Error;
use crate::roots::TrustSet;

/// A verifier of server certificates that enforces what [`Roots`](crate::Roots) know of their
/// anchors.
///
/// A chain is accepted if rustls' own [`WebPkiServerVerifier`] accepts it with the roots that have
/// no distrust date; else if it accepts it with those of one date, and the end-entity certificate's
/// notBefore is at or before that date (the rule of Firefox). An ordinary root costs nothing extra.
///
/// A chain that is refused for its date fails with [`CertificateError::Other`] around
/// [`DistrustedRoot`].
#[derive(Debug)]
pub struct Verifier {
    undated: Option<Arc<WebPkiServerVerifier>>,
    dated: Vec<Dated>,
    provider: Arc<CryptoProvider>,
}

/// The anchors that share a distrust date.
#[derive(Debug)]
struct Dated {
    distrust_after: UnixTime,
    anchors: Vec<TrustAnchor<'static>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Verifier {
    pub(crate) fn new(trust_set: &TrustSet, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let undated = Some(&trust_set.undated).filter(|store| !store.is_empty());
        let undated = undated.map(|store| webpki_verifier(Arc::clone(store), &provider));
        let mut dated: Vec<(UnixTime, Vec<TrustAnchor<'static>>)> = Vec::new();
        for anchor in &trust_set.dated {
            let Some(date) = anchor.distrust_after() else {
                continue;
            };
            let anchor = anchor.trust_anchor().clone();
            match dated.iter_mut().find(|(other, _)| *other == date) {
                Some((_, anchors)) => anchors.push(anchor),
                None => dated.push((date, vec![anchor])),
            }
        }
        let dated = dated.into_iter().map(|(distrust_after, anchors)| {
            let store = RootCertStore {
                roots: anchors.clone(),
            };
            let verifier = webpki_verifier(Arc::new(store), &provider)?;
            Ok(Dated {
                distrust_after,
                anchors,
                verifier,
            })
        });
        let dated = dated.collect::<Result<_, Error>>()?;
        Ok(Self {
            undated: undated.transpose()?,
            dated,
            provider,
        })
    }
}

fn webpki_verifier(
    store: Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(store, Arc::clone(provider))
        .build()
        .map_err(Error::config)
}

/// What is to be verified.
#[derive(Clone, Copy)]
struct Presented<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    server_name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

impl Presented<'_> {
    fn verify(&self, verifier: &WebPkiServerVerifier) -> Result<ServerCertVerified, rustls::Error> {
        let Self {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        } = *self;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }
}

impl Dated {
    /// Whether the end-entity certificate is not too young; one that cannot be read is.
    fn covers(&self, end_entity: &CertificateDer<'_>) -> bool {
        not_before(end_entity).is_some_and(|not_before| not_before <= self.distrust_after)
    }

    /// The error for a chain that only the date speaks against.
    fn refusal(&self, presented: Presented<'_>, provider: &Arc<CryptoProvider>) -> rustls::Error {
        // All of them could be the root, as far as names go; the one that verifies it is.
        let root = self.anchors.iter().find(|anchor| {
            let store = RootCertStore {
                roots: vec![(*anchor).clone()],
            };
            let verifier = webpki_verifier(Arc::new(store), provider);
            verifier.is_ok_and(|verifier| presented.verify(&verifier).is_ok())
        });
        let refusal = DistrustedRoot {
            root: root.map(subject_of).unwrap_or_default(),
            distrust_after: self.distrust_after,
        };
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Presented {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        };
        let unknown = || CertificateError::UnknownIssuer.into();
        let mut refused = match &self.undated {
            Some(undated) => match presented.verify(undated) {
                Ok(verified) => return Ok(verified),
                Err(refused) => refused,
            },
            None => unknown(),
        };
        for dated in &self.dated {
            match presented.verify(&dated.verifier) {
                Ok(verified) if dated.covers(end_entity) => return Ok(verified),
                Ok(_) => refused = dated.refusal(presented, &self.provider),
                // Whichever found an issuer has the better reason.
                Err(better) if refused == unknown() => refused = better,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Why a chain was refused that ends at a root with a distrust date: its end-entity certificate
/// starts to be valid after that date.
///
/// ```
/// use embedded_roots::DistrustedRoot;
/// use rustls::{CertificateError, Error, OtherError};
///
/// fn distrusted(error: &Error) -> Option<&DistrustedRoot> {
///     match error {
///         Error::InvalidCertificate(CertificateError::Other(OtherError(why))) => why.downcast_ref(),
///         _ => None,
///     }
/// }
/// # assert!(distrusted(&Error::DecryptError).is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DistrustedRoot {
    root: String,
    distrust_after: UnixTime,
}

impl DistrustedRoot {
    /// The subject of the root, as RFC 4514 writes it.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The last moment at which an end-entity certificate may start to be valid.
    #[must_use]
    pub fn distrust_after(&self) -> UnixTime {
        self.distrust_after
    }
}

impl fmt::Display for DistrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (root, date) = (&self.root, rfc3339(self.distrust_after));
        write!(
            f,
            "the root \"{root}\" is distrusted for certificates that start to be valid after {date}"
        )
    }
}

/// The text, because it is what rustls shows of an error that it does not know.
impl fmt::Debug for DistrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for DistrustedRoot {}

pub(crate) fn subject_of(anchor: &TrustAnchor<'_>) -> String {
    DistinguishedName::new(&anchor.subject).to_string()
}
