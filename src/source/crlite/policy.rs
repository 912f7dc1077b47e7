//! Which data a policy reads, and how strictly.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use embedded_roots_bundle::read_file_up_to;

use crate::error::Error;
use crate::source::crlite::data::{Content, Counters, CrliteData};
use crate::source::crlite::encoding::EncodedFilter;
use crate::source::crlite::filters::{Filters, MOST_FILTERS};
use crate::source::crlite::folder::{Folder, folders_of_upki};
use crate::source::origin::shown_of_variable as shown;
use crate::source::variables::Variables;

/// CRLite data, which tells whether an end-entity certificate of a public CA is revoked, without asking anyone: for
/// [`RootsBuilder::crlite`](crate::RootsBuilder::crlite).
///
/// The data is Mozilla's, as [upki](https://docs.rs/upki) fetches it: a filter and its deltas. It knows the
/// certificates that the logs of Certificate Transparency have, and are known to be revoked or not. It is read once, and
/// again by each refresh of [`LiveRoots`](crate::LiveRoots). A handshake opens no file.
///
/// ```no_run
/// # #[cfg(all(feature = "mozilla", any(feature = "ring", feature = "aws-lc-rs")))] {
/// use embedded_roots::{Crlite, Roots, mozilla};
///
/// let roots = Roots::builder()
///     .bundle(&mozilla::BUNDLE)
///     .crlite(Crlite::upki())
///     .build()?;
/// # }
/// # Ok::<(), embedded_roots::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is read by `RootsBuilder::crlite`"]
pub struct Crlite {
    origin: Origin,
    may_be_absent: bool,
    max_age: Duration,
    refuses_if_stale: bool,
}

#[derive(Clone, Debug)]
enum Origin {
    Upki,
    Folder(PathBuf),
    Program(Vec<Cow<'static, [u8]>>),
}

impl Crlite {
    /// The data in upki's folder: the first of `$XDG_CACHE_HOME/upki/revocation` (or `~/.cache/upki/revocation`) and
    /// `/var/cache/upki/revocation` that has data. On macOS and Windows, name the [`folder`](Self::folder).
    ///
    /// Unlike upki 1.0.0, a folder of the user's without data does not hide that of the machine, and no home directory
    /// is needed.
    pub fn upki() -> Self {
        Self::new(Origin::Upki)
    }

    /// The data in a folder: `index.bin`, in the form of upki 1.0.0, and the files that it names.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::new(Origin::Folder(path.into()))
    }

    /// Filters that the program has, for example by `include_bytes!`: a base and its deltas, in any order.
    pub fn filters<F: Into<Cow<'static, [u8]>>>(filters: impl IntoIterator<Item = F>) -> Self {
        let filters = filters.into_iter().map(Into::into);
        Self::new(Origin::Program(filters.collect()))
    }

    /// Allows that there is no data: certificates are then not checked, and the [report](crate::Report::crlite) says
    /// so. Data that is damaged is still an error, and so is data that is gone at a refresh of
    /// [`LiveRoots`](crate::LiveRoots).
    pub fn if_present(mut self) -> Self {
        self.may_be_absent = true;
        self
    }

    /// Sets how old the data may be, by the clock of each verification. The default is 10 days, as in Firefox.
    ///
    /// Data that is older still refuses the certificates that it knows to be revoked. All others are accepted, with one
    /// line in the log at level warn, or [refused](Self::refuse_if_stale).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Refuses certificates that are in a log of Certificate Transparency if the data is older than
    /// [`max_age`](Self::max_age). Certificates of private CAs are in none, so they are still accepted.
    pub fn refuse_if_stale(mut self) -> Self {
        self.refuses_if_stale = true;
        self
    }

    fn new(origin: Origin) -> Self {
        Self {
            origin,
            may_be_absent: false,
            max_age: TEN_DAYS,
            refuses_if_stale: false,
        }
    }

    fn read(
        &self,
        variables: &Variables,
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        last: Option<&CrliteData>,
    ) -> Result<CrliteData, Error> {
        match &self.origin {
            Origin::Upki => self.first_of(&folders_of_upki(variables), sha256, last),
            Origin::Folder(folder) => self.first_of(std::slice::from_ref(folder), sha256, last),
            Origin::Program(filters) if filters.is_empty() => {
                Err(Error::invalid("no filter in `Crlite::filters`"))
            }
            Origin::Program(filters) => self.data(&Files::Program(filters), sha256, last),
        }
    }

    fn first_of(
        &self,
        folders: &[PathBuf],
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        last: Option<&CrliteData>,
    ) -> Result<CrliteData, Error> {
        for path in folders {
            let mut left = ATTEMPTS;
            while let Some(folder) = Folder::read(path)? {
                let data = self.data(&Files::Folder(&folder), sha256, last);
                left -= 1;
                if data.is_ok() || left == 0 || !folder.is_outdated() {
                    return data;
                }
            }
        }
        let folders: Vec<_> = folders.iter().map(|path| shown(path)).collect();
        let origin = folders.join(", ");
        let had_data = last.is_some_and(CrliteData::has_filters);
        if had_data || !self.may_be_absent {
            let what = if had_data {
                "the CRLite data is gone"
            } else {
                "no CRLite data: let `upki fetch` write it, or call `Crlite::if_present`"
            };
            return Err(Error::invalid(format_args!("{origin}: {what}")));
        }
        Ok(self.content(origin, None, 0, [0; 32]))
    }

    /// Decodes filters one by one, unless the last data is of the same.
    fn data(
        &self,
        files: &Files<'_>,
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        last: Option<&CrliteData>,
    ) -> Result<CrliteData, Error> {
        let origin = files.origin();
        if files.count() > MOST_FILTERS {
            return Err(Error::invalid(format_args!(
                "{origin}: more than {MOST_FILTERS} filters"
            )));
        }
        if let Some(last) = last {
            let (_, digest) = files.read(sha256, |_, _| Ok(()))?;
            if last.is_of(&origin, digest) {
                return Ok(last.clone());
            }
        }
        let invalid = |place: usize, why: &str| {
            let name = files.name(place);
            Error::invalid(format_args!("{name}: {why}"))
        };
        let mut filters = Filters::default();
        let (size, digest) = files.read(sha256, |place, content| {
            let mut add = || {
                let filter = EncodedFilter::read(content)?;
                files.check(place, &filter)?;
                filters.add(filter)
            };
            add().map_err(|why| invalid(place, why))
        })?;
        filters.sort().map_err(|(place, why)| invalid(place, why))?;
        Ok(self.content(origin, Some(filters), size, digest))
    }

    fn content(
        &self,
        origin: String,
        filters: Option<Filters>,
        size: usize,
        digest: [u8; 32],
    ) -> CrliteData {
        CrliteData::new(Content {
            filters,
            origin,
            size,
            digest,
            max_age: self.max_age,
            refuses_if_stale: self.refuses_if_stale,
            said: Counters::default(),
        })
    }
}

