//! Versions of packages of data.

use std::error::Error;
use std::{fmt, fs};

use embedded_roots_bundle::{iso_day, parse_day};
use rustls_pki_types::UnixTime;

use crate::package::Package;
use crate::path;

/// A version such as `1.20261123.0`: the day of the data, and a count of earlier changes that day.
pub(crate) struct DataVersion {
    /// `YYYYMMDD`
    pub(crate) day: String,
    patch: u32,
}

impl DataVersion {
    /// The version in this manifest.
    pub(crate) fn read(name: &str) -> Result<Self, Box<dyn Error>> {
        let version = Package::from_manifest(&fs::read_to_string(path(name))?)?.version;
        let parts: Vec<&str> = version.split('.').collect();
        match parts[..] {
            ["1", day, patch] if day.len() == 8 => Ok(Self {
                day: day.to_owned(),
                patch: patch.parse()?,
            }),
            _ => Err(format!("{name}: version {version} is not 1.YYYYMMDD.PATCH").into()),
        }
    }

    /// The version of data of this day that differs.
    pub(crate) fn next(&self, day: &str) -> Self {
        let patch = if self.day == day { self.patch + 1 } else { 0 };
        Self {
            day: day.to_owned(),
            patch,
        }
    }

    /// `YYYY-MM-DD`
    pub(crate) fn date(&self) -> Result<String, Box<dyn Error>> {
        Ok(iso_day(parse_day(&self.day).ok_or("no day")?))
    }

    /// Replaces this version in the manifest.
    pub(crate) fn replace(&self, name: &str, next: &Self) -> Result<(), Box<dyn Error>> {
        let line = |version: &Self| format!("\nversion = \"{version}\"\n");
        let manifest = fs::read_to_string(path(name))?;
        fs::write(path(name), manifest.replacen(&line(self), &line(next), 1))?;
        Ok(())
    }
}

impl fmt::Display for DataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.{}", self.day, self.patch)
    }
}

/// The day of a time as versions have it: `YYYYMMDD`, UTC.
pub(crate) fn day_of(time: UnixTime) -> String {
    iso_day(time).replace('-', "")
}
