//! Certificates that are not roots and only help to build a path.

use std::path::Path;

use embedded_roots_bundle::{PrivateKeys, Root, issuer, parse, read_file, says_ca, subject};
use rustls_pki_types::CertificateDer;

use crate::error::Error;
use crate::source::origin::shown;

/// The intermediates of one source, in its order.
#[derive(Clone, Debug)]
pub(crate) struct IntermediateSource {
    pub(crate) origin: String,
    pub(crate) certificates: Vec<CertificateDer<'static>>,
}

impl IntermediateSource {
    /// Those that the program supplies, strictly.
    pub(crate) fn from_der(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, Error> {
        let origin = "intermediates of the program";
        let mut checked = Vec::new();
        for (certificate, nth) in certificates.into_iter().zip(1..) {
            let root = Root::from_der(certificate).map_err(|why| {
                let why = why.reason();
                Error::invalid(format_args!("intermediate {nth}: {why}"))
            })?;
            let certificate = check(root)
                .map_err(|why| Error::invalid(format_args!("intermediate {nth}: {why}")))?;
            checked.push(certificate);
        }
        Self::new(origin.to_owned(), checked)
    }

    /// Those of a PEM file, strictly.
    pub(crate) fn from_pem_file(path: &Path) -> Result<Self, Error> {
        let name = shown(path);
        let pem = read_file(path).map_err(|why| Error::unreadable(&name, why))?;
        let mut checked = Vec::new();
        for root in parse(&name, &pem, PrivateKeys::Ignore).map_err(Error::invalid)? {
            let line = root.line();
            let certificate = check(root)
                .map_err(|why| Error::invalid(format_args!("{name}, line {line}: {why}")))?;
            checked.push(certificate);
        }
        Self::new(name, checked)
    }

    fn new(origin: String, certificates: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        if certificates.is_empty() {
            return Err(Error::invalid(format_args!("{origin}: no certificate")));
        }
        Ok(Self {
            origin,
            certificates,
        })
    }
}

/// Fails for what cannot be an intermediate. A reader of roots has checked that it is a CA.
fn check(root: Root) -> Result<CertificateDer<'static>, String> {
    let (is_annotated, certificate) = (!root.annotation().is_empty(), root.certificate());
    let name = subject(certificate);
    let shown = name.map(|name| name.to_string()).unwrap_or_default();
    if name.is_some() && name == issuer(certificate) {
        return Err(format!(
            "the certificate \"{shown}\" is self-issued: it is a root, which cannot complete a chain; add it with \
             `pem_file` if you trust it, or else remove it"
        ));
    }
    if !says_ca(certificate) {
        return Err(format!(
            "the certificate \"{shown}\" does not say that it is a CA (basic constraints), as an intermediate has to"
        ));
    }
    if is_annotated {
        return Err(format!(
            "the certificate \"{shown}\" has an annotation, which only a root can have"
        ));
    }
    Ok(root.into_certificate_and_anchor().0)
}
