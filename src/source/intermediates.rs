//! Certificates that are not roots and only help to build a path.

use std::path::Path;

use embedded_roots_bundle::{PrivateKeys, Root, parse_intermediates, read_file};
use rustls_pki_types::CertificateDer;

use crate::error::Error;
use crate::source::origin::shown;
use crate::source::root::read_each;

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
        let read = |der| Root::from_der(der).and_then(Root::into_intermediate);
        let checked = read_each(certificates, "intermediate", read)?;
        Self::new("the program".to_owned(), checked)
    }

    /// Those of a PEM file, strictly.
    pub(crate) fn from_pem_file(path: &Path) -> Result<Self, Error> {
        let name = shown(path);
        let pem = read_file(path).map_err(|why| Error::unreadable(&name, why))?;
        let certificates = parse_intermediates(&name, &pem, PrivateKeys::Ignore);
        Self::new(name, certificates.map_err(Error::invalid)?)
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
