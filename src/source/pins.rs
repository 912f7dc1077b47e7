//! Certificates of servers that are accepted as they are.

use std::path::Path;

use embedded_roots_bundle::{Annotation, PrivateKeys, Root, parse_pinned, read_file};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::EndEntityCert;

use crate::error::Error;
use crate::source::origin::shown;
use crate::source::root::read_each;

/// The pinned certificates of one source, in its order.
#[derive(Clone, Debug)]
pub(crate) struct PinSource {
    pub(crate) origin: String,
    pub(crate) pins: Vec<Pin>,
}

/// A certificate that is accepted as that of a server, and issues none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pin {
    pub(crate) certificate: CertificateDer<'static>,
    /// The name that it is accepted for; those in the certificate if there is none.
    pub(crate) name: Option<ServerName<'static>>,
    pub(crate) distrust_after: Option<UnixTime>,
}

impl PinSource {
    /// One that the program supplies.
    pub(crate) fn from_der(
        certificate: CertificateDer<'static>,
        name: Option<&ServerName<'_>>,
    ) -> Result<Self, Error> {
        let read = |der| Root::new(der, Annotation::default(), 0).and_then(Root::into_pinned);
        let read = read_each([certificate], "pinned certificate", read)?;
        Self::new("the program".to_owned(), read, name)
    }

    /// Those of a PEM file.
    pub(crate) fn from_pem_file(path: &Path, name: Option<&ServerName<'_>>) -> Result<Self, Error> {
        let origin = shown(path);
        let pem = read_file(path).map_err(|why| Error::unreadable(&origin, why))?;
        let read = parse_pinned(&origin, &pem, PrivateKeys::Ignore).map_err(Error::invalid)?;
        Self::new(origin, read, name)
    }

    fn new(
        origin: String,
        read: Vec<(CertificateDer<'static>, Option<UnixTime>)>,
        name: Option<&ServerName<'_>>,
    ) -> Result<Self, Error> {
        if read.is_empty() {
            return Err(Error::invalid(format_args!("{origin}: no certificate")));
        }
        let mut pins = Vec::new();
        for (certificate, distrust_after) in read {
            // The signature of the handshake is checked by webpki.
            EndEntityCert::try_from(&certificate).map_err(|why| {
                let why = match why {
                    webpki::Error::UnsupportedCertVersion => {
                        "it is not of X.509 version 3; `openssl req -x509` makes one that is"
                            .to_owned()
                    }
                    other => other.to_string(),
                };
                Error::invalid(format_args!(
                    "{origin}: a pinned certificate cannot be that of a server: {why}"
                ))
            })?;
            pins.push(Pin {
                certificate,
                name: name.map(ServerName::to_owned),
                distrust_after,
            });
        }
        Ok(Self { origin, pins })
    }
}
