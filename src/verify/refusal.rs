//! Why a peer was refused.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use embedded_roots_bundle::{DistinguishedName, Limits, counted, issuer, rfc3339, subject};
use rustls::{CertificateError, OtherError};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::trust::distrust::DistrustedBy;
use crate::trust::report::shortened;
use crate::trust::set::TrustSet;
use crate::verify::paths::MOST_PAIRS;
use crate::verify::search::{Chain, Purpose};

/// Why a server or a client was refused, if trust is the reason: which issuer is not trusted, after which
/// date its certificate was issued, which of its names is outside a root's name constraints, which
/// certificate is distrusted, or that the certificates allow too many paths to a root.
///
/// Your program receives it as [`rustls::Error::InvalidCertificate`] with [`CertificateError::Other`], where
/// rustls alone would return [`CertificateError::UnknownIssuer`] or `NameConstraintViolation`. HTTP clients wrap
/// that error again. [`Refusal::of`] finds the refusal in any of them:
///
/// ```
/// use embedded_roots::Refusal;
///
/// fn explain(error: &(dyn std::error::Error + 'static)) -> String {
///     match Refusal::of(error) {
///         Some(refusal) if refusal.is_unknown_issuer() => format!("not our CA: {refusal}"),
///         Some(refusal) => refusal.to_string(),
///         None => error.to_string(),
///     }
/// }
/// # assert_eq!(explain(&std::fmt::Error), std::fmt::Error.to_string());
/// ```
#[derive(Clone)]
pub struct Refusal(Reason);

#[derive(Clone)]
enum Reason {
    UnknownIssuer {
        peer: Peer,
        issuer: String,
        self_signed: bool,
        certificates_sent: usize,
        /// The sources with their numbers of roots.
        sources: String,
        system_was_asked: bool,
    },
    Distrusted {
        root: String,
        distrust_after: UnixTime,
    },
    OutsideConstraints {
        root: String,
        /// In the grammar of annotations.
        constraints: String,
        /// The name of the certificate.
        name: String,
    },
    /// More paths than webpki may try.
    TooComplex,
    DistrustedCertificate {
        certificate: String,
        by: DistrustedBy,
    },
    /// webpki has a list of its own, and does not say which certificate has the key.
    DistrustedByWebpki,
}

/// Who sent the certificates.
#[derive(Clone, Copy, PartialEq)]
enum Peer {
    Server,
    Client,
}

