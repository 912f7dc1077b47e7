//! A root, with what is known of it.

use std::fmt::Display;

use embedded_roots::inspect::Certificate;
use embedded_roots::{Anchor, Roots, mozilla};
use embedded_roots_bundle::digest::hex;
use embedded_roots_bundle::{
    self as bundle, DistinguishedName, escape, not_after, not_before, rfc3339, subject,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::{Serialize, Serializer};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::compromise::Compromise;
use crate::history::{History, Standing};
use crate::outcome::Result;
use crate::place::Place;

/// A root of a file or a list.
#[allow(
    clippy::struct_field_names,
    reason = "it is the root, and the rest is about it"
)]
pub(crate) struct InspectedRoot {
    pub(crate) root: bundle::Root,
    pub(crate) certificate: Certificate,
    /// Where it is in a file.
    pub(crate) place: Place,
    /// A program has the key alone, and the newest known certificate stands for it.
    pub(crate) is_key_alone: bool,
    /// Chrome wants an SCT that is not younger.
    pub(crate) sct_not_after: Option<UnixTime>,
}

impl InspectedRoot {
    pub(crate) fn new(root: bundle::Root) -> Result<Self> {
        let certificate = Certificate::from_der(root.certificate())?;
        Ok(Self {
            root,
            certificate,
            place: Place::default(),
            is_key_alone: false,
            sct_not_after: None,
        })
    }

    #[must_use]
    pub(crate) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// What is wrong with its validity, if that cannot be read.
    pub(crate) fn unreadable_validity(&self) -> Option<&'static str> {
        let der = self.root.certificate();
        let is_unreadable = not_before(der).is_none() || not_after(der).is_none();
        is_unreadable.then_some(
            "has a validity time that RFC 5280 does not allow (section 4.1.2.5), which other readers refuse",
        )
    }

    /// A certificate without an annotation.
    pub(crate) fn from_der(der: CertificateDer<'static>) -> Result<Self> {
        Self::new(bundle::Root::new(der, bundle::Annotation::default(), 0)?)
    }

    /// What [`Certificate`] does not have of it.
    pub(crate) fn x509(&self) -> Option<X509Certificate<'_>> {
        let (_, certificate) = X509Certificate::from_der(self.root.certificate()).ok()?;
        Some(certificate)
    }

    /// Subject and key, as in a trust anchor.
    pub(crate) fn identity(&self) -> (&[u8], &[u8]) {
        bundle::identity(self.root.trust_anchor())
    }

    /// The same root in Mozilla's list, with its limits.
    pub(crate) fn in_mozilla(&self) -> Option<&'static Anchor> {
        let mut anchors = mozilla::BUNDLE.anchors().iter();
        anchors.find(|anchor| self.identity() == bundle::identity(anchor.trust_anchor()))
    }

    /// See [`short_name`].
    pub(crate) fn short_name(&self) -> String {
        short_name(self.root.certificate())
    }

    /// Its limits, own and imposed ones; none if there are none.
    pub(crate) fn shown_limits(&self) -> Option<String> {
        let limits = self.root.limits();
        let limits = (!limits.is_empty()).then(|| limits.to_string());
        let sct = self.sct_not_after;
        let sct = sct.map(|time| format!("sct-not-after={}", rfc3339(time)));
        let all: Vec<String> = limits.into_iter().chain(sct).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// For JSON.
    pub(crate) fn facts(&self, history: &History) -> Facts {
        let known = history.of_certificate(&self.certificate.sha256());
        Facts {
            mozilla: known.map(|known| known.standing.clone()),
            distrust_after: self.root.distrust_after().map(rfc3339),
            sct_not_after: self.sct_not_after.map(rfc3339),
            name_constraints: self.root.limits().shown_name_constraints(),
            ..Facts::from_certificate(&self.certificate, history)
        }
    }
}

/// The policy that trusts these roots, with the limits that annotated PEM can say.
pub(crate) fn policy<'a>(roots: impl IntoIterator<Item = &'a InspectedRoot>) -> Result<Roots> {
    let roots = roots.into_iter().map(|root| root.root.clone());
    let pem = bundle::ParsedBundle::new(roots.collect())?.to_pem();
    Ok(Roots::builder().pem(pem).build()?)
}

/// A root as JSON.
#[derive(Serialize)]
pub(crate) struct Facts {
    subject: String,
    issuer: String,
    serial: String,
    version: u32,
    sha256: String,
    sha1: String,
    spki_sha256: String,
    key: String,
    signature_algorithm: String,
    not_before: String,
    not_after: String,
    is_ca: Option<bool>,
    distrust_after: Option<String>,
    /// Of Chrome's list alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    sct_not_after: Option<String>,
    name_constraints: Option<String>,
    /// When the certificate was in Mozilla's list, if ever.
    mozilla: Option<Standing>,
    /// If its private key is public, or that of an intermediate below it.
    compromised: Option<Compromise>,
}

impl Facts {
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    pub(crate) fn compromised(&self) -> Option<&Compromise> {
        self.compromised.as_ref()
    }

    pub(crate) fn from_certificate(certificate: &Certificate, history: &History) -> Self {
        Self {
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            version: certificate.version(),
            sha256: hex(&certificate.sha256()),
            sha1: hex(&certificate.sha1()),
            spki_sha256: hex(&certificate.spki_sha256()),
            key: certificate.key().to_string(),
            signature_algorithm: certificate.signature_algorithm().to_owned(),
            not_before: rfc3339(certificate.not_before()),
            not_after: rfc3339(certificate.not_after()),
            is_ca: certificate.is_ca(),
            distrust_after: None,
            sct_not_after: None,
            name_constraints: certificate.name_constraints().map(str::to_owned),
            mozilla: None,
            compromised: history.compromise(certificate).cloned(),
        }
    }
}

/// What JSON has of a value of the library.
pub(crate) fn as_text<T: Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The common name of the subject of a certificate, DER, or the whole subject if it has none.
pub(crate) fn short_name(der: &[u8]) -> String {
    subject(der).map_or_else(String::new, shortest)
}

/// The most specific common name of a name, or the whole name if it has none.
pub(crate) fn shortest(name: DistinguishedName<'_>) -> String {
    let names = name.common_names().filter(|name| !name.is_empty());
    names
        .last()
        .map_or_else(|| name.to_string(), |name| escape(&name))
}
