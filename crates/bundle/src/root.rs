//! A root certificate, with what limits it.

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::error::{ParseError, subject_of};
use crate::limits::Limits;
use crate::limits::annotation::Annotation;
use crate::limits::name_constraints::{self, NameConstraints};
use crate::limits::outside::unsupported_constraint;
use crate::x509::algorithm::{Provider, unsupported_key};
use crate::x509::anchor::trust_anchor;
use crate::x509::ca;
use crate::x509::certificate::{issuer, subject};

/// One root certificate, with its annotation.
#[derive(Debug, Clone)]
pub struct Root {
    certificate: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
    annotation: Annotation,
    line: usize,
}

impl Root {
    /// Makes a root of a certificate and the annotation that narrows it.
    ///
    /// `line` is its line in the file, for messages; 0 if it has none.
    ///
    /// # Errors
    ///
    /// If webpki could not make a trust anchor of the certificate, or the annotation cannot be
    /// combined with the certificate's own name constraints.
    pub fn new(
        certificate: CertificateDer<'static>,
        annotation: Annotation,
        line: usize,
    ) -> Result<Self, ParseError> {
        let anchor = trust_anchor(&certificate)
            .map_err(|why| ParseError::new(format!("this certificate cannot be a root: {why}")))?;
        let own = anchor.name_constraints.as_deref();
        let joined = annotation.name_constraints().join(own);
        let name_constraints = joined
            .and_then(|joined| {
                joined.as_deref().map_or(Ok(()), name_constraints::check)?;
                Ok(joined)
            })
            .map_err(|why| {
                let subject = subject_of(&certificate);
                ParseError::new(format!("{subject}: {}", why.reason()))
            })?;
        let anchor = TrustAnchor {
            name_constraints: name_constraints.map(Into::into),
            ..anchor.to_owned()
        };
        Ok(Self {
            certificate,
            anchor,
            annotation,
            line,
        })
    }

    /// Makes a root of a certificate without an annotation.
    ///
    /// # Errors
    ///
    /// Fails like [`new`](Self::new), and if the certificate says that it is not a CA.
    pub fn from_der(certificate: CertificateDer<'static>) -> Result<Self, ParseError> {
        let root = Self::new(certificate, Annotation::default(), 0)?;
        root.check_ca()?;
        Ok(root)
    }

