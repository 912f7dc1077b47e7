//! The filters of a policy, and what they have said so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use embedded_roots_bundle::rfc3339;
use rustls_pki_types::UnixTime;

use crate::logging;
use crate::source::crlite::filters::{Answer, Filters};
use crate::source::crlite::status::{CrliteReport, LoggedCertificate, Status};

/// What is read once, and shared by all clones.
#[derive(Clone)]
pub(crate) struct CrliteData(Arc<Content>);

pub(super) struct Content {
    /// `None` if the policy allows that there is no data, and there is none.
    pub(super) filters: Option<Filters>,
    pub(super) origin: String,
    /// Of all filters together, in bytes.
    pub(super) size: usize,
    pub(super) digest: [u8; 32],
    pub(super) max_age: Duration,
    pub(super) refuses_if_stale: bool,
    pub(super) said: Counters,
}

/// How often the filters have said what.
#[derive(Default)]
pub(super) struct Counters {
    revoked: AtomicU64,
    not_revoked: AtomicU64,
    not_covered: AtomicU64,
    is_stale: AtomicBool,
}

impl CrliteData {
    pub(super) fn new(content: Content) -> Self {
        Self(Arc::new(content))
    }

    pub(super) fn has_filters(&self) -> bool {
        self.0.filters.is_some()
    }

    /// Whether the data was made of this content.
    pub(super) fn is_of(&self, origin: &str, digest: [u8; 32]) -> bool {
        self.0.origin == origin && self.0.digest == digest
    }

    /// What the data says of the certificate of an accepted chain. `sha256` is that of the crypto provider.
    pub(crate) fn status(
        &self,
        certificate: &LoggedCertificate<'_>,
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        now: UnixTime,
    ) -> Status {
        let Self(content) = self;
        let Some(filters) = &content.filters else {
            return Status::Accepted;
        };
        let answer = if certificate.timestamps.is_empty() {
            Answer::NotCovered
        } else {
            ask(filters, certificate, sha256)
        };
        let counter = match answer {
            Answer::Revoked => &content.said.revoked,
            Answer::NotRevoked => &content.said.not_revoked,
            Answer::NotCovered => &content.said.not_covered,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if answer == Answer::Revoked {
            return Status::Revoked;
        }
        // A certificate of a private CA, which no data of any age would cover.
        if certificate.timestamps.is_empty() || !content.is_stale(filters, now) {
            return Status::Accepted;
        }
        if content.refuses_if_stale {
            return Status::Stale;
        }
        if !content.said.is_stale.swap(true, Ordering::Relaxed) {
            logging::warn(|| {
                let (origin, as_of) = (&content.origin, rfc3339(as_of(filters)));
                format!(
                    "CRLite {origin}: the data of {as_of} is too old: certificates revoked since are accepted"
                )
            });
        }
        Status::Accepted
    }

    /// Data with the same digest gives the same answers.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.0.digest
    }

    /// What is known of the data now.
    pub(crate) fn report(&self) -> CrliteReport {
        let Content { filters, said, .. } = &*self.0;
        CrliteReport {
            origin: self.0.origin.clone(),
            filters: filters.as_ref().map_or(0, Filters::count),
            size: self.0.size,
            as_of: filters.as_ref().map(as_of),
            revoked: said.revoked.load(Ordering::Relaxed),
            not_revoked: said.not_revoked.load(Ordering::Relaxed),
            not_covered: said.not_covered.load(Ordering::Relaxed),
        }
    }
}

impl Content {
    fn is_stale(&self, filters: &Filters, now: UnixTime) -> bool {
        let age = now.as_secs().saturating_sub(as_of(filters).as_secs());
        age > self.max_age.as_secs()
    }
}

fn ask(
    filters: &Filters,
    certificate: &LoggedCertificate<'_>,
    sha256: &dyn Fn(&[u8]) -> [u8; 32],
) -> Answer {
    let issuer = sha256(certificate.issuer_key);
    let serial_number = certificate.serial_number;
    // RFC 5280, section 4.1.2.2, allows 20 octets. A longer one is hashed all the same.
    let mut both = Vec::with_capacity(issuer.len() + serial_number.len());
    both.extend_from_slice(&issuer);
    both.extend_from_slice(serial_number);
    filters.ask(issuer, serial_number, sha256(&both), certificate.timestamps)
}

fn as_of(filters: &Filters) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(filters.last()))
}
