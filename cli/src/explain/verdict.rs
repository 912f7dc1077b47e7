//! What a policy says of a chain, in one sentence.

use std::collections::BTreeSet;

use embedded_roots::rustls::client::danger::ServerCertVerifier as _;
use embedded_roots::rustls::{self, CertificateError};
use embedded_roots::{Refusal, Roots};
use embedded_roots_bundle::{escape, iso_day, rfc3339};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde::Serialize;

use crate::explain::chain::{Chain, SentCertificate, quoted};
use crate::explain::policy::{Candidate, Policy, PolicyName, joined};
use crate::explain::program::ProgramVerdict;
use crate::explain::reason::Reason;

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Verdict {
    pub(super) policy: PolicyName,
    /// The number of its roots.
    pub(super) roots: usize,
    /// None if the policy cannot be asked, or if it depends on what is not known.
    pub(super) accepted: Option<bool>,
    /// Why it refuses.
    pub(super) reason: Option<Reason>,
    /// What it says, in a sentence without capital and full stop.
    pub(super) sentence: String,
}

/// A chain with all that a verdict depends on, the policy aside.
pub(super) struct Case<'a> {
    pub(super) chain: &'a Chain,
    pub(super) name: &'a ServerName<'static>,
    pub(super) candidates: &'a [Candidate],
    pub(super) now: UnixTime,
}

