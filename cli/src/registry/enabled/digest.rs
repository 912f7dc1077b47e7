//! What content has to be, by its digest and its size.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256, Sha512};

use embedded_roots_bundle::digest::{hex, sha256_from_hex};

use crate::outcome::Result;

/// `sha256:` or `sha512:`, and as many digits as it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest(String);

impl Digest {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let length = match text.split_once(':') {
            Some(("sha256", digits)) if is_hexadecimal(digits) => digits.len() == 64,
            Some(("sha512", digits)) if is_hexadecimal(digits) => digits.len() == 128,
            _ => false,
        };
        if !length {
            return Err(format!("\"{text}\" is not a digest of SHA-256 or SHA-512").into());
        }
        Ok(Self(text.to_owned()))
    }

    /// None if it is one of SHA-512.
    pub(super) fn sha256(&self) -> Option<[u8; 32]> {
        sha256_from_hex(self.0.strip_prefix("sha256:")?)
    }

    pub(super) fn of(content: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(content))))
    }

    /// What this content has, by the same algorithm.
    pub(super) fn like(&self, content: &[u8]) -> Self {
        let mut hash = Hash::new(self);
        hash.update(content);
        hash.end()
    }

    /// The digest of content, which has to be this one.
    pub(super) fn check(&self, found: Self) -> Result<Self> {
        if found != *self {
            return Err(format!("is not what was asked for: it has the digest {found}").into());
        }
        Ok(found)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Content that is judged once it has been read.
pub(super) struct DigestReader<R> {
    inner: R,
    expected: Digest,
    hash: Hash,
    size: u64,
    read: u64,
}

impl<R: Read> DigestReader<R> {
    pub(super) fn new(inner: R, expected: &Digest, size: u64) -> Self {
        Self {
            inner,
            hash: Hash::new(expected),
            expected: expected.clone(),
            size,
            read: 0,
        }
    }

    /// Reads what is left, and then says whether it was what it should be.
    pub(super) fn end(mut self) -> Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        self.expected.check(self.hash.end()).map(drop)
    }
}

impl<R: Read> Read for DigestReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let size = self.size;
        if count == 0 && !buffer.is_empty() && self.read < size {
            let why = format!("ends after {} of {size} bytes", self.read);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        self.read = self.read.saturating_add(count as u64);
        if self.read > size {
            let why = format!("has more than the {size} bytes that its manifest says");
            return Err(io::Error::other(why));
        }
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

enum Hash {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hash {
    fn new(like: &Digest) -> Self {
        if like.0.starts_with("sha512:") {
            Self::Sha512(Sha512::new())
        } else {
            Self::Sha256(Sha256::new())
        }
    }

    fn update(&mut self, content: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(content),
            Self::Sha512(hash) => hash.update(content),
        }
    }

    fn end(self) -> Digest {
        Digest(match self {
            Self::Sha256(hash) => format!("sha256:{}", hex(&hash.finalize())),
            Self::Sha512(hash) => format!("sha512:{}", hex(&hash.finalize())),
        })
    }
}

fn is_hexadecimal(digits: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    digits.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_one_form() {
        let sha256 = format!("sha256:{}", "0a".repeat(32));
        let sha512 = format!("sha512:{}", "0a".repeat(64));
        for text in [&sha256, &sha512] {
            assert_eq!(&Digest::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "sha256:",
            &sha256[1..],
            &sha256[..70],
            &sha256.to_uppercase(),
            &sha256.replace('a', "A"),
            &sha256.replace('a', "/"),
            &sha512.replace("512", "256"),
        ] {
            assert!(Digest::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn content_is_judged_by_digest_and_size() {
        let content = b"content";
        // By coreutils' sha512sum.
        let sha512 = "sha512:b2d1d285b5199c85f988d03649c37e44fd3dde01e5d69c50fef90651962f48110e9340b60d49a479c4c0b53f5f07d690686dd87d2481937a512e8b85ee7c617f";
        let sha512 = Digest::parse(sha512).unwrap();
        assert_eq!(sha512.like(content), sha512);
        for digest in [Digest::of(content), sha512] {
            let end = |content: &[u8], size| DigestReader::new(content, &digest, size).end();
            end(content, 7).unwrap();
            let why = end(b"Content", 7).unwrap_err().to_string();
            assert!(why.contains("it has the digest sha"), "{why}");
            let why = end(content, 8).unwrap_err().to_string();
            assert_eq!(why, "ends after 7 of 8 bytes");
            let why = end(content, 6).unwrap_err().to_string();
            assert!(why.starts_with("has more than the 6 bytes"), "{why}");
        }
    }
}
