//! How data/chrome.toml and data/microsoft.toml are written. `cargo xtask programs`, which writes and checks them, compiles
//! this file too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

/// The list of a program.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramList {
    /// The package that the list is from, and its version.
    pub(crate) package: String,
    /// The release of the list.
    pub(crate) release: String,
    pub(crate) licence: String,
    /// In the order of the source.
    #[serde(default)]
    pub(crate) root: Vec<ListedRoot>,
}

/// A root of a list, as far as servers are concerned. Times are those of RFC 3339, UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ListedRoot {
    /// Its common name, or its subject if it has none.
    pub(crate) name: String,
    /// The digest of the certificate, in lower-case hexadecimal digits.
    pub(crate) sha256: String,
    /// It is an intermediate, whose own dates and constraints are enforced.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) intermediate: bool,
    /// Chrome: one SCT at least must not be younger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sct_not_after: Option<String>,
    /// Microsoft: certificates that start later are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<String>,
    /// Microsoft: it is not trusted any longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disallowed: Option<String>,
    /// The certificate (DER, in base64), if the history does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<String>,
}

impl ListedRoot {
    /// Its certificate: that of the list, or the one of the history, which is `known` by the digest.
    pub(crate) fn certificate(
        &self,
        known: impl FnOnce(&str) -> Option<CertificateDer<'static>>,
    ) -> Result<CertificateDer<'static>, String> {
        if let Some(base64) = &self.certificate {
            let der = STANDARD.decode(base64);
            return Ok(der.map_err(|why| why.to_string())?.into());
        }
        known(&self.sha256).ok_or_else(|| "there is no certificate of it".to_owned())
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
