//! The report of certificates that are not roots.

use std::fmt;

use embedded_roots_bundle::{DistinguishedName, counted};

use crate::trust::listing::{shortened, write_list};

/// The certificates of one source that are not roots: [intermediates](crate::RootsBuilder::intermediates), which only
/// help to build a path, or [pinned](crate::RootsBuilder::pinned_certificate) certificates of servers. `Display` is one
/// line.
#[derive(Clone, Debug)]
pub struct CertificatesReport {
    origin: String,
    purpose: Use,
    certificates: Vec<String>,
    ignored: Vec<String>,
}

/// What certificates are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    Intermediates,
    Pinned,
}

impl CertificatesReport {
    pub(super) fn new(origin: String, purpose: Use) -> Self {
        Self {
            origin,
            purpose,
            certificates: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// Of this many sources of pinned certificates, which a variable replaces.
    pub(crate) fn replaced(sources: usize) -> Vec<Self> {
        if sources == 0 {
            return Vec::new();
        }
        let mut report = Self::new("the program".to_owned(), Use::Pinned);
        report.ignore("SSL_CERT_FILE or SSL_CERT_DIR replaces all of them".to_owned());
        vec![report]
    }

    pub(super) fn add(&mut self, name: DistinguishedName<'_>) {
        self.certificates.push(name.to_string());
    }

    pub(super) fn ignore(&mut self, why: String) {
        self.ignored.push(why);
    }

    /// Where they came from: the path of a file, or the program.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The names (RFC 4514) of the certificates that are used.
    #[must_use]
    pub fn certificates(&self) -> &[String] {
        &self.certificates
    }

    /// The certificates that are not used, each with the reason, such as that it is distrusted.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

impl fmt::Display for CertificatesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificates = self.certificates.len();
        let certificates = match self.purpose {
            Use::Intermediates => counted(certificates, "intermediate"),
            Use::Pinned => counted(certificates, "pinned certificate"),
        };
        write!(f, "{}: {certificates}, not trusted as roots", self.origin)?;
        let ignored = self.ignored.iter().map(|text| shortened(text).into_owned());
        write_list(f, "ignored", ignored)
    }
}
