//! The SCTs that a certificate has in itself.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::EndEntityCert;

/// Promises of logs to log a certificate (RFC 6962, section 3.3), as it has them in itself. They are not verified: the keys of
/// the logs are not known here.
#[derive(Default)]
pub(super) struct EmbeddedScts {
    /// A part of a second counts as a whole one, so that none seems older than it is.
    pub(super) times: Vec<UnixTime>,
    /// Some cannot be read, or are of another version than 1.
    pub(super) has_unreadable: bool,
}

impl EmbeddedScts {
    /// None of a certificate that cannot be read, which no verifier accepts.
    pub(super) fn from_certificate(der: &CertificateDer<'_>) -> Self {
        let mut scts = Self::default();
        let Ok(certificate) = EndEntityCert::try_from(der) else {
            return scts;
        };
        match certificate.sct_log_timestamps() {
            Ok(read) => {
                for sct in read {
                    let Ok(sct) = sct else {
                        scts.has_unreadable = true;
                        continue;
                    };
                    let seconds = Duration::from_secs(sct.timestamp_ms.div_ceil(1000));
                    scts.times.push(UnixTime::since_unix_epoch(seconds));
                }
            }
            Err(_) => scts.has_unreadable = true,
        }
        scts
    }
}
