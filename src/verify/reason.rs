//! The reasons of refusals, and their texts.

use std::borrow::Cow;
use std::fmt;

use embedded_roots_bundle::{counted, rfc3339, shorten};
use rustls_pki_types::UnixTime;

use crate::trust::distrust::DistrustOrigin;
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
        by: DistrustOrigin,
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
        advice: &'static str,
    },
    /// A signature is by another key than that of the issuer.
    BadSignature {
        /// The root that the chain names.
        root: String,
    },
    /// An error of rustls that says all itself.
    Other {
        kind: Kind,
        why: String,
        advice: &'static str,
    },
}

/// What an error of rustls is about.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Expired,
    NotYetValid,
    WrongName,
    WrongPurpose,
}

/// Why a certificate cannot be used, although nobody distrusts it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Defect {
    Algorithm,
    CriticalExtension,
    NameConstraint,
    Purpose,
    /// It is a CA, and not the certificate of a peer.
    Ca,
}

#[derive(Clone)]
pub(super) struct UnknownIssuer {
    pub(super) peer: Peer,
    pub(super) issuer: String,
    pub(super) self_signed: bool,
    /// The peer's own certificate has signed itself.
    pub(super) is_own_issuer: bool,
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

/// One short sentence.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shorten(&self.sentence(), LONGEST))
    }
}

impl Reason {
    /// What to do about it. Empty if nothing is known that helps.
    pub(super) fn advice(&self) -> String {
        match self {
            Reason::UnknownIssuer(unknown) => unknown.advice(),
            Reason::Unsuitable { advice, .. } | Reason::Other { advice, .. } => {
                (*advice).to_owned()
            }
            Reason::TooComplex => "send the certificates of one path".to_owned(),
            Reason::BadSignature { .. } => {
                "if another CA has this name, add its certificate; if a CA has a new key, update its root".to_owned()
            }
            Reason::Distrusted { .. }
            | Reason::OutsideConstraints { .. }
            | Reason::DistrustedCertificate { .. }
            | Reason::DistrustedByWebpki
            | Reason::Crlite { .. } => String::new(),
        }
    }

    #[cfg(feature = "serde")]
    pub(super) fn word(&self) -> &'static str {
        match self {
            Reason::UnknownIssuer(_) => "unknown-issuer",
            Reason::Distrusted { .. } => "distrusted",
            Reason::OutsideConstraints { .. } => "outside-constraints",
            Reason::TooComplex => "too-complex",
            Reason::DistrustedCertificate { .. } | Reason::DistrustedByWebpki => {
                "distrusted-certificate"
            }
            Reason::Crlite { is_revoked, .. } if *is_revoked => "revoked-by-crlite",
            Reason::Crlite { .. } => "stale-crlite",
            Reason::BadSignature { .. } => "bad-signature",
            Reason::Unsuitable { defect, .. } => match defect {
                Defect::Algorithm => "unsupported-algorithm",
                Defect::CriticalExtension => "unsupported-extension",
                Defect::NameConstraint => "unsupported-constraint",
                Defect::Purpose => "wrong-purpose",
                Defect::Ca => "ca-as-end-entity",
            },
            Reason::Other { kind, .. } => match kind {
                Kind::Expired => "expired",
                Kind::NotYetValid => "not-yet-valid",
                Kind::WrongName => "wrong-name",
                Kind::WrongPurpose => "wrong-purpose",
            },
        }
    }

    fn sentence(&self) -> String {
        match self {
            Reason::Distrusted {
                root,
                distrust_after,
            } => {
                let date = rfc3339(*distrust_after);
                format!(
                    "the root \"{}\" is distrusted for certificates that start to be valid after {date}",
                    name(root)
                )
            }
            Reason::OutsideConstraints {
                ca,
                is_root,
                constraints,
                name: outside,
            } => {
                let (kind, origin) = if *is_root {
                    ("root", " (its own or imposed)")
                } else {
                    ("intermediate", "")
                };
                format!(
                    "the certificate is for \"{}\", which is outside the name constraints of the {kind} \"{}\"{origin}: \
                     {constraints}",
                    name(outside),
                    name(ca),
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
                    "may be revoked: the CRLite data is too old, of"
                };
                format!("the certificate \"{}\" {why} {data}", name(certificate))
            }
            Reason::Unsuitable {
                certificate, why, ..
            } => format!("the certificate \"{}\" {why}", name(certificate)),
            Reason::TooComplex => format!(
                "the certificates sent allow too many paths to a root: more than {MOST_PAIRS} pairs of a \
                 certificate and a possible issuer would be tried"
            ),
            Reason::DistrustedCertificate { certificate, by } => {
                format!("the certificate \"{}\" is refused: {by}", name(certificate))
            }
            Reason::DistrustedByWebpki => {
                "a certificate of the chain is refused: its key is distrusted by rustls-webpki"
                    .to_owned()
            }
            Reason::BadSignature { root } => format!(
                "a signature was not made with the key of the named issuer, in a chain that leads to \"{}\"",
                name(root)
            ),
            Reason::Other { why, .. } => why.clone(),
            Reason::UnknownIssuer(unknown) => {
                let what = if unknown.self_signed {
                    "self-signed certificate"
                } else {
                    "issuer"
                };
                format!(
                    "the {what} \"{}\" is not trusted by {}",
                    name(&unknown.issuer),
                    unknown.sources
                )
            }
        }
    }
}

