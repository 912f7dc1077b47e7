//! Without the feature `onecrl`, no certificate is revoked by it.

use rustls_pki_types::UnixTime;

/// Whether OneCRL revokes this certificate (DER): never without the feature.
pub(crate) fn revokes(_certificate: &[u8], _sha256: impl Fn(&[u8]) -> [u8; 32]) -> bool {
    false
}

/// The day on which Mozilla last changed OneCRL: never known without the feature.
pub(crate) fn as_of() -> Option<UnixTime> {
    None
}
