//! The reasons of refusals, and their texts.

use std::fmt;

use embedded_roots_bundle::{counted, rfc3339};
use rustls_pki_types::UnixTime;

use crate::trust::distrust::DistrustedBy;
use crate::trust::listing::shortened;
use crate::verify::paths::MOST_PAIRS;

#[derive(Clone)]
pub(super) enum Reason {
    UnknownIssuer(UnknownIssuer),
    Distrusted {
        root: String,
        distrust_after: UnixTime,
    },
    OutsideConstraints {
        ca: String,
        is_root: bool,
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
    /// By CRLite data: revoked, or too old to tell.
    Crlite {
        certificate: String,
        is_revoked: bool,
        /// Where the data came from, and its date.
        data: String,
    },
    Unsuitable {
        certificate: String,
        defect: Defect,
        /// Continues a sentence about the certificate.
        why: String,
    },
}

/// Why a certificate cannot be used, although nobody distrusts it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Defect {
    Algorithm,
    CriticalExtension,
    NameConstraint,
    Purpose,
}

#[derive(Clone)]
pub(super) struct UnknownIssuer {
    pub(super) peer: Peer,
    pub(super) issuer: String,
    pub(super) self_signed: bool,
    pub(super) certificates_sent: usize,
    /// A root or a certificate that was sent, with the same name in other bytes.
    pub(super) namesake: Option<String>,
    /// The sources with their numbers of roots.
    pub(super) sources: String,
    pub(super) system_was_asked: bool,
}

/// Who sent the certificates.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Peer {
    Server,
    Client,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
                ca,
                is_root,
                constraints,
                name,
            } => {
                let (kind, origin) = if *is_root {
                    ("root", ", its own or imposed by the bundle")
                } else {
                    ("intermediate", "")
                };
                write!(
                    f,
                    "the certificate is for \"{}\", which is outside the name constraints of the {kind} \
                     \"{}\"{origin}: {}",
                    shortened(name),
                    shortened(ca),
                    shortened(constraints)
                )
            }
            Reason::Crlite {
                certificate,
                is_revoked,
                data,
            } => {
                let why = if *is_revoked {
                    "is revoked by the CRLite data of"
                } else {
                    "may be revoked: no newer CRLite data is at hand than that of"
                };
                let certificate = shortened(certificate);
                write!(
                    f,
                    "the certificate \"{certificate}\" {why} {}",
                    shortened(data)
                )
            }
            Reason::Unsuitable {
                certificate, why, ..
            } => write!(f, "the certificate \"{}\" {why}", shortened(certificate)),
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
            Reason::UnknownIssuer(unknown) => unknown.fmt(f),
        }
    }
}

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.self_signed {
            "self-signed certificate"
        } else {
            "issuer"
        };
        write!(
            f,
            "the {what} \"{}\" is not trusted by {}",
            shortened(&self.issuer),
            self.sources
        )?;
        if let Some(namesake) = &self.namesake {
            return write!(
                f,
                "; there is a certificate of \"{}\", but that name differs in string type, letter case \
                 or spaces, and names are compared byte by byte: the CA must issue certificates with \
                 exactly the name of its own certificate",
                shortened(namesake)
            );
        }
        if !self.self_signed {
            let peer = match self.peer {
                Peer::Server => "server",
                Peer::Client => "client",
            };
            let sent = counted(self.certificates_sent, "certificate");
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
        if !self.system_was_asked && self.peer == Peer::Server {
            f.write_str(
                "; if the operating system trusts it, add the system store \
                 (`Roots::embedded_and_system`, with the feature `system`)",
            )?;
        }
        Ok(())
    }
}
