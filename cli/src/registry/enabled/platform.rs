//! The platform that an image is for, by the names of Go.

use std::env::consts::ARCH;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// `linux/arm64`, `linux/arm/v7`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Platform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default, rename = "os.version")]
    os_version: String,
}

/// Which images of an index are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlatformChoice {
    All,
    /// That of this machine, if there are several.
    Default,
    One(String),
}

impl FromStr for PlatformChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        match Platform::parse(text) {
            Some(_) => Ok(Self::One(text.to_owned())),
            None => Err("neither `all` nor OS/ARCH or OS/ARCH/VARIANT".to_owned()),
        }
    }
}

impl Platform {
    /// Nothing but Linux runs in nearly all containers, on whatever system.
    pub(super) fn of_this_machine() -> Self {
        let architecture = match ARCH {
            "aarch64" => "arm64",
            "loongarch64" => "loong64",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            "x86" => "386",
            "x86_64" => "amd64",
            other => other,
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: String::new(),
            os_version: String::new(),
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        let platform = Self {
            os: parts.next()?,
            architecture: parts.next()?,
            variant: parts.next().unwrap_or_default(),
            os_version: String::new(),
        };
        let is_whole = parts.next().is_none();
        let is_empty = platform.os.is_empty() || platform.architecture.is_empty();
        (is_whole && !is_empty).then_some(platform)
    }

    /// Whether an image for the other platform is for this one. A variant that is not said is any.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_empty() || self.variant() == other.variant())
    }

    /// What is meant where it is not said, as containerd has it.
    pub(super) fn variant(&self) -> &str {
        match (self.architecture.as_str(), self.variant.as_str()) {
            ("arm64", "") => "v8",
            ("arm", "") => "v7",
            (_, variant) => variant,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        if !self.os_version.is_empty() {
            write!(f, " {}", self.os_version)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_platforms_or_all() {
        assert_eq!("all".parse(), Ok(PlatformChoice::All));
        for text in ["linux/arm64", "linux/arm/v7", "windows/amd64"] {
            assert_eq!(text.parse(), Ok(PlatformChoice::One(text.to_owned())));
        }
        for text in ["", "linux", "linux/", "/arm64", "linux/arm/v7/x"] {
            assert!(text.parse::<PlatformChoice>().is_err(), "{text}");
        }
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn platform_of_this_machine_is_known() {
        assert_eq!(Platform::of_this_machine().to_string(), "linux/amd64");
    }
}