/// The start of a name, so that the rest of a sentence is shown, too.
fn name(name: &str) -> Cow<'_, str> {
    shorten(name, 60)
}

/// The most characters of a sentence, without the dots at the end.
const LONGEST: usize = 197;

impl UnknownIssuer {
    fn advice(&self) -> String {
        if let Some(namesake) = &self.namesake {
            return format!(
                "there is a certificate of \"{}\", but that name differs in string type, letter case or spaces, and \
                 names are compared byte by byte: the CA must issue certificates with exactly the name of its own \
                 certificate",
                name(namesake)
            );
        }
        let mut advice = String::new();
        if !self.self_signed {
            let peer = match self.peer {
                Peer::Server => "server",
                Peer::Client => "client",
            };
            let sent = counted(self.certificates_sent, "certificate");
            advice = format!(
                "the {peer} sent {sent}: if the issuer is an intermediate CA, the {peer} must also send that CA's \
                 certificate; "
            );
        }
        if self.is_own_issuer && self.peer == Peer::Server {
            advice.push_str(PIN);
            return advice;
        }
        advice.push_str(
            "if it is a private CA, add its certificate (`RootsBuilder::pem_file`, `include_bundle!`, or the feature \
             `custom`)",
        );
        // A system trusts CAs of servers, so this would be bad advice for clients.
        if !self.system_was_asked && self.peer == Peer::Server {
            advice.push_str(
                "; if the operating system trusts it, add the system store (`Roots::embedded_and_system`, with the \
                 feature `system`)",
            );
        }
        advice
    }
}

/// What to do with the certificate of a server that is its own issuer.
pub(super) const PIN: &str = "if you know that this is the server's own certificate, pin it (`RootsBuilder::pinned_certificate`)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_one_short_sentence() {
        let long = || "x".repeat(10_000);
        let unknown = |self_signed| {
            Reason::UnknownIssuer(UnknownIssuer {
                peer: Peer::Server,
                issuer: long(),
                self_signed,
                is_own_issuer: false,
                certificates_sent: 10,
                namesake: Some(long()),
                sources: long(),
                system_was_asked: false,
            })
        };
        let outside = |is_root| Reason::OutsideConstraints {
            ca: long(),
            is_root,
            constraints: long(),
            name: long(),
        };
        let by_crlite = |is_revoked| Reason::Crlite {
            certificate: long(),
            is_revoked,
            data: long(),
        };
        for reason in [
            unknown(true),
            unknown(false),
            outside(true),
            outside(false),
            by_crlite(true),
            by_crlite(false),
            Reason::Distrusted {
                root: long(),
                distrust_after: UnixTime::now(),
            },
            Reason::TooComplex,
            Reason::DistrustedCertificate {
                certificate: long(),
                by: DistrustOrigin::OneCrl,
            },
            Reason::DistrustedByWebpki,
            Reason::Unsuitable {
                certificate: long(),
                defect: Defect::Algorithm,
                why: long(),
                advice: "",
            },
            Reason::BadSignature { root: long() },
            Reason::Other {
                kind: Kind::WrongName,
                why: long(),
                advice: "",
            },
        ] {
            let text = reason.to_string();
            assert!(text.chars().count() <= 200, "{text}");
            let is_sentence = text.starts_with(char::is_lowercase) && !text.ends_with(". ");
            assert!(is_sentence && !text.contains('\n'), "{text}");
        }
    }
}