/// The filters of an origin.
enum Files<'a> {
    Program(&'a [Cow<'static, [u8]>]),
    Folder(&'a Folder<'a>),
}

impl Files<'_> {
    fn origin(&self) -> String {
        match self {
            Self::Program(_) => "filters of the program".to_owned(),
            Self::Folder(folder) => shown(folder.path()),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Program(filters) => filters.len(),
            Self::Folder(folder) => folder.count(),
        }
    }

    fn name(&self, place: usize) -> String {
        match self {
            Self::Program(_) => format!("filter {}", place + 1),
            Self::Folder(folder) => shown(&folder.filter(place)),
        }
    }

    /// Whether a filter is that of which the origin knows.
    fn check(&self, place: usize, filter: &EncodedFilter<'_>) -> Result<(), &'static str> {
        match self {
            Self::Program(_) => Ok(()),
            Self::Folder(folder) => folder.check(place, filter),
        }
    }

    /// Reads the filters, of which one at a time is in memory: they are as large as what is made of them. Returns the
    /// size of all, in bytes, and the digest of their digests.
    fn read(
        &self,
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        mut visit: impl FnMut(usize, &[u8]) -> Result<(), Error>,
    ) -> Result<(usize, [u8; 32]), Error> {
        let mut digests = Vec::with_capacity(self.count());
        let mut size = 0;
        for place in 0..self.count() {
            let content = self.content(place, MOST_BYTES.saturating_sub(size as u64))?;
            size += content.len();
            digests.push(sha256(&content));
            visit(place, &content)?;
        }
        Ok((size, sha256(digests.as_flattened())))
    }

    /// The content of a filter in a file, of at most so many bytes, or of one in the program.
    fn content(&self, place: usize, most: u64) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Self::Program(filters) => {
                let content = filters.get(place).map(|filter| &**filter);
                Ok(Cow::Borrowed(content.unwrap_or_default()))
            }
            Self::Folder(folder) => {
                let path = folder.filter(place);
                let content = read_file_up_to(&path, LARGEST_FILTER.min(most));
                let content = content.map_err(|why| Error::unreadable(&shown(&path), why));
                content.map(Cow::Owned)
            }
        }
    }
}

/// While upki replaces the data.
const ATTEMPTS: usize = 3;
/// Mozilla's base filter of 2026 has some 6 MB.
const LARGEST_FILTER: u64 = 64 << 20;
const MOST_BYTES: u64 = 256 << 20;

/// Reads the data of a policy, and knows what it read last.
pub(crate) struct CrliteReader {
    policy: Crlite,
    last: Mutex<Option<CrliteData>>,
}

impl CrliteReader {
    pub(crate) fn new(policy: Crlite) -> Self {
        let last = Mutex::default();
        Self { policy, last }
    }

    /// Data with the same content as the last is the last, and not decoded again.
    pub(crate) fn read(
        &self,
        variables: &Variables,
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
    ) -> Result<CrliteData, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let data = self.policy.read(variables, sha256, last.as_ref())?;
        *last = Some(data.clone());
        Ok(data)
    }
}

/// Firefox asks filters that were updated in the last ten days (`security/manager/ssl/cert_storage`).
const TEN_DAYS: Duration = Duration::from_secs(10 * 24 * 60 * 60);
