//! Why a peer was refused.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter;
use std::sync::Arc;

use embedded_roots_bundle::{DistinguishedName, Limits, escape, issuer, rfc3339, shorten, subject};
use rustls::{CertificateError, OtherError};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::bundle::anchor::Anchor;
use crate::source::crlite::status::CrliteReport;
use crate::trust::distrust::DistrustOrigin;
use crate::trust::set::TrustSet;
use crate::verify::reason::{Defect, Kind, Peer, Reason, UnknownIssuer};
use crate::verify::search::{Chain, Purpose};

/// Why a server or a client was refused, for people: which issuer is not trusted, after which date its certificate was
/// issued, which of its names is outside a CA's name constraints, which certificate is distrusted, has expired, is for
/// other names, has an algorithm, a critical extension or a name constraint that is not supported, or is for another
/// purpose, or that the certificates allow too many paths to a root.
///
/// `Display` is one sentence of at most 200 characters, and [`advice`](Refusal::advice) says what to do. `Debug` is
/// both, because rustls shows it. All text of a peer is escaped. [`Refusal::of`] finds it in the error of a client:
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
///
/// # The error of rustls, and the alert
///
/// rustls chooses the alert that it sends to the peer by the error of its verifier. Errors of rustls that say all
/// themselves are left as they are, so code that matches on them works, and the alert is that of rustls: expired, not
/// yet valid, for other names, revoked by a CRL. No other error of rustls has room for an explanation, so a refusal is
/// inside [`CertificateError::Other`], whose alert is `certificate_unknown`, even if rustls alone would return
/// [`CertificateError::UnknownIssuer`] and send `unknown_ca`. [`replaced_error`](Refusal::replaced_error) is the error
/// of rustls. If its alert matters more to you than the explanation, since people read the logs of the servers, see
/// [`plain_errors`](crate::RootsBuilder::plain_errors).
#[derive(Clone)]
pub struct Refusal(Box<Explanation>);

#[derive(Clone)]
struct Explanation {
    reason: Reason,
    /// The error of rustls that it explains.
    replaced: Option<rustls::Error>,
}

