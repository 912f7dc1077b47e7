//! Roots, and sets of them.

use std::cmp::Ordering;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::anchor::trust_anchor;
use crate::annotation::Annotation;
use crate::certificate::not_after;
use crate::error::{ParseError, subject_of};
use crate::name_constraints;

/// One root certificate, with what is imposed on it.
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

    /// Makes a root of a certificate that no text says anything about.
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new), and if it says that it is not a CA.
    pub fn from_der(certificate: CertificateDer<'static>) -> Result<Self, ParseError> {
        let root = Self::new(certificate, Annotation::default(), 0)?;
        root.check_ca()?;
        Ok(root)
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

    /// The last moment at which an end-entity certificate below this root may start to be valid.
    #[must_use]
    pub fn distrust_after(&self) -> Option<UnixTime> {
        self.annotation.distrust_after()
    }

    /// What is imposed on the certificate.
    #[must_use]
    pub fn annotation(&self) -> &Annotation {
        &self.annotation
    }

    /// The line of its BEGIN, counted from 1; 0 if it has none.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// By subject, then by key.
    fn cmp_identity(&self, other: &Self) -> Ordering {
        fn identity(root: &Root) -> (&[u8], &[u8]) {
            (&root.anchor.subject, &root.anchor.subject_public_key_info)
        }
        identity(self).cmp(&identity(other))
    }
}

/// A set of roots, unique by subject and key, in an order that does not depend on that of the
/// input.
#[derive(Debug, Clone)]
pub struct ParsedBundle {
    roots: Vec<Root>,
}

impl ParsedBundle {
    /// A bundle of all these roots.
    ///
    /// Of certificates with the same subject and key, it keeps the one that is valid longest.
    ///
    /// # Errors
    ///
    /// If two such certificates have different limits: keeping either would ignore the limits of
    /// the other.
    pub fn new(mut roots: Vec<Root>) -> Result<Self, ParseError> {
        roots.sort_unstable_by(|one, other| {
            // The last two only make the order, and so the output, deterministic.
            one.cmp_identity(other)
                .then_with(|| not_after(&other.certificate).cmp(&not_after(&one.certificate)))
                .then_with(|| one.certificate.cmp(&other.certificate))
                .then_with(|| one.annotation.cmp(&other.annotation))
        });
        let mut kept: Vec<Root> = Vec::with_capacity(roots.len());
        for root in roots {
            let Some(same) = kept.last().filter(|kept| kept.cmp_identity(&root).is_eq()) else {
                kept.push(root);
                continue;
            };
            let limits =
                |root: &Root| (root.anchor.name_constraints.clone(), root.distrust_after());
            if limits(same) != limits(&root) {
                let subject = subject_of(&root.certificate);
                let (first, second) = (same.line.min(root.line), same.line.max(root.line));
                return Err(ParseError::new(format!(
                    "{subject} appears more than once (lines {first} and {second}) and under \
                     different constraints: annotate all of them alike, or keep one"
                )));
            }
        }
        Ok(Self { roots: kept })
    }

    /// Keeps the roots for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Root) -> bool) {
        self.roots.retain(keep);
    }

    /// The roots without an annotation, which are safe to give to readers that ignore annotations.
    #[must_use]
    pub fn without_annotated(&self) -> Self {
        let mut plain = self.clone();
        plain.retain(|root| root.annotation().is_empty());
        plain
    }

    /// The roots, sorted by subject and key.
    #[must_use]
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }
}
