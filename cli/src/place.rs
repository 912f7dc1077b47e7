//! Where in a file a certificate is.

use std::fmt;

use serde::Serialize;

/// The place of a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    #[default]
    Unknown,
    /// The line of its BEGIN, counted from 1.
    Line(usize),
    /// Which of the certificates, counted from 1, where the input has no lines, or others.
    Certificate(usize),
}

impl Place {
    pub(crate) fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// What follows the name of a file: `, line 3`; empty if it is unknown.
    pub(crate) fn after_name(self) -> String {
        if self.is_unknown() {
            String::new()
        } else {
            format!(", {self}")
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("an unknown place"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Certificate(number) => write!(f, "certificate {number}"),
        }
    }
}
