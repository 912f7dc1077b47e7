//! webpki's search for a path from a certificate to an anchor, and its errors as rustls has them.
//!
//! webpki is called directly, because no function of rustls takes CRLs, or verifies a client, for a set of
//! anchors that each chain has of its own.

use std::sync::Arc;

use rustls::{CertRevocationListError, CertificateError, ExtendedKeyPurpose, OtherError};
use rustls_pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{EndEntityCert, KeyUsage, RevocationOptions, VerifiedPath};

use crate::source::crlite::CrliteData;
use crate::source::crlite::status::{LoggedCertificate, Status};
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
    pub(super) leaves: Option<Leaves<'a>>,
}

/// The data on revoked end-entity certificates, and the hash that it is asked with.
#[derive(Clone, Copy)]
pub(super) struct Leaves<'a> {
    pub(super) data: &'a CrliteData,
    pub(super) sha256: Sha256,
}

impl Search<'_> {
    /// Whether a path leads from the end entity to one of the anchors, and its name is the one that is asked for; and
    /// if so, what the data on revoked certificates says of it.
    pub(super) fn verify(&self, chain: Chain<'_>) -> Result<Status, rustls::Error> {
        let usage = match chain.purpose {
            Purpose::Server(_) => KeyUsage::server_auth(),
            Purpose::Client => KeyUsage::client_auth(),
        };
        let verify = || {
            let end_entity = EndEntityCert::try_from(chain.end_entity)?;
            let path = end_entity.verify_for_usage(
                self.algorithms,
                self.anchors,
                chain.intermediates,
                chain.now,
                usage,
                self.revocation,
                None,
            )?;
            if let Purpose::Server(name) = chain.purpose {
                end_entity.verify_is_valid_for_subject_name(name)?;
            }
            // The key of the path, and no other one of the same name: a filter answers at random for a certificate
            // that it was not made of.
            let status = |leaves: Leaves<'_>| leaves.status(&end_entity, &path, chain.now);
            Ok(self.leaves.map_or(Status::Accepted, status))
        };
        verify().map_err(error_of_rustls)
    }
}

impl Leaves<'_> {
    fn status(
        self,
        end_entity: &EndEntityCert<'_>,
        path: &VerifiedPath<'_>,
        now: UnixTime,
    ) -> Status {
        let key = path.issuer_spki();
        // What follows a malformed timestamp is as good as absent. The CA has signed them all.
        let timestamps = end_entity.sct_log_timestamps().into_iter().flatten();
        let timestamps = timestamps.map_while(Result::ok);
        let timestamps: Vec<_> = timestamps
            .map(|each| (each.log_id, each.timestamp_ms))
            .collect();
        let certificate = LoggedCertificate {
            issuer_key: &key,
            serial_number: end_entity.serial(),
            timestamps: &timestamps,
        };
        let sha256 = |bytes: &[u8]| self.sha256.hash(bytes);
        self.data.status(&certificate, &sha256, now)
    }
}

/// The check of CRLs. A trait, so that a program without CRLs does not link their parser.
pub(super) trait CrlSearch: Send + Sync {
    /// The verdict of the search, with the CRLs.
    fn verify(&self, search: Search<'_>, chain: Chain<'_>) -> Result<Status, rustls::Error>;

    /// The digest of the content of one of the CRLs, which may have many megabytes.
    fn digest(&self, content: &[u8], sha256: Sha256) -> [u8; 32];
}

/// The error that rustls' own verifiers give for an error of webpki.
pub(super) fn error_of_rustls(error: webpki::Error) -> rustls::Error {
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