impl Refusal {
    /// The refusal in an error or in the errors that it wraps.
    #[must_use]
    pub fn of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(refusal) = error.downcast_ref() {
                return Some(refusal);
            }
            next = match (
                error.downcast_ref::<rustls::Error>(),
                error.downcast_ref::<io::Error>(),
            ) {
                (Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))), _) => {
                    Some(&*other.0)
                }
                // `io::Error::source` skips the inner error and returns that error's source.
                (None, Some(error)) => error.get_ref().map(|error| error as _),
                _ => error.source().or_else(|| in_ureq(error)),
            };
        }
        None
    }

    /// Whether the last issuer of the chain is not the subject of any root.
    #[must_use]
    pub fn is_unknown_issuer(&self) -> bool {
        matches!(self.0, Reason::UnknownIssuer { .. })
    }

    /// Whether the chain needs a root that is trusted only for older certificates, because of its
    /// distrust-after date. The root is found by its name: its signature was not checked.
    #[must_use]
    pub fn is_distrusted(&self) -> bool {
        matches!(self.0, Reason::Distrusted { .. })
    }

    /// Whether the key or the certificate of the peer, or of an intermediate that every path to a root needs, is
    /// distrusted. The reason is a public private key, or
    /// [`distrust_key`](crate::RootsBuilder::distrust_key),
    /// [`distrust_certificate`](crate::RootsBuilder::distrust_certificate),
    /// [`distrust_file`](crate::RootsBuilder::distrust_file) or OneCRL (feature `onecrl`).
    #[must_use]
    pub fn is_distrusted_certificate(&self) -> bool {
        matches!(
            self.0,
            Reason::DistrustedCertificate { .. } | Reason::DistrustedByWebpki
        )
    }

    /// Whether the distrusted certificate is revoked by OneCRL, Mozilla's list of revoked intermediates (feature
    /// `onecrl`).
    #[must_use]
    pub fn is_revoked_by_onecrl(&self) -> bool {
        matches!(
            self.0,
            Reason::DistrustedCertificate {
                by: DistrustedBy::OneCrl,
                ..
            }
        )
    }

    /// Whether the names in the certificates that the peer sent allow too many paths to a root. None was tried:
    /// there are far more than in any real chain, and they could keep a processor busy.
    #[must_use]
    pub fn is_too_complex(&self) -> bool {
        matches!(self.0, Reason::TooComplex)
    }

    /// The name (RFC 4514) of the distrusted certificate, if that is the reason and it is known.
    #[must_use]
    pub fn distrusted_certificate(&self) -> Option<&str> {
        match &self.0 {
            Reason::DistrustedCertificate { certificate, .. } => Some(certificate),
            _ => None,
        }
    }

    /// The advisories about a distrusted key, separated by commas, if that is the reason and advisories are known:
    /// `CVE-2026-111943,RUSTSEC-2026-0382`.
    #[must_use]
    pub fn advisories(&self) -> Option<&str> {
        match self.0 {
            Reason::DistrustedCertificate {
                by: DistrustedBy::Key(key),
                ..
            } => Some(key.advisories()),
            _ => None,
        }
    }

    /// Whether a name of the certificate is outside the root's name constraints: its own, or imposed
    /// ones.
    #[must_use]
    pub fn is_outside_constraints(&self) -> bool {
        matches!(self.0, Reason::OutsideConstraints { .. })
    }

    /// The name (RFC 4514) of the issuer that is not trusted, if that is the reason.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        match &self.0 {
            Reason::UnknownIssuer { issuer, .. } => Some(issuer),
            _ => None,
        }
    }

    /// The name (RFC 4514) of the root that is distrusted or has name constraints, if that is the
    /// reason.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        match &self.0 {
            Reason::Distrusted { root, .. } | Reason::OutsideConstraints { root, .. } => Some(root),
            _ => None,
        }
    }

    /// The last moment at which the end-entity certificate may have started to be valid, if that is
    /// the reason.
    #[must_use]
    pub fn distrust_after(&self) -> Option<UnixTime> {
        match self.0 {
            Reason::Distrusted { distrust_after, .. } => Some(distrust_after),
            _ => None,
        }
    }

    /// How many certificates the peer sent, if the reason is an unknown issuer. If it sent only one, it
    /// often lacks its intermediates.
    #[must_use]
    pub fn certificates_sent(&self) -> Option<usize> {
        match self.0 {
            Reason::UnknownIssuer {
                certificates_sent, ..
            } => Some(certificates_sent),
            _ => None,
        }
    }

    /// The DNS name or IP address of the certificate that is outside the root's name constraints, if that
    /// is the reason.
    #[must_use]
    pub fn presented_name(&self) -> Option<&str> {
        match &self.0 {
            Reason::OutsideConstraints { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The root's name constraints, its own and imposed ones, in the grammar of annotations:
    /// `permitted-dns=.tr`.
    #[must_use]
    pub fn name_constraints(&self) -> Option<&str> {
        match &self.0 {
            Reason::OutsideConstraints { constraints, .. } => Some(constraints),
            _ => None,
        }
    }

    pub(crate) fn distrusted(root: &Anchor, distrust_after: UnixTime) -> Self {
        let root = root.subject();
        Self(Reason::Distrusted {
            root,
            distrust_after,
        })
    }

    pub(crate) fn outside_constraints(root: &Anchor, constraints: &[u8], name: String) -> Self {
        Self(Reason::OutsideConstraints {
            root: root.subject(),
            constraints: Limits::new(None, Some(constraints)).to_string(),
            name,
        })
    }

    pub(super) fn too_complex() -> Self {
        Self(Reason::TooComplex)
    }

    /// The name is the subject of the certificate, or of a root that was not sent.
    pub(super) fn by_distrust(name: Option<DistinguishedName<'_>>, by: DistrustedBy) -> Self {
        let certificate = shown(name);
        Self(Reason::DistrustedCertificate { certificate, by })
    }

    pub(super) fn by_webpki_distrust() -> Self {
        Self(Reason::DistrustedByWebpki)
    }

    pub(super) fn unknown_issuer(chain: Chain<'_>, trust_set: &TrustSet) -> Self {
        let Chain {
            end_entity,
            intermediates,
            ..
        } = chain;
        let last = last_of_chain(end_entity, intermediates);
        let issuer = issuer(last);
        // The issuer is known, and left out.
        let distrusted = issuer.and_then(|name| trust_set.distrusted_root(name.as_der()));
        if let Some(root) = distrusted {
            return Self::by_distrust(issuer, root.by);
        }
        let (sources, system_was_asked) = trust_set.asked();
        Self(Reason::UnknownIssuer {
            peer: match chain.purpose {
                Purpose::Server(_) => Peer::Server,
                Purpose::Client => Peer::Client,
            },
            self_signed: issuer.is_some() && issuer == subject(last),
            issuer: shown(issuer),
            certificates_sent: 1 + intermediates.len(),
            sources,
            system_was_asked,
        })
    }
}

/// What an error of ureq wraps: it has no source.
#[cfg(feature = "ureq")]
fn in_ureq<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref()? {
        ureq::Error::Io(error) => Some(error),
        ureq::Error::Other(error) => Some(&**error),
        _ => None,
    }
}

#[cfg(not(feature = "ureq"))]
fn in_ureq<'a>(_: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    None
}

