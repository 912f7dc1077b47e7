//! Roots as a source gives them.

use std::path::{Path, PathBuf};

use embedded_roots_bundle::{ParseError, Root};
use rustls_pki_types::CertificateDer;

use crate::bundle::anchor::Anchor;
use crate::bundle::bundle::Bundle;
use crate::bundle::certificates;
use crate::bundle::name::BundleName;
use crate::error::Error;
use crate::source::origin::Origin;

/// The roots of one source, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) origin: Origin,
    pub(crate) roots: Vec<SourceRoot>,
    /// The inputs that could not be used, with the reasons.
    pub(crate) skipped: Vec<String>,
    /// The files and directories of it that may have no roots at the start.
    pub(crate) places: Vec<Place>,
}

/// A file or directory that may have no roots at the start of a program. If it had some, a refresh that finds none fails:
/// the file is being written, or a mount is gone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) has_roots: bool,
}

/// A root as a source gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourceRoot {
    pub(crate) anchor: Anchor,
    pub(crate) certificate: RootCertificate,
}

/// Where the certificate of a root is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RootCertificate {
    Der(CertificateDer<'static>),
    /// The bundle, and the number of the anchor in it. Only a program that asks for certificates links those of
    /// bundles.
    InBundle(BundleName, usize),
    /// Its source has only anchors.
    Nowhere,
}

impl RootCertificate {
    pub(crate) fn in_bundle(bundle: &Bundle, number: usize) -> Self {
        let name = bundle.bundle_name();
        if certificates::are_compiled_in(name) {
            Self::InBundle(name, number)
        } else {
            Self::Nowhere
        }
    }
}

impl From<Root> for SourceRoot {
    fn from(root: Root) -> Self {
        let distrust_after = root.distrust_after();
        let (certificate, anchor) = root.into_certificate_and_anchor();
        Self {
            anchor: Anchor::new(anchor, distrust_after),
            certificate: RootCertificate::Der(certificate),
        }
    }
}

impl From<Anchor> for SourceRoot {
    fn from(anchor: Anchor) -> Self {
        Self {
            anchor,
            certificate: RootCertificate::Nowhere,
        }
    }
}

impl Source {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            roots: Vec::new(),
            skipped: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Notes a file or directory that may have no roots.
    pub(crate) fn note_place(&mut self, path: &Path, has_roots: bool) {
        let path = path.to_owned();
        self.places.push(Place { path, has_roots });
    }

    pub(crate) fn from_bundle(bundle: Bundle) -> Self {
        let mut source = Self::new(Origin::Bundle(bundle));
        let anchors = bundle.anchors().iter().enumerate();
        let roots = anchors.map(|(number, anchor)| SourceRoot {
            anchor: anchor.clone(),
            certificate: RootCertificate::in_bundle(&bundle, number),
        });
        source.roots = roots.collect();
        source
    }
}

/// Reads each of the certificates (DER) that the program supplies. An error has the number of the certificate, after
/// `kind`.
pub(crate) fn read_each<T>(
    certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    kind: &str,
    read: impl Fn(CertificateDer<'static>) -> Result<T, ParseError>,
) -> Result<Vec<T>, Error> {
    let numbered = certificates.into_iter().zip(1..);
    let each = numbered.map(|(certificate, nth)| {
        read(certificate).map_err(|why| {
            let why = why.reason();
            Error::invalid(format_args!("{kind} {nth}: {why}"))
        })
    });
    each.collect()
}
