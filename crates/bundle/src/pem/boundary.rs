//! The lines that begin and end a block (RFC 7468, section 3).

use crate::error::ParseError;
use crate::pem::lines::Line;

/// The label of a BEGIN or END line.
pub(crate) fn boundary(line: Line<'_>, start: &str) -> Result<Option<String>, ParseError> {
    let Some(rest) = line.bytes.strip_prefix(start.as_bytes()) else {
        return Ok(None);
    };
    let label = rest.trim_ascii_end().strip_suffix(b"-----");
    let label = label.and_then(|label| std::str::from_utf8(label).ok());
    let label = label.filter(|label| !label.contains("-----"));
    label.map(|label| Some(label.to_owned())).ok_or_else(|| {
        ParseError::new(format!(
            "expected {start}LABEL----- and nothing else on the line"
        ))
    })
}

/// A comment may speak of the lines around a certificate; in other text they are misplaced.
pub(crate) fn check_text(line: &str) -> Result<(), ParseError> {
    let is_comment = line.trim_start().starts_with('#');
    if !is_comment && (line.contains(BEGIN) || line.contains(END)) {
        return Err(ParseError::new(
            "-----BEGIN or -----END has to stand at the start of its line",
        ));
    }
    Ok(())
}

/// The labels that OpenSSL accepts for a certificate (in its pem.h).
pub(crate) fn is_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | TRUSTED)
}

pub(crate) const BEGIN: &str = "-----BEGIN ";
pub(crate) const END: &str = "-----END ";
pub(crate) const TRUSTED: &str = "TRUSTED CERTIFICATE";
