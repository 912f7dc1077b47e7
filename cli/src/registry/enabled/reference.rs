//! The name of an image: `HOST/NAME:TAG`, `HOST/NAME@DIGEST`, and the short forms of Docker Hub.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::digest::Digest;
use crate::outcome::Result;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) host: Host,
    /// The repository: a path below `/v2/`.
    pub(super) name: String,
    pub(super) version: Version,
}

/// The host of a registry, with its port if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Host(String);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Version {
    Tag(String),
    Digest(Digest),
}

impl Reference {
    /// Parses as Docker does: what is before the first slash is a host if it has a dot or a port, or is `localhost`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (host, rest) = match text.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
                (Host::parse(host)?, rest.to_owned())
            }
            _ => (Host::docker_hub(), text.to_owned()),
        };
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest)?)),
            None => (rest.as_str(), None),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        let name = if host == Host::docker_hub() && !name.contains('/') {
            format!("library/{name}")
        } else {
            name.to_owned()
        };
        if !is_name(&name) {
            return Err(format!("\"{name}\" is not the name of a repository").into());
        }
        let tag = tag.unwrap_or("latest");
        if !is_tag(tag) {
            return Err(format!("\"{tag}\" is not a tag").into());
        }
        Ok(Self {
            host,
            name,
            // A tag beside a digest says where the digest was taken from, and nothing more.
            version: digest.map_or_else(|| Version::Tag(tag.to_owned()), Version::Digest),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl Host {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let address = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        let is_host = match address {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.bytes().all(is_name),
        };
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
        if !is_host || !is_port {
            return Err(format!("\"{text}\" is not a host").into());
        }
        Ok(match text {
            "docker.io" | "index.docker.io" => Self::docker_hub(),
            _ => Self(text.to_ascii_lowercase()),
        })
    }

    fn docker_hub() -> Self {
        Self(DOCKER_HUB.to_owned())
    }

    /// Where the registry answers.
    pub(super) fn api(&self) -> &str {
        match self.0.as_str() {
            DOCKER_HUB => "registry-1.docker.io",
            host => host,
        }
    }

    /// The name under which Docker keeps its credentials.
    pub(super) fn credentials(&self) -> &str {
        match self.0.as_str() {
            DOCKER_HUB => "https://index.docker.io/v1/",
            host => host,
        }
    }

    /// Whether it is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = match self.0.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.0,
        };
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || (address.parse()).is_ok_and(|address: Ipv4Addr| address.is_loopback())
            || (address.parse()).is_ok_and(|address: Ipv6Addr| address.is_loopback())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const DOCKER_HUB: &str = "docker.io";

/// By the distribution specification: parts of small letters and digits, with separators between them.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_separator = |separator: &str| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        };
        let separators = part.split(|letter: char| u8::try_from(letter).is_ok_and(is_inner));
        let (begin, end) = (part.bytes().next(), part.bytes().last());
        begin.is_some_and(is_inner) && end.is_some_and(is_inner) && { separators }.all(is_separator)
    };
    name.len() <= 255 && name.split('/').all(is_part)
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_inner = |byte: u8| is_word(byte) || byte == b'.' || byte == b'-';
    tag.len() <= 128 && tag.bytes().next().is_some_and(is_word) && tag.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_those_of_docker() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (text, host, name, version) in [
            ("debian", "docker.io", "library/debian", "latest"),
            ("debian:12", "docker.io", "library/debian", "12"),
            ("bitnami/nginx:1", "docker.io", "bitnami/nginx", "1"),
            (
                "docker.io/library/debian",
                "docker.io",
                "library/debian",
                "latest",
            ),
            (
                "index.docker.io/debian",
                "docker.io",
                "library/debian",
                "latest",
            ),
            ("localhost/a:b", "localhost", "a", "b"),
            ("LOCALHOST:5000/a", "localhost:5000", "a", "latest"),
            (
                "127.0.0.1:5000/a/b-c__d:1.0",
                "127.0.0.1:5000",
                "a/b-c__d",
                "1.0",
            ),
            ("[::1]:5000/a", "[::1]:5000", "a", "latest"),
            ("[::1]/a", "[::1]", "a", "latest"),
            ("ghcr.io/a/b/c---d:V_1", "ghcr.io", "a/b/c---d", "V_1"),
            (&format!("ghcr.io/a@{digest}"), "ghcr.io", "a", &digest),
            (&format!("ghcr.io/a:1@{digest}"), "ghcr.io", "a", &digest),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!(reference.host.to_string(), host, "{text}");
            assert_eq!(reference.name, name, "{text}");
            assert_eq!(reference.version.to_string(), version, "{text}");
        }
        for text in [
            "",
            ":",
            "a:",
            "a:b:c",
            "A/b",
            "a//b",
            "a/",
            "/a",
            "a..b",
            "a/../b",
            "a.io/-b",
            "a.io/b?c",
            "a.io/b#c",
            "a.io/%2e%2e",
            "a.io:http/b",
            "a.io:/b",
            "user@a.io/b",
            "a.io /b",
            "[a.io]/b",
            "a.io/b@sha256:0a",
            "a.io/b@md5:0a",
            "a.io/b:.1",
            "a.io/b:\n",
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn docker_hub_has_another_address() {
        let hub = Reference::parse("debian").unwrap().host;
        assert_eq!(hub.api(), "registry-1.docker.io");
        assert_eq!(hub.credentials(), "https://index.docker.io/v1/");
        let other = Host::parse("ghcr.io").unwrap();
        assert_eq!((other.api(), other.credentials()), ("ghcr.io", "ghcr.io"));
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for host in [
            "localhost",
            "localhost:1",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]",
            "[::1]:1",
        ] {
            assert!(Host::parse(host).unwrap().is_loopback(), "{host}");
        }
        for host in [
            "localhost.example",
            "127.0.0.1.example:1",
            "10.0.0.1",
            "[::2]:1",
            "example:1",
        ] {
            assert!(!Host::parse(host).unwrap().is_loopback(), "{host}");
        }
    }
}