impl Case<'_> {
    pub(super) fn judge(&self, policy: &Policy) -> Verdict {
        let verdict = |roots, accepted, reason, sentence| Verdict {
            policy: policy.name.clone(),
            roots,
            accepted,
            reason,
            sentence,
        };
        let roots = match &policy.roots {
            Ok(roots) => roots,
            Err(why) => return verdict(0, None, None, escape(&why.to_string())),
        };
        let count = roots.anchors().len();
        match self.verify(roots) {
            Ok(()) => match &policy.list {
                Some(list) => {
                    let ends = self.ends();
                    let ends = ends.filter(|end| end.trusted_by.contains(&policy.name));
                    let scts = &self.chain.end_entity.scts;
                    let accepts = |roots: &Roots| self.verify(roots).is_ok();
                    let by_list = ProgramVerdict::new(list, ends, scts, self.now, accepts);
                    verdict(count, by_list.accepted, by_list.reason, by_list.sentence)
                }
                None => verdict(count, Some(true), None, self.accepted(policy)),
            },
            Err(why) => {
                let (reason, sentence) = self.refused(policy, &why);
                verdict(count, Some(false), Some(reason), sentence)
            }
        }
    }

    fn verify(&self, roots: &Roots) -> Result<(), rustls::Error> {
        self.verify_with(&self.chain.intermediates, roots)
    }

    /// What these roots say of the end-entity certificate, if it is sent with these.
    pub(super) fn verify_with(
        &self,
        intermediates: &[CertificateDer<'static>],
        roots: &Roots,
    ) -> Result<(), rustls::Error> {
        let end_entity = &self.chain.end_entity.der;
        roots
            .verifier()
            .verify_server_cert(end_entity, intermediates, self.name, &[], self.now)
            .map(drop)
    }

    fn accepted(&self, policy: &Policy) -> String {
        let mut ends = self.ends();
        let end = ends.find(|candidate| candidate.trusted_by.contains(&policy.name));
        match end {
            Some(end) => format!(
                "the chain ends in its root {}",
                quoted(&end.root.short_name())
            ),
            None => "the chain ends in one of its roots".to_owned(),
        }
    }

    /// The sentence for an error of verification.
    fn refused(&self, policy: &Policy, why: &rustls::Error) -> (Reason, String) {
        let Some(refusal) = Refusal::of(why) else {
            return by_rustls(why);
        };
        let certificate = &self.chain.end_entity.certificate;
        let sentence = with_advice(&refusal);
        if refusal.is_distrusted() {
            let start = iso_day(certificate.not_before());
            let sentence = format!("{sentence}, and this one starts on {start}");
            (Reason::Distrusted, sentence)
        } else if refusal.is_distrusted_certificate() {
            let what = "the server needs a certificate from another CA";
            (Reason::DistrustedCertificate, format!("{sentence}; {what}"))
        } else if refusal.is_outside_constraints() {
            (Reason::OutsideConstraints, sentence)
        } else if refusal.is_too_complex() {
            (Reason::TooComplex, sentence)
        } else if refusal.is_expired() {
            (Reason::Expired, self.expired())
        } else if refusal.is_not_yet_valid() {
            (Reason::NotYetValid, self.not_yet_valid())
        } else if refusal.is_wrong_name() {
            (Reason::WrongName, self.wrong_name())
        } else if refusal.is_wrong_purpose() {
            (Reason::WrongPurpose, sentence)
        } else if refusal.is_ca_as_end_entity() {
            if certificate.is_self_issued() {
                return self.self_signed(policy);
            }
            (Reason::WrongPurpose, sentence)
        } else if refusal.is_unsupported_extension() {
            (Reason::UnsupportedExtension, sentence)
        } else if refusal.is_unsupported_constraint() {
            (Reason::UnsupportedConstraint, sentence)
        } else if refusal.is_unsupported_algorithm() || refusal.is_bad_signature() {
            match self.end_elsewhere(policy) {
                Some(end) => self.foreign(policy, end),
                None if refusal.is_bad_signature() => (Reason::BadSignature, sentence),
                None => (Reason::UnsupportedAlgorithm, sentence),
            }
        } else {
            self.unknown_issuer(policy, &refusal)
        }
    }

    /// No root of the policy has issued the last certificate.
    fn unknown_issuer(&self, policy: &Policy, refusal: &Refusal) -> (Reason, String) {
        let end_entity = &self.chain.end_entity;
        if end_entity.certificate.is_self_issued() {
            return self.self_signed(policy);
        }
        if let Some(end) = self.root_ends().next() {
            return self.foreign(policy, end);
        }
        if refusal.namesake().is_some() {
            return (Reason::NameEncoding, with_advice(refusal));
        }
        let issuer = refusal.issuer().unwrap_or_default();
        let namesake = self.candidates.iter().find(|candidate| {
            let root = &candidate.root.certificate;
            !candidate.is_intermediate && root.subject() == issuer
        });
        if let Some(namesake) = namesake {
            let root = quoted(&namesake.root.short_name());
            let sentence = format!("the chain names the root {root}, but does not verify with it");
            return (Reason::BadSignature, sentence);
        }
        let others = self.chain.others.iter();
        let mut issuers = others
            .filter(|sent| sent.certificate.subject() == issuer)
            .peekable();
        let is_sent = issuers.peek().is_some();
        if let Some(root) = issuers.find(|sent| sent.certificate.is_self_issued()) {
            let root = quoted(&root.short_name());
            let sentence = format!(
                "the chain ends in {root}, which is not a known root: if it is a private root, add it"
            );
            return (Reason::UnknownRoot, sentence);
        }
        if is_sent {
            let sentence = "the certificates of the issuers were sent, but lead to no known root: they \
                            issued each other, or are too many";
            return (Reason::UnknownRoot, sentence.to_owned());
        }
        let mut all = self.chain.all();
        let last = all.find(|sent| sent.certificate.issuer() == issuer);
        let name = quoted(&last.unwrap_or(end_entity).short_issuer());
        if end_entity.certificate.issuer() == issuer {
            let sentence = format!(
                "the server did not send the certificate of {name}: send that intermediate, or, if {name} is a \
                 private root, add it"
            );
            (Reason::Incomplete, sentence)
        } else {
            let sentence = format!(
                "the chain ends in the issuer {name}, which is not a known root and was not sent: send that \
                 intermediate, or, if {name} is a private root, add it"
            );
            (Reason::UnknownRoot, sentence)
        }
    }

    /// The chain ends in a known root, which is not one of the policy.
    fn foreign(&self, policy: &Policy, end: &Candidate) -> (Reason, String) {
        let root = quoted(&end.root.short_name());
        if let Some(removed) = &end.removed {
            let when = removed.gone_and_why();
            if policy.list.is_some() {
                // Its program decides by itself.
                let sentence = format!(
                    "the chain ends in the root {root}, which is not in its list; it left Mozilla's list by {when}"
                );
                return (Reason::OtherRoot, sentence);
            }
            let compromised = end.facts.compromised();
            let compromised = compromised.map(|why| format!("; it is compromised: {}", why.why()));
            let compromised = compromised.unwrap_or_default();
            let sentence = format!("its root {root} left Mozilla's list by {when}{compromised}");
            return (Reason::RemovedRoot, sentence);
        }
        let others: BTreeSet<&PolicyName> =
            self.root_ends().flat_map(|end| &end.trusted_by).collect();
        let others = if others.is_empty() {
            "known from Mozilla's list".to_owned()
        } else {
            format!("trusted by {}", joined(others))
        };
        let sentence =
            format!("the chain ends in the root {root}, which is not in its list; {others}");
        (Reason::OtherRoot, sentence)
    }

    fn self_signed(&self, policy: &Policy) -> (Reason, String) {
        let is_root = self.candidates.iter().any(|candidate| {
            let root = candidate.root.root.certificate();
            *root == self.chain.end_entity.der && candidate.trusted_by.contains(&policy.name)
        });
        let what = if is_root {
            "is a root, and the certificate of a CA cannot be used by a server"
        } else {
            "is self-signed, and not a known root"
        };
        let sentence = format!(
            "the certificate {} {what}; if you know that it is the server's own, pin it \
             (`RootsBuilder::pinned_certificate`)",
            quoted(&self.chain.end_entity.short_name())
        );
        (Reason::SelfSigned, sentence)
    }

    fn expired(&self) -> String {
        let is_expired = |sent: &&SentCertificate| sent.certificate.not_after() < self.now;
        match self.chain.all().find(is_expired) {
            Some(sent) => {
                let day = iso_day(sent.certificate.not_after());
                format!("{} expired on {day}", self.called(sent))
            }
            None => "a certificate has expired".to_owned(),
        }
    }

    fn not_yet_valid(&self) -> String {
        let is_early = |sent: &&SentCertificate| sent.certificate.not_before() > self.now;
        match self.chain.all().find(is_early) {
            Some(sent) => {
                let start = rfc3339(sent.certificate.not_before());
                format!("{} is not valid before {start}", self.called(sent))
            }
            None => "a certificate is not valid yet".to_owned(),
        }
    }

    fn wrong_name(&self) -> String {
        let wanted = escape(&self.name.to_str());
        let names = &self.chain.end_entity.names;
        if names.is_empty() {
            return format!(
                "the certificate has no DNS name or IP address, so it is not for \"{wanted}\""
            );
        }
        let shown = names.iter().take(MOST_NAMES);
        let shown: Vec<String> = shown.map(|name| quoted(name)).collect();
        let more = match names.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown = shown.join(", ");
        format!("the certificate is for {shown}{more}, and not for \"{wanted}\"")
    }

    fn called(&self, sent: &SentCertificate) -> String {
        if sent.der == self.chain.end_entity.der {
            "the certificate".to_owned()
        } else {
            format!("the certificate of the CA {}", quoted(&sent.short_name()))
        }
    }

    /// The known roots that the chain leads to: first those that it is valid with, and that are still in
    /// Mozilla's list or another.
    fn ends(&self) -> impl Iterator<Item = &Candidate> {
        let ends = self
            .candidates
            .iter()
            .filter(|candidate| candidate.verifies);
        let mut ends: Vec<&Candidate> = ends.collect();
        ends.sort_by_key(|end| {
            let is_removed = end.removed.is_some();
            (!end.is_valid, is_removed, end.trusted_by.is_empty())
        });
        ends.into_iter()
    }

    /// Those of [`ends`](Self::ends) that are not a program's intermediates: where a root is missing, they are not what a
    /// client looks for.
    fn root_ends(&self) -> impl Iterator<Item = &Candidate> {
        self.ends().filter(|end| !end.is_intermediate)
    }

    /// Where the chain leads to, if that is no root of the policy: it can have one of the same name.
    fn end_elsewhere(&self, policy: &Policy) -> Option<&Candidate> {
        let has_own = self.ends().any(|end| end.trusted_by.contains(&policy.name));
        self.root_ends().next().filter(|_| !has_own)
    }
}

