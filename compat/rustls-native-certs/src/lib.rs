//! The public API of [rustls-native-certs](https://docs.rs/rustls-native-certs) over the roots of
//! embedded-roots.
//!
//! A certificate carries no limit, so roots with a distrust date or imposed name constraints are
//! left out.

use std::path::{Path, PathBuf};
use std::{error, fmt, fs, io};

use embedded_roots_bundle::{
    PrivateKeys, Root, issuer, parse_each_certificate, read_file, subject,
};
use pki_types::{CertificateDer, pem};

/// The certificates of the default roots of the process: those of `embedded_roots::Roots::install_default`, else
/// of the selected bundle (`custom`, else `mozilla`).
///
/// The operating system's store, `SSL_CERT_FILE` and `SSL_CERT_DIR` are not looked at, unless the
/// default roots are of them. A default with a root whose certificate is not known, since its source has anchors
/// alone, is an error.
#[must_use]
pub fn load_native_certs() -> CertificateResult {
    let mut result = CertificateResult::default();
    match embedded_roots::default_certificates() {
        Ok(certificates) => result.certs = certificates,
        Err(why) => result.errors.push(Error {
            context: "the default roots of embedded-roots",
            kind: ErrorKind::Os(why.into()),
        }),
    }
    result
}

/// The certificates of a PEM file, and of the files of a directory.
///
/// A certificate that embedded-roots would not take as a root is an error in the result, and so is one under an
/// annotation. Of those that say that they are not CAs, a self-signed one is there, since a client accepts its server by
/// it, and another is left out, since no client accepts anything by it.
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
        let name = path.to_string_lossy();
        for root in parse_each_certificate(&name, &pem, PrivateKeys::Ignore) {
            match root {
                Ok(root) if is_issued_server(&root) => {}
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

/// Whether a certificate says that it is not a CA, and another has issued it.
fn is_issued_server(root: &Root) -> bool {
    let certificate = root.certificate();
    root.check_ca().is_err() && subject(certificate) != issuer(certificate)
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
