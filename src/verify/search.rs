//! webpki's search for a path from a certificate to an anchor, and its errors as rustls has them.
//!
//! webpki is called directly, because no function of rustls takes CRLs, or verifies a client, for a set of
//! anchors that each chain has of its own.

use std::sync::Arc;

use rustls::{CertRevocationListError, CertificateError, ExtendedKeyPurpose, OtherError};
use rustls_pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{EndEntityCert, KeyUsage, RevocationOptions};

use crate::trust::digest::Sha256;

/// The certificates that a peer sent, and what they are verified for.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub(super) end_entity: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) purpose: Purpose<'a>,
    pub(super) now: UnixTime,
}

/// What an end entity proves by its certificate.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// That it is the server of this name.
    Server(&'a ServerName<'a>),
    Client,
}

/// What a search uses.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) anchors: &'a [TrustAnchor<'a>],
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pub(super) revocation: Option<RevocationOptions<'a>>,
}

impl Search<'_> {
    /// Whether a path leads from the end entity to one of the anchors, and its name is the one that is asked for.
    pub(super) fn verify(&self, chain: Chain<'_>) -> Result<(), rustls::Error> {
        let usage = match chain.purpose {
            Purpose::Server(_) => KeyUsage::server_auth(),
            Purpose::Client => KeyUsage::client_auth(),
        };
        let verify = || {
            let end_entity = EndEntityCert::try_from(chain.end_entity)?;
            end_entity.verify_for_usage(
                self.algorithms,
                self.anchors,
                chain.intermediates,
                chain.now,
                usage,
                self.revocation,
                None,
            )?;
            match chain.purpose {
                Purpose::Server(name) => end_entity.verify_is_valid_for_subject_name(name),
                Purpose::Client => Ok(()),
            }
        };
        verify().map_err(error_of_rustls)
    }
}

/// The check of CRLs. A trait, so that a program without CRLs does not link their parser.
pub(super) trait CrlSearch: Send + Sync {
    /// The verdict of the search, with the CRLs.
    fn verify(&self, search: Search<'_>, chain: Chain<'_>) -> Result<(), rustls::Error>;

    /// The digest of the content of one of the CRLs, which may have many megabytes.
    fn digest(&self, content: &[u8], sha256: Sha256) -> [u8; 32];
}

/// The error that rustls' own verifiers give for an error of webpki.
fn error_of_rustls(error: webpki::Error) -> rustls::Error {
    use webpki::Error as Webpki;

    let of_crl = match error {
        Webpki::IssuerNotCrlSigner => CertRevocationListError::IssuerInvalidForCrl,
        Webpki::InvalidCrlSignatureForPublicKey => CertRevocationListError::BadSignature,
        Webpki::UnsupportedCrlSignatureAlgorithmContext(context) => {
            CertRevocationListError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: context.signature_algorithm_id,
                supported_algorithms: context.supported_algorithms,
            }
        }
        Webpki::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(context) => {
            CertRevocationListError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: context.signature_algorithm_id,
                public_key_algorithm_id: context.public_key_algorithm_id,
            }
        }
        other => return of_certificate(other).into(),
    };
    of_crl.into()
}

fn of_certificate(error: webpki::Error) -> CertificateError {
    use webpki::Error as Webpki;

    match error {
        Webpki::BadDer | Webpki::BadDerTime | Webpki::TrailingData(_) => {
            CertificateError::BadEncoding
        }
        Webpki::CertExpired { time, not_after } => {
            CertificateError::ExpiredContext { time, not_after }
        }
        Webpki::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        Webpki::InvalidCertValidity => CertificateError::Expired,
        Webpki::CertNotValidForName(context) => CertificateError::NotValidForNameContext {
            expected: context.expected,
            presented: context.presented,
        },
        Webpki::UnknownIssuer => CertificateError::UnknownIssuer,
        Webpki::CertRevoked => CertificateError::Revoked,
        Webpki::UnknownRevocationStatus => CertificateError::UnknownRevocationStatus,
        Webpki::CrlExpired { time, next_update } => {
            CertificateError::ExpiredRevocationListContext { time, next_update }
        }
        Webpki::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        Webpki::UnsupportedSignatureAlgorithmContext(context) => {
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: context.signature_algorithm_id,
                supported_algorithms: context.supported_algorithms,
            }
        }
        Webpki::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: context.signature_algorithm_id,
                public_key_algorithm_id: context.public_key_algorithm_id,
            }
        }
        Webpki::RequiredEkuNotFoundContext(context) => {
            let presented = context.present.into_iter();
            CertificateError::InvalidPurposeContext {
                required: purpose(context.required.oid_values().collect()),
                presented: presented.map(purpose).collect(),
            }
        }
        other => CertificateError::Other(OtherError(Arc::new(other))),
    }
}

/// The purpose with this object identifier.
fn purpose(oid: Vec<usize>) -> ExtendedKeyPurpose {
    match oid.as_slice() {
        KeyUsage::SERVER_AUTH_REPR => ExtendedKeyPurpose::ServerAuth,
        KeyUsage::CLIENT_AUTH_REPR => ExtendedKeyPurpose::ClientAuth,
        _ => ExtendedKeyPurpose::Other(oid),
    }
}