/// What the library says of a refusal.
pub(super) fn with_advice(refusal: &Refusal) -> String {
    let sentence = refusal.to_string();
    let advice = refusal.advice();
    escape(&advice.map_or(sentence.clone(), |advice| format!("{sentence}; {advice}")))
}

/// Errors of rustls that the library leaves as they are.
fn by_rustls(why: &rustls::Error) -> (Reason, String) {
    let rustls::Error::InvalidCertificate(invalid) = why else {
        return (Reason::Other, escape(&why.to_string()));
    };
    let (reason, sentence) = match invalid {
        CertificateError::BadEncoding => (Reason::Malformed, "a certificate cannot be read"),
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(why) => return by_webpki(why),
            None => return (Reason::Other, escape(&other.to_string())),
        },
        other => return (Reason::Other, escape(&other.to_string())),
    };
    (reason, sentence.to_owned())
}

/// Errors that rustls passes on.
fn by_webpki(why: &webpki::Error) -> (Reason, String) {
    use webpki::Error;

    let (reason, sentence) = match why {
        Error::EndEntityUsedAsCa => (
            Reason::WrongPurpose,
            "a certificate that is not a CA's has issued another",
        ),
        Error::PathLenConstraintViolated => (
            Reason::WrongPurpose,
            "a CA has issued a CA that it may not issue (path length)",
        ),
        Error::NameConstraintViolation => (
            Reason::OutsideConstraints,
            "a certificate has a name that is outside the name constraints of a CA of its chain",
        ),
        Error::UnsupportedCertVersion => {
            (Reason::Malformed, "a certificate is not of X.509 version 3")
        }
        other => return (Reason::Other, format!("the chain is not valid ({other})")),
    };
    (reason, sentence.to_owned())
}

const MOST_NAMES: usize = 5;
