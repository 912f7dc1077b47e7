//! The error of this crate.

use std::error;
use std::fmt;

use rustls_pki_types::CertificateDer;

use crate::escape::escape;
use crate::x509::certificate::subject;

/// Why a bundle cannot be used.
///
/// The text begins with the name of the input and, if known, the line. It says how to fix the error
/// if that is not obvious: `corp.pem, line 12: bad base64: ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    source_name: Option<Box<str>>,
    line: Option<usize>,
    reason: Box<str>,
    refused_as_ca: bool,
}

impl ParseError {
    /// The line that is wrong, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong, without name and line.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether an otherwise valid certificate is refused by
    /// [`Root::check_ca`](crate::Root::check_ca).
    #[must_use]
    pub fn is_refused_as_ca(&self) -> bool {
        self.refused_as_ca
    }

    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            source_name: None,
            line: None,
            reason: reason.into().into(),
            refused_as_ca: false,
        }
    }

    /// The error of [`Root::check_ca`](crate::Root::check_ca).
    #[must_use]
    pub(crate) fn of_ca_check(mut self) -> Self {
        self.refused_as_ca = true;
        self
    }

    #[must_use]
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line.get_or_insert(line);
        self
    }

    #[must_use]
    pub(crate) fn in_source(mut self, name: &str) -> Self {
        self.source_name.get_or_insert_with(|| escape(name).into());
        self
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source_name, self.line) {
            (Some(name), Some(line)) => write!(f, "{name}, line {line}: ")?,
            (Some(name), None) => write!(f, "{name}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.reason)
    }
}

impl error::Error for ParseError {}

/// The subject of a certificate, as its name in messages.
pub(crate) fn subject_of(certificate: &CertificateDer<'_>) -> String {
    subject(certificate).map_or_else(
        || "an unreadable certificate".to_owned(),
        |subject| format!("\"{subject}\""),
    )
}
