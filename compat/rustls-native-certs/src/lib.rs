//! The public API of [rustls-native-certs](https://docs.rs/rustls-native-certs) over the roots of
//! embedded-roots.
//!
//! A certificate carries no limit, so roots with a distrust date or imposed name constraints are
//! left out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{error, fmt, fs, io};

use embedded_roots_bundle::{Annotation, PrivateKeys, Root, parse_each, read_file};
use pki_types::{CertificateDer, TrustAnchor, pem};

/// The certificates of the selected bundle (`custom`, else `mozilla`) that the default roots of the
/// process have, too.
///
/// The default roots are those of `embedded_roots::Roots::install_default`, else the bundle. Roots
/// that only the former have are not found, since their certificates are not known. The operating
/// system's store, `SSL_CERT_FILE` and `SSL_CERT_DIR` are not looked at.
#[must_use]
pub fn load_native_certs() -> CertificateResult {
    let mut result = CertificateResult::default();
    let store = match embedded_roots::root_store() {
        Ok(store) => store,
        Err(error) => {
            result.errors.push(Error {
                context: "the default roots of embedded-roots",
                kind: ErrorKind::Os(error.into()),
            });
            return result;
        }
    };
    let trusted: HashSet<_> = store.roots.iter().map(parts).collect();
    for certificate in embedded_roots::certificates() {
        let root = Root::new(certificate.clone(), Annotation::default(), 0);
        // With the same name constraints: those that other sources impose would be lost.
        if root.is_ok_and(|root| trusted.contains(&parts(root.trust_anchor()))) {
            result.certs.push(certificate.clone());
        }
    }
    if result.certs.is_empty() {
        result.errors.push(Error {
            context: "the default roots of embedded-roots",
            kind: ErrorKind::Os(
                "none of them is in the bundle that is compiled in, so their certificates are not known".into(),
            ),
        });
    }
    result
}

/// [`TrustAnchor`] has no hash of its own.
fn parts<'a>(anchor: &'a TrustAnchor<'_>) -> (&'a [u8], &'a [u8], Option<&'a [u8]>) {
    let constraints = anchor.name_constraints.as_deref();
    (
        &anchor.subject,
        &anchor.subject_public_key_info,
        constraints,
    )
}

/// The certificates of a PEM file, and of the files of a directory.
///
/// A certificate that embedded-roots would not take as a root is an error in the result. So is one
/// under an annotation.
#[must_use]
pub fn load_certs_from_paths(file: Option<&Path>, dir: Option<&Path>) -> CertificateResult {
    let mut result = CertificateResult::default();
    if let Some(file) = file {
        result.add_file(file);
    }
    if let Some(dir) = dir {
        result.add_directory(dir);
    }
    result
        .certs
        .sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
    result.certs.dedup();
    result
}

/// Certificates, and what went wrong with others.
#[non_exhaustive]
#[derive(Debug, Default)]
pub struct CertificateResult {
    /// The certificates.
    pub certs: Vec<CertificateDer<'static>>,
    /// The errors. Certificates can be there nevertheless.
    pub errors: Vec<Error>,
}

impl CertificateResult {
    /// The certificates.
    ///
    /// # Panics
    ///
    /// If there are errors, with this message.
    #[allow(clippy::panic, reason = "the original's API")]
    #[track_caller]
    #[must_use]
    pub fn expect(self, msg: &str) -> Vec<CertificateDer<'static>> {
        if self.errors.is_empty() {
            return self.certs;
        }
        panic!("{msg}: {:?}", self.errors)
    }

    /// The certificates.
    ///
    /// # Panics
    ///
    /// If there are errors.
    #[track_caller]
    #[must_use]
    pub fn unwrap(self) -> Vec<CertificateDer<'static>> {
        self.expect("certificates could not be loaded")
    }

    fn add_file(&mut self, path: &Path) {
        let pem = match read_file(path) {
            Ok(pem) => pem,
            Err(inner) => return self.io_error("reading a file", inner, path),
        };
        for root in parse_each(&path.to_string_lossy(), &pem, PrivateKeys::Ignore) {
            match root {
                Ok(root) if root.annotation().is_empty() => {
                    self.certs.push(root.certificate().clone());
                }
                Ok(_) => {
                    let why = "a certificate under an annotation, which this API cannot carry";
                    self.io_error("reading a file", io::Error::other(why), path);
                }
                // A file without certificates.
                Err(why) if why.line().is_none() => {}
                Err(why) => self.errors.push(Error {
                    context: "reading a certificate",
                    kind: ErrorKind::Os(why.into()),
                }),
            }
        }
    }

    fn add_directory(&mut self, path: &Path) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(inner) => return self.io_error("opening a directory", inner, path),
        };
        for entry in entries {
            match entry {
                Ok(entry) => {
                    let path = entry.path();
                    // Neither subdirectories nor dangling links.
                    if path.is_file() {
                        self.add_file(&path);
                    }
                }
                Err(inner) => self.io_error("reading a directory", inner, path),
            }
        }
    }

    fn io_error(&mut self, context: &'static str, inner: io::Error, path: &Path) {
        let path = path.to_owned();
        let kind = ErrorKind::Io { inner, path };
        self.errors.push(Error { context, kind });
    }
}

/// What went wrong with one source of certificates.
#[derive(Debug)]
pub struct Error {
    /// What was being done.
    pub context: &'static str,
    /// The cause.
    pub kind: ErrorKind,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.context)?;
        match &self.kind {
            ErrorKind::Io { inner, path } => write!(f, "{inner} at '{}'", path.display()),
            ErrorKind::Os(why) => why.fmt(f),
            ErrorKind::Pem(why) => why.fmt(f),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(match &self.kind {
            ErrorKind::Io { inner, .. } => inner,
            ErrorKind::Os(why) => &**why,
            ErrorKind::Pem(why) => why,
        })
    }
}

/// The cause of an [`Error`].
#[non_exhaustive]
#[derive(Debug)]
pub enum ErrorKind {
    /// A file or directory cannot be read.
    #[allow(missing_docs)]
    Io { inner: io::Error, path: PathBuf },
    /// Anything else: here, what embedded-roots says.
    Os(Box<dyn error::Error + Send + Sync + 'static>),
    /// Not made here.
    Pem(pem::Error),
}
