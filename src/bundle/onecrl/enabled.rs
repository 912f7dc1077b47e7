//! OneCRL, compiled in.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use crate::bundle::onecrl::table::{Identity, RevocationTable};

/// Whether OneCRL revokes this certificate (DER).
///
/// `sha256` is called only if the serial number or the subject is in OneCRL, which is rare for other
/// certificates. Nothing is allocated. A certificate that cannot be read is not revoked: webpki, whose
/// reader is no more lenient, refuses it.
pub(crate) fn revokes(certificate: &[u8], sha256: impl Fn(&[u8]) -> [u8; 32]) -> bool {
    Identity::from_certificate(certificate).is_some_and(|identity| TABLE.revokes(&identity, sha256))
}

/// The day on which Mozilla last changed OneCRL, at 00:00 UTC.
#[allow(clippy::unnecessary_wraps, reason = "like its twin in `disabled`")]
pub(crate) fn as_of() -> Option<UnixTime> {
    let seconds = TABLE.as_of();
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

pub(super) static TABLE: RevocationTable = include!(concat!(env!("OUT_DIR"), "/onecrl.rs"));