impl Refusal {
    /// The refusal in an error or in the errors that it wraps.
    ///
    /// An error of rustls that says why is explained, too, whichever verifier has returned it: an expired certificate,
    /// for example. One that does not, such as [`CertificateError::UnknownIssuer`], is not.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(refusal) = error.downcast_ref::<Self>() {
                return Some(refusal.clone());
            }
            next = match (
                error.downcast_ref::<rustls::Error>(),
                error.downcast_ref::<io::Error>(),
            ) {
                (Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))), _) => {
                    Some(&*other.0)
                }
                (Some(rustls::Error::InvalidCertificate(error)), _) => {
                    return of_rustls(error);
                }
                // `io::Error::source` skips the inner error and returns that error's source.
                (None, Some(error)) => error.get_ref().map(|error| error as _),
                _ => error.source().or_else(|| in_ureq(error)),
            };
        }
        None
    }

    /// The error that rustls alone would return for the same chain, such as
    /// [`CertificateError::InvalidPurposeContext`], or the one that it has for what CRLite data says:
    /// [`CertificateError::Revoked`] or [`CertificateError::UnknownRevocationStatus`]. There is none for a certificate
    /// that only embedded-roots refuses, such as one whose key is distrusted.
    #[must_use]
    pub fn replaced_error(&self) -> Option<&rustls::Error> {
        self.0.replaced.as_ref()
    }

    /// What to do about it, in a sentence without capital and full stop. `None` if no advice helps.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let advice = self.0.reason.advice();
        (!advice.is_empty()).then_some(advice)
    }

    /// Whether a certificate of the chain has expired.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.is_of_rustls(Kind::Expired)
    }

    /// Whether a certificate of the chain is not valid yet.
    #[must_use]
    pub fn is_not_yet_valid(&self) -> bool {
        self.is_of_rustls(Kind::NotYetValid)
    }

    /// Whether the certificate is for other names than the one that was asked for.
    #[must_use]
    pub fn is_wrong_name(&self) -> bool {
        self.is_of_rustls(Kind::WrongName)
    }

    /// Whether a signature of the chain is not by the key of the issuer that is named. Often another CA has the same
    /// name.
    #[must_use]
    pub fn is_bad_signature(&self) -> bool {
        matches!(self.0.reason, Reason::BadSignature { .. })
    }

    /// Whether the certificate of the peer is that of a CA (RFC 5280, section 4.2.1.9: cA is true), which webpki
    /// refuses. [`pinned_certificate`](crate::RootsBuilder::pinned_certificate) accepts exactly that certificate.
    #[must_use]
    pub fn is_ca_as_end_entity(&self) -> bool {
        self.is_unsuitable(Defect::Ca)
    }

    /// Whether the last issuer of the chain is not the subject of any root.
    #[must_use]
    pub fn is_unknown_issuer(&self) -> bool {
        matches!(self.0.reason, Reason::UnknownIssuer(_))
    }

    /// Whether the chain needs a root that is trusted only for older certificates, because of its
    /// distrust-after date. The root is found by its name: its signature was not checked.
    #[must_use]
    pub fn is_distrusted(&self) -> bool {
        matches!(self.0.reason, Reason::Distrusted { .. })
    }

    /// Whether the key or the certificate of the peer, or of an intermediate that every path to a root needs, is
    /// distrusted. The reason is a public private key, or
    /// [`distrust_key`](crate::RootsBuilder::distrust_key),
    /// [`distrust_certificate`](crate::RootsBuilder::distrust_certificate),
    /// [`distrust_file`](crate::RootsBuilder::distrust_file) or OneCRL (feature `onecrl`).
    #[must_use]
    pub fn is_distrusted_certificate(&self) -> bool {
        matches!(
            self.0.reason,
            Reason::DistrustedCertificate { .. } | Reason::DistrustedByWebpki
        )
    }

    /// Whether the distrusted certificate is revoked by OneCRL, Mozilla's list of revoked intermediates (feature
    /// `onecrl`).
    #[must_use]
    pub fn is_revoked_by_onecrl(&self) -> bool {
        matches!(
            self.0.reason,
            Reason::DistrustedCertificate {
                by: DistrustOrigin::OneCrl,
                ..
            }
        )
    }

    /// Whether the names in the certificates that the peer sent allow too many paths to a root. None was tried:
    /// there are far more than in any real chain, and they could keep a processor busy.
    #[must_use]
    pub fn is_too_complex(&self) -> bool {
        matches!(self.0.reason, Reason::TooComplex)
    }

    /// Whether the end-entity certificate is revoked by [CRLite data](crate::RootsBuilder) (feature `crlite`).
    #[must_use]
    pub fn is_revoked_by_crlite(&self) -> bool {
        matches!(self.0.reason, Reason::Crlite { is_revoked, .. } if is_revoked)
    }

    /// Whether the CRLite data (feature `crlite`) is too old to tell whether the end-entity certificate is revoked, and
    /// the policy refuses it for that.
    #[must_use]
    pub fn is_stale_crlite(&self) -> bool {
        matches!(self.0.reason, Reason::Crlite { is_revoked, .. } if !is_revoked)
    }

    /// Whether the crypto provider cannot verify a signature of the chain, because of its algorithm or the key of
    /// its issuer. The text says whether another provider can.
    #[must_use]
    pub fn is_unsupported_algorithm(&self) -> bool {
        self.is_unsuitable(Defect::Algorithm)
    }

    /// Whether a certificate has a critical extension that webpki does not process. RFC 5280, section 4.2, says
    /// that such a certificate must be refused.
    #[must_use]
    pub fn is_unsupported_extension(&self) -> bool {
        self.is_unsuitable(Defect::CriticalExtension)
    }

    /// Whether a CA has name constraints of a kind that webpki does not implement, such as directory names. The
    /// certificate may have only names that are permitted.
    #[must_use]
    pub fn is_unsupported_constraint(&self) -> bool {
        self.is_unsuitable(Defect::NameConstraint)
    }

    /// Whether a certificate is not for servers, or not for clients, by its extended key usage.
    #[must_use]
    pub fn is_wrong_purpose(&self) -> bool {
        self.is_unsuitable(Defect::Purpose) || self.is_of_rustls(Kind::WrongPurpose)
    }

    /// The name (RFC 4514) of the certificate that is distrusted or revoked, has something unsupported, or is for another
    /// purpose, if that is the reason and it is known.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::DistrustedCertificate { certificate, .. }
            | Reason::Crlite { certificate, .. }
            | Reason::Unsuitable { certificate, .. } => Some(certificate),
            _ => None,
        }
    }

    /// The advisories about a distrusted key, separated by commas, if that is the reason and advisories are known:
    /// `CVE-2026-111943,RUSTSEC-2026-0382`.
    #[must_use]
    pub fn advisories(&self) -> Option<&str> {
        match self.0.reason {
            Reason::DistrustedCertificate {
                by: DistrustOrigin::Key(key),
                ..
            } => Some(key.advisories()),
            _ => None,
        }
    }

    /// Whether a name of the certificate is outside the name constraints of its root (its own, or imposed
    /// ones) or of an intermediate.
    #[must_use]
    pub fn is_outside_constraints(&self) -> bool {
        matches!(self.0.reason, Reason::OutsideConstraints { .. })
    }

    /// The name (RFC 4514) of the issuer that is not trusted, if that is the reason.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::UnknownIssuer(unknown) => Some(&unknown.issuer),
            _ => None,
        }
    }

    /// The name (RFC 4514) of a root or of a certificate that the peer sent, if the issuer is unknown only because
    /// that name is encoded otherwise: by another string type, in another letter case or with other spaces.
    #[must_use]
    pub fn namesake(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::UnknownIssuer(unknown) => unknown.namesake.as_deref(),
            _ => None,
        }
    }

    /// The name (RFC 4514) of the root that is distrusted, has name constraints, or did not sign the chain that names
    /// it, if that is the reason.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::Distrusted { root, .. } | Reason::BadSignature { root } => Some(root),
            Reason::OutsideConstraints { ca, is_root, .. } => is_root.then_some(ca),
            _ => None,
        }
    }

    /// The last moment at which the end-entity certificate may have started to be valid, if that is
    /// the reason.
    #[must_use]
    pub fn distrust_after(&self) -> Option<UnixTime> {
        match self.0.reason {
            Reason::Distrusted { distrust_after, .. } => Some(distrust_after),
            _ => None,
        }
    }

    /// How many certificates the peer sent, if the reason is an unknown issuer. If it sent only one, it
    /// often lacks its intermediates.
    #[must_use]
    pub fn certificates_sent(&self) -> Option<usize> {
        match self.0.reason {
            Reason::UnknownIssuer(ref unknown) => Some(unknown.certificates_sent),
            _ => None,
        }
    }

    /// The DNS name or IP address of the certificate that is outside the name constraints, if that is the
    /// reason.
    #[must_use]
    pub fn presented_name(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::OutsideConstraints { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The name constraints, of a root its own and imposed ones, in the grammar of annotations:
    /// `permitted-dns=.tr`.
    #[must_use]
    pub fn name_constraints(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::OutsideConstraints { constraints, .. } => Some(constraints),
            _ => None,
        }
    }

    /// The reason, for machines.
    #[cfg(feature = "serde")]
    pub(super) fn word(&self) -> &'static str {
        self.0.reason.word()
    }

    pub(super) fn distrusted(root: &Anchor, distrust_after: UnixTime) -> Self {
        let root = root.subject();
        Self::new(Reason::Distrusted {
            root,
            distrust_after,
        })
    }

    /// `constraints` are those of a root, or of an intermediate.
    // One copy, since every program links it.
    #[inline(never)]
    pub(super) fn outside_constraints(
        ca: DistinguishedName<'_>,
        is_root: bool,
        constraints: &[u8],
        name: String,
    ) -> Self {
        Self::new(Reason::OutsideConstraints {
            ca: shown(Some(ca)),
            is_root,
            constraints: Limits::new(None, Some(constraints)).to_string(),
            name,
        })
    }

    pub(super) fn too_complex() -> Self {
        Self::new(Reason::TooComplex)
    }

    /// The name is the subject of the certificate, or of a root that was not sent.
    pub(super) fn by_distrust(name: Option<DistinguishedName<'_>>, by: DistrustOrigin) -> Self {
        let certificate = shown(name);
        Self::new(Reason::DistrustedCertificate { certificate, by })
    }

    pub(super) fn by_webpki_distrust() -> Self {
        Self::new(Reason::DistrustedByWebpki)
    }

    pub(super) fn by_crlite(
        end_entity: &CertificateDer<'_>,
        is_revoked: bool,
        report: &CrliteReport,
    ) -> Self {
        let as_of = report.as_of().map(rfc3339).unwrap_or_default();
        Self::new(Reason::Crlite {
            certificate: shown(subject(end_entity)),
            is_revoked,
            data: [&as_of, ", ", report.origin()].concat(),
        })
    }

    /// `why` continues the sentence `the certificate "CN=Example"`.
    // One copy, since every program links it.
    #[inline(never)]
    pub(super) fn unsuitable(
        certificate: Option<DistinguishedName<'_>>,
        defect: Defect,
        why: String,
        advice: &'static str,
    ) -> Self {
        Self::new(Reason::Unsuitable {
            certificate: shown(certificate),
            defect,
            why,
            advice,
        })
    }

    /// The certificate of the server is pinned for another name.
    pub(super) fn pinned_for(given: &ServerName<'_>, name: &ServerName<'_>) -> Self {
        let [given, asked] = [given, name].map(|name| escape(&name.to_str()));
        let why = format!(
            "the certificate is pinned for {}, and not for {}",
            shorten(&given, 60),
            shorten(&asked, 60)
        );
        let replaced = CertificateError::NotValidForNameContext {
            expected: name.to_owned(),
            presented: vec![format!("{given:?}")],
        };
        let reason = Reason::Other {
            kind: Kind::WrongName,
            why,
            advice: "pin it for this name, too (`RootsBuilder::pinned_certificate_for`)",
        };
        Self::new(reason).replacing(replaced.into())
    }

    pub(super) fn bad_signature(root: DistinguishedName<'_>) -> Self {
        let root = shown(Some(root));
        Self::new(Reason::BadSignature { root })
    }

    /// `completed` is what was sent and is not distrusted, with known intermediates; names lead from the end entity to
    /// `reached`.
    pub(super) fn unknown_issuer(
        chain: Chain<'_>,
        completed: &[CertificateDer<'_>],
        reached: &[&CertificateDer<'_>],
        trust_set: &TrustSet,
    ) -> Self {
        let Chain {
            end_entity,
            intermediates,
            ..
        } = chain;
        if let Some((name, by)) = distrusted_issuer(chain, reached, trust_set) {
            return Self::by_distrust(Some(name), by);
        }
        let last = last_of_chain(end_entity, completed);
        let issuer = issuer(last);
        let (sources, system_was_asked) = trust_set.asked();
        Self::new(Reason::UnknownIssuer(UnknownIssuer {
            peer: match chain.purpose {
                Purpose::Server(_) => Peer::Server,
                Purpose::Client => Peer::Client,
            },
            self_signed: issuer.is_some() && issuer == subject(last),
            is_own_issuer: issuer.is_some() && issuer == subject(end_entity),
            issuer: shown(issuer),
            certificates_sent: 1 + intermediates.len(),
            namesake: issuer.and_then(|issuer| namesake(issuer, completed, trust_set)),
            sources,
            system_was_asked,
        }))
    }

    /// With the error that it explains.
    pub(super) fn replacing(mut self, error: rustls::Error) -> Self {
        self.0.replaced = Some(error);
        self
    }

    // One copy, since every program links it.
    #[inline(never)]
    fn new(reason: Reason) -> Self {
        Self(Box::new(Explanation {
            reason,
            replaced: None,
        }))
    }

    fn is_of_rustls(&self, of: Kind) -> bool {
        matches!(self.0.reason, Reason::Other { kind, .. } if kind == of)
    }

    fn is_unsuitable(&self, by: Defect) -> bool {
        matches!(self.0.reason, Reason::Unsuitable { defect, .. } if defect == by)
    }
}

/// What an error of rustls says.
fn of_rustls(error: &CertificateError) -> Option<Refusal> {
    let (kind, why, advice) = match error {
        CertificateError::ExpiredContext { time, not_after } => (
            Kind::Expired,
            format!(
                "a certificate of the chain expired at {}, and it is {} by the clock",
                rfc3339(*not_after),
                rfc3339(*time)
            ),
            CLOCK,
        ),
        CertificateError::NotValidYetContext { time, not_before } => (
            Kind::NotYetValid,
            format!(
                "a certificate of the chain is not valid before {}, and it is {} by the clock",
                rfc3339(*not_before),
                rfc3339(*time)
            ),
            CLOCK,
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => (
            Kind::WrongName,
            for_other_names(&expected.to_str(), presented),
            if presented.iter().all(|name| shown_name(name).is_none()) {
                "names must be in the extension subjectAltName; if you know the server, pin its certificate for this \
                 name (`RootsBuilder::pinned_certificate_for`)"
            } else {
                "use one of the names in its certificate, or let its CA issue one for this name"
            },
        ),
        CertificateError::Expired => (
            Kind::Expired,
            "a certificate of the chain has expired, or ends before it starts".to_owned(),
            CLOCK,
        ),
        CertificateError::NotValidYet => (
            Kind::NotYetValid,
            "a certificate of the chain is not valid yet".to_owned(),
            CLOCK,
        ),
        CertificateError::NotValidForName => (
            Kind::WrongName,
            "the certificate is for other names".to_owned(),
            "",
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => (
            Kind::WrongPurpose,
            "a certificate of the chain is for another purpose, by its extended key usage"
                .to_owned(),
            "",
        ),
        _ => return None,
    };
    let reason = Reason::Other { kind, why, advice };
    Some(Refusal::new(reason).replacing(error.clone().into()))
}

const CLOCK: &str = "if the clock is right, the peer needs a new certificate";

/// `presented` are names as webpki shows them: `DnsName("a.example")`, `IpAddress(192.0.2.1)`. Nobody asks for those of
/// other kinds.
fn for_other_names(expected: &str, presented: &[String]) -> String {
    let names = presented.iter().map(|name| shown_name(name));
    let names: Vec<_> = names.flatten().collect();
    let mut why = "the certificate is for ".to_owned();
    for (nth, name) in names.iter().take(MOST_NAMES).enumerate() {
        if nth > 0 {
            why.push_str(", ");
        }
        why.push_str(&shorten(&escape(name), LONGEST_NAME));
    }
    match names.len() {
        0 => why.push_str("no DNS name or IP address"),
        count if count > MOST_NAMES => {
            why.push_str(&[" and ", &(count - MOST_NAMES).to_string(), " more"].concat());
        }
        _ => {}
    }
    why.push_str(", and not for ");
    why.push_str(&shorten(&escape(expected), LONGEST_NAME));
    why
}

fn shown_name(name: &str) -> Option<&str> {
    let dns = name
        .strip_prefix("DnsName(\"")
        .and_then(|name| name.strip_suffix("\")"));
    let address = || name.strip_prefix("IpAddress(")?.strip_suffix(')');
    match dns {
        Some(name) => Some(name),
        // webpki 0.103.17 shows 2001:db8:0:1:: as 2001:db8::1.
        None if address()?.contains(':') => Some("an IPv6 address"),
        None => address(),
    }
}

const MOST_NAMES: usize = 3;
const LONGEST_NAME: usize = 30;

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

/// The name of a root or of a certificate that was sent, if it is the same name (RFC 5280, section 7.1) in other bytes.
fn namesake(
    name: DistinguishedName<'_>,
    sent: &[CertificateDer<'_>],
    trust_set: &TrustSet,
) -> Option<String> {
    let is_namesake = |other: &DistinguishedName<'_>| *other != name && other.matches(&name);
    for sent in sent {
        if let Some(other) = subject(sent).filter(is_namesake) {
            return Some(other.to_string());
        }
    }
    for root in trust_set.anchors() {
        let other = DistinguishedName::new(&root.trust_anchor().subject);
        if is_namesake(&other) {
            return Some(other.to_string());
        }
    }
    None
}

#[inline(never)]
fn shown(name: Option<DistinguishedName<'_>>) -> String {
    name.map_or_else(|| "unreadable".to_owned(), |name| name.to_string())
}

/// An issuer that was not sent, and is left out because it is distrusted.
fn distrusted_issuer<'a>(
    chain: Chain<'a>,
    reached: &[&'a CertificateDer<'a>],
    trust_set: &TrustSet,
) -> Option<(DistinguishedName<'a>, DistrustOrigin)> {
    let below = iter::once(chain.end_entity).chain(reached.iter().copied());
    for name in below.filter_map(|below| issuer(below)) {
        let root = trust_set.distrusted_root(name.as_der());
        let mut sent = chain.intermediates.iter();
        let by = match root {
            Some(root) => Some(root.by),
            None if sent.any(|sent| subject(sent) == Some(name)) => None,
            None => trust_set.intermediates().distrusted(name),
        };
        if let Some(by) = by {
            return Some((name, by));
        }
    }
    None
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

/// The error of rustls that a refusal replaces; any other error as it is.
pub(super) fn plain_error(refused: rustls::Error) -> rustls::Error {
    match &refused {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            let refusal = other.0.downcast_ref::<Refusal>();
            let replaced = refusal.and_then(Refusal::replaced_error).cloned();
            replaced.unwrap_or(refused)
        }
        _ => refused,
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.reason.fmt(f)
    }
}

/// The sentence and the advice, because rustls shows the `Debug` of an `OtherError`.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl Error for Refusal {}

impl From<Refusal> for rustls::Error {
    #[inline(never)]
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}