#[inline(never)]
fn shown(name: Option<DistinguishedName<'_>>) -> String {
    name.map_or_else(|| "unreadable".to_owned(), |name| name.to_string())
}

/// The certificate whose issuer the peer did not send.
fn last_of_chain<'a>(
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
) -> &'a CertificateDer<'a> {
    let mut last = end_entity;
    // Certificates can form a cycle, and each step looks at all of them.
    for _ in intermediates.iter().take(MOST_STEPS) {
        let wanted = issuer(last).filter(|issuer| subject(last) != Some(*issuer));
        let is_wanted = |sent: &&CertificateDer<'_>| wanted.is_some() && subject(sent) == wanted;
        match intermediates.iter().find(is_wanted) {
            Some(next) => last = next,
            None => break,
        }
    }
    last
}

/// More than webpki goes by.
const MOST_STEPS: usize = 16;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Distrusted {
                root,
                distrust_after,
            } => {
                let date = rfc3339(*distrust_after);
                write!(
                    f,
                    "the root \"{}\" is distrusted for certificates that start to be valid after \
                     {date}",
                    shortened(root)
                )
            }
            Reason::OutsideConstraints {
                root,
                constraints,
                name,
            } => write!(
                f,
                "the certificate is for \"{}\", which is outside the name constraints of the root \
                 \"{}\", its own or imposed by the bundle: {}",
                shortened(name),
                shortened(root),
                shortened(constraints)
            ),
            Reason::TooComplex => write!(
                f,
                "the certificates sent allow too many paths to a root: more than {MOST_PAIRS} pairs of a \
                 certificate and a possible issuer would be tried; send the certificates of one path"
            ),
            Reason::DistrustedCertificate { certificate, by } => {
                write!(
                    f,
                    "the certificate \"{}\" is refused: {by}",
                    shortened(certificate)
                )
            }
            Reason::DistrustedByWebpki => f.write_str(
                "a certificate of the chain is refused: its key is distrusted by rustls-webpki",
            ),
            Reason::UnknownIssuer {
                peer,
                issuer,
                self_signed,
                certificates_sent,
                sources,
                system_was_asked,
            } => {
                let what = if *self_signed {
                    "self-signed certificate"
                } else {
                    "issuer"
                };
                write!(
                    f,
                    "the {what} \"{}\" is not trusted by {sources}",
                    shortened(issuer)
                )?;
                if !self_signed {
                    let peer = match peer {
                        Peer::Server => "server",
                        Peer::Client => "client",
                    };
                    let sent = counted(*certificates_sent, "certificate");
                    write!(
                        f,
                        "; the {peer} sent {sent}: if the issuer is \
                         an intermediate CA, the {peer} must also send that CA's certificate"
                    )?;
                }
                f.write_str(
                    "; if it is a private CA, add its certificate (`RootsBuilder::pem_file`, \
                     `include_bundle!`, or the feature `custom`)",
                )?;
                // A system trusts CAs of servers, so this would be bad advice for clients.
                if !system_was_asked && *peer == Peer::Server {
                    f.write_str(
                        "; if the operating system trusts it, add the system store \
                         (`Roots::embedded_and_system`, with the feature `system`)",
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// The text, because rustls shows the `Debug` of an `OtherError`.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}
