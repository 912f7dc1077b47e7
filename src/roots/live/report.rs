//! The report of live roots.

use std::fmt;

use embedded_roots_bundle::rfc3339;
use rustls_pki_types::UnixTime;
#[cfg(feature = "serde")]
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::trust::report::Report;

/// What [`LiveRoots`](crate::LiveRoots) trust, where it came from, and whether the last refresh failed.
///
/// `Display` shows the [`Report`], and a line if the last refresh failed. With the feature `serde` it can
/// be serialized.
#[derive(Clone, Debug)]
pub struct LiveReport {
    pub(super) generation: u64,
    pub(super) refreshed: UnixTime,
    pub(super) report: Report,
    pub(super) failed_refresh: Option<FailedRefresh>,
}

impl LiveReport {
    /// The number of the current generation.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the last successful refresh ended. If that is long ago and no refresh has failed, a source
    /// hangs, such as a network file system.
    #[must_use]
    pub fn refreshed(&self) -> UnixTime {
        self.refreshed
    }

    /// What the last successful refresh read.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Why the last refresh failed; `None` if it succeeded.
    #[must_use]
    pub fn failed_refresh(&self) -> Option<&FailedRefresh> {
        self.failed_refresh.as_ref()
    }
}

impl fmt::Display for LiveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)?;
        if let Some(failed) = &self.failed_refresh {
            write!(f, "\n{failed}")?;
        }
        Ok(())
    }
}

/// The generation, the time of the last good refresh, the fields of [`Report`], and null or what failed.
#[cfg(feature = "serde")]
impl Serialize for LiveReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("LiveReport", 7)?;
        report.serialize_field("generation", &self.generation)?;
        report.serialize_field("refreshed", &rfc3339(self.refreshed))?;
        report.serialize_field("sources", self.report.sources())?;
        report.serialize_field("intermediates", self.report.intermediates())?;
        report.serialize_field("pinned", self.report.pinned())?;
        report.serialize_field("crlite", &self.report.crlite())?;
        report.serialize_field("failed_refresh", &self.failed_refresh)?;
        report.end()
    }
}

/// Why the last refresh failed, and since when refreshes fail.
///
/// `Display` is one line.
#[derive(Clone, Debug)]
pub struct FailedRefresh {
    pub(super) error: String,
    pub(super) since: UnixTime,
    pub(super) latest: UnixTime,
}

impl FailedRefresh {
    /// The text of the error, with its causes.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// When refreshes began to fail: the time of the first failure since the last success.
    #[must_use]
    pub fn since(&self) -> UnixTime {
        self.since
    }

    /// When the last refresh failed.
    #[must_use]
    pub fn latest(&self) -> UnixTime {
        self.latest
    }
}

/// The fields are named like the methods; times are RFC 3339.
#[cfg(feature = "serde")]
impl Serialize for FailedRefresh {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut failed = serializer.serialize_struct("FailedRefresh", 3)?;
        failed.serialize_field("error", &self.error)?;
        failed.serialize_field("since", &rfc3339(self.since))?;
        failed.serialize_field("latest", &rfc3339(self.latest))?;
        failed.end()
    }
}

impl fmt::Display for FailedRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (since, latest) = (rfc3339(self.since), rfc3339(self.latest));
        let Self { error, .. } = self;
        write!(
            f,
            "not refreshed since {since}, last tried {latest}: {error}"
        )
    }
}