    /// Makes a root of a certificate and all of its limits, those of the certificate itself among them.
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new), and if the certificate has limits that are not among these.
    pub fn from_limits(
        certificate: CertificateDer<'static>,
        limits: Limits<'_>,
    ) -> Result<Self, ParseError> {
        let alone = Self::new(certificate, Annotation::default(), 0)?;
        if alone.limits() == limits {
            return Ok(alone);
        }
        let annotation = annotation_of(limits.lost_by(alone.limits()))?;
        let root = Self::new(alone.certificate, annotation, 0)?;
        if root.limits() == limits {
            return Ok(root);
        }
        let subject = subject_of(&root.certificate);
        Err(ParseError::new(format!(
            "{subject}: the certificate has other limits than \"{limits}\""
        )))
    }

    /// Refuses a certificate that says that it is not a CA.
    ///
    /// [`parse`](crate::parse) calls it. Call it yourself for certificates in DER. A common mistake is to
    /// trust a server's own certificate as a root, and webpki makes a trust anchor of any certificate. A
    /// certificate without this information (version 1, or neither of the two extensions) is accepted.
    ///
    /// # Errors
    ///
    /// If its basic constraints have CA false, its key usage lacks keyCertSign (RFC 5280, sections
    /// 4.2.1.9 and 4.2.1.3), or its extensions are not valid DER. The error names the subject.
    pub fn check_ca(&self) -> Result<(), ParseError> {
        let Some(why) = ca::refusal(&self.certificate) else {
            return Ok(());
        };
        let subject = subject_of(&self.certificate);
        let error = ParseError::new(format!("{subject} {why}")).of_ca_check();
        Err(error.at_line(self.line))
    }

    /// Why rustls with this provider accepts no chain to it: a part of a sentence about it.
    ///
    /// This is not an error: a program can have a provider of its own, and other roots.
    #[must_use]
    pub fn unusable(&self, provider: Provider) -> Option<String> {
        let anchor = &self.anchor;
        if let Some(why) = unsupported_key(&anchor.subject_public_key_info, provider) {
            return Some(why);
        }
        // Of those below it, each has a directory name.
        let kind = unsupported_constraint(&self.certificate, anchor.name_constraints.as_deref()?)?;
        Some(format!(
            "has name constraints of a kind that rustls does not implement: {kind}"
        ))
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Subject, key and name constraints: those of the certificate and those imposed on it.
    #[must_use]
    pub fn trust_anchor(&self) -> &TrustAnchor<'static> {
        &self.anchor
    }

    /// Consumes the root and returns its certificate and its trust anchor.
    #[must_use]
    pub fn into_certificate_and_anchor(self) -> (CertificateDer<'static>, TrustAnchor<'static>) {
        (self.certificate, self.anchor)
    }

    /// Consumes the root and returns its certificate, if that is an intermediate: one that is not trusted, and only
    /// helps to build a path.
    ///
    /// # Errors
    ///
    /// If the certificate is self-issued, does not say that it is a CA, which a root need not say, or has an
    /// annotation. The error names the subject.
    pub fn into_intermediate(self) -> Result<CertificateDer<'static>, ParseError> {
        let certificate = &self.certificate;
        let why = if subject(certificate) == issuer(certificate) {
            "is self-issued: it is a root, which cannot complete a chain; add it as a root if you trust it, or else \
             remove it"
        } else if !ca::says_ca(certificate) {
            "does not say that it is a CA (basic constraints), as an intermediate has to"
        } else if !self.annotation.is_empty() {
            "has an annotation, which only a root can have"
        } else {
            return Ok(self.certificate);
        };
        let subject = subject_of(certificate);
        Err(ParseError::new(format!("{subject} {why}")).at_line(self.line))
    }

    /// Consumes the root and returns its certificate and its distrust-after date, if it can be pinned: accepted as that
    /// of a server, as it is.
    ///
    /// # Errors
    ///
    /// If name constraints are imposed on it, which only a root can have. The error names the subject.
    pub fn into_pinned(self) -> Result<(CertificateDer<'static>, Option<UnixTime>), ParseError> {
        let distrust_after = self.distrust_after();
        if *self.annotation.name_constraints() == NameConstraints::default() {
            return Ok((self.certificate, distrust_after));
        }
        let subject = subject_of(&self.certificate);
        let why = "has name constraints as an annotation, which only a root can have";
        Err(ParseError::new(format!("{subject} {why}")).at_line(self.line))
    }

    /// Its limits: those of the certificate and those imposed on it.
    #[must_use]
    pub fn limits(&self) -> Limits<'_> {
        let name_constraints = self.anchor.name_constraints.as_deref();
        Limits::new(self.distrust_after(), name_constraints)
    }

    /// The last moment at which an end-entity certificate below this root may start to be valid.
    #[must_use]
    pub fn distrust_after(&self) -> Option<UnixTime> {
        self.annotation.distrust_after()
    }

    /// The limits that are imposed on the certificate.
    #[must_use]
    pub fn annotation(&self) -> &Annotation {
        &self.annotation
    }

    /// The line of its BEGIN, counted from 1; 0 if it has none.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

/// What an annotation can say of these limits: all but constraints on other kinds of names, which only a
/// certificate has.
fn annotation_of(limits: Limits<'_>) -> Result<Annotation, ParseError> {
    let mut annotation = Annotation::default();
    for pair in limits.to_string().split_ascii_whitespace() {
        let key = pair.split_once('=').map_or(pair, |(key, _)| key);
        if !key.ends_with("-other") {
            annotation.extend(pair)?;
        }
    }
    Ok(annotation)
}

#[cfg(test)]
mod tests {
    use embedded_roots_testing::authority::root_with;
    use rcgen::{GeneralSubtree, NameConstraints};

    use super::*;

    #[test]
    fn a_root_is_made_of_its_limits() {
        let own = NameConstraints {
            permitted_subtrees: vec![
                GeneralSubtree::DnsName("example".to_owned()),
                GeneralSubtree::Rfc822Name("example".to_owned()),
            ],
            excluded_subtrees: Vec::new(),
        };
        for own in [None, Some(own)] {
            let has_own = own.is_some();
            let ca = root_with("CA", |params| params.name_constraints = own);
            let certificate = ca.der().clone();
            for text in [
                "",
                "distrust-after=2026-04-15T23:59:59Z",
                "permitted-dns=a.example",
                "excluded-ip=10.0.0.0/8",
                "distrust-after=2026-04-15T23:59:59Z permitted-ip=fd00::/8 excluded-dns=.a.example",
            ] {
                let mut annotation = Annotation::default();
                if !text.is_empty() {
                    annotation.extend(text).unwrap();
                }
                let root = Root::new(certificate.clone(), annotation, 0).unwrap();
                let same = Root::from_limits(certificate.clone(), root.limits()).unwrap();
                assert_eq!(same.limits(), root.limits(), "{text}");
                // Which a file keeps.
                let shown = same.annotation().to_string();
                assert_eq!(shown.is_empty(), text.is_empty(), "{shown}");
            }
            // The certificate has more.
            let without = Root::from_limits(certificate, Limits::default());
            assert_eq!(without.is_err(), has_own);
        }
    }
}
