//! Which data a policy reads, and how strictly.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::source::crlite::data::{Content, CrliteData, Said};
use crate::source::crlite::encoding::EncodedFilter;
use crate::source::crlite::filters::{Filters, MOST_FILTERS};
use crate::source::crlite::folder::{Folder, folders_of_upki};
use crate::source::origin::shown;
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
            Origin::Program(filters) => {
                if filters.is_empty() {
                    return Err(Error::invalid("no filter in `Crlite::filters`"));
                }
                let contents: Vec<_> = filters.iter().map(|filter| &**filter).collect();
                let name = |place| format!("filter {}", place + 1);
                let check = |_, _: &EncodedFilter<'_>| Ok(());
                let origin = "filters of the program".to_owned();
                self.data(origin, &contents, &name, &check, sha256, last)
            }
        }
    }

    fn first_of(
        &self,
        folders: &[PathBuf],
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        last: Option<&CrliteData>,
    ) -> Result<CrliteData, Error> {
        for path in folders {
            let Some(folder) = Folder::read(path)? else {
                continue;
            };
            let contents: Vec<_> = folder
                .filters
                .iter()
                .map(|(_, content)| &**content)
                .collect();
            if contents.is_empty() {
                let path = shown(path);
                let why = format_args!("{path}: index.bin names no filter");
                return Err(Error::invalid(why));
            }
            let name = |place: usize| {
                let name = folder.filters.get(place).map(|(name, _)| name.as_str());
                shown(&path.join(name.unwrap_or_default()))
            };
            let check = |place, filter: &EncodedFilter<'_>| folder.check(place, filter);
            return self.data(shown(path), &contents, &name, &check, sha256, last);
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
        Ok(CrliteData::new(Content {
            filters: None,
            origin,
            size: 0,
            digest: [0; 32],
            max_age: self.max_age,
            refuses_if_stale: self.refuses_if_stale,
            said: Said::default(),
        }))
    }

    /// Decodes filters, unless the last data is of the same.
    fn data(
        &self,
        origin: String,
        contents: &[&[u8]],
        name: &dyn Fn(usize) -> String,
        check: &dyn Fn(usize, &EncodedFilter<'_>) -> Result<(), &'static str>,
        sha256: &dyn Fn(&[u8]) -> [u8; 32],
        last: Option<&CrliteData>,
    ) -> Result<CrliteData, Error> {
        let digests: Vec<_> = contents.iter().map(|content| sha256(content)).collect();
        let digest = sha256(digests.as_flattened());
        if let Some(last) = last.filter(|last| last.is_of(&origin, digest)) {
            return Ok(last.clone());
        }
        if contents.len() > MOST_FILTERS {
            let why = format_args!("{origin}: more than {MOST_FILTERS} filters");
            return Err(Error::invalid(why));
        }
        let invalid = |place: usize, why: &str| {
            let name = name(place);
            Error::invalid(format_args!("{name}: {why}"))
        };
        let mut decoded = Vec::with_capacity(contents.len());
        for (place, content) in contents.iter().enumerate() {
            let filter = EncodedFilter::read(content).map_err(|why| invalid(place, why))?;
            check(place, &filter).map_err(|why| invalid(place, why))?;
            decoded.push(filter);
        }
        let filters = Filters::new(decoded).map_err(|(place, why)| invalid(place, why))?;
        Ok(CrliteData::new(Content {
            filters: Some(filters),
            origin,
            size: contents.iter().map(|content| content.len()).sum(),
            digest,
            max_age: self.max_age,
            refuses_if_stale: self.refuses_if_stale,
            said: Said::default(),
        }))
    }
}

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
