//! What texts say of NSS, compared with what NSS says.
//!
//! A person writes the texts, so they can be wrong, and the next release can make them so. What they say
//! of a release before the audited one is expected to be true of that one as well.

use std::fmt;

/// A version of NSS, such as 3.132 or 3.132.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NssVersion(Vec<u32>);

impl NssVersion {
    /// The version that NSS' main library, `libnss3.so`, names.
    pub(super) fn from_library(library: &[u8]) -> Option<Self> {
        const BEFORE: &[u8] = b"Version: NSS ";
        let begin = library
            .windows(BEFORE.len())
            .position(|bytes| bytes == BEFORE)?;
        let text = library.get(begin + BEFORE.len()..)?;
        let text = text.split(|byte| matches!(byte, 0 | b' ')).next()?;
        Self::parse(std::str::from_utf8(text).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let parts = text.split('.').map(|part| {
            let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| is_number)
        });
        let parts: Vec<u32> = parts.collect::<Option<_>>()?;
        (parts.len() > 1).then_some(Self(parts))
    }
}

impl fmt::Display for NssVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// Fails if the text says of a root what is not true of this version of NSS, which trusts it for TLS
/// servers or not, or if it speaks of NSS in other words than those that this can read.
pub(super) fn check_root(text: &str, is_trusted: bool, audited: &NssVersion) -> Result<(), String> {
    for claim in text.split("NSS").skip(1) {
        let (version, says_trusted) = root_claim(claim).ok_or(
            "of a root, say \"NSS VERSION trusts it\" or \"NSS VERSION does not trust it\"",
        )?;
        check_not_newer(&version, audited)?;
        if says_trusted != is_trusted {
            let does = if is_trusted {
                "trusts"
            } else {
                "does not trust"
            };
            return Err(format!("NSS {audited} {does} it"));
        }
    }
    Ok(())
}

/// `claim` is what follows "NSS".
fn root_claim(claim: &str) -> Option<(NssVersion, bool)> {
    let (version, rest) = claim.strip_prefix(' ')?.split_once(' ')?;
    let says_trusted = match rest.strip_prefix("does not trust it") {
        Some(_) => false,
        None => rest.strip_prefix("trusts it").map(|_| true)?,
    };
    Some((NssVersion::parse(version)?, says_trusted))
}

/// Fails if no line of the text has "NSS VERSION `fact`", or if [`check_root()`] fails at a line with the
/// digest of a root.
pub(super) fn check_page(
    text: &str,
    fact: &str,
    is_trusted: impl Fn(&str) -> bool,
    audited: &NssVersion,
) -> Result<(), String> {
    let version = text.lines().find_map(|line| {
        let (before, _) = line.split_once(&format!(" {fact}"))?;
        let (_, version) = before.rsplit_once("NSS ")?;
        NssVersion::parse(version)
    });
    let Some(version) = version else {
        return Err(format!("there is no line with \"NSS {audited} {fact}\""));
    };
    check_not_newer(&version, audited)?;
    for line in text.lines() {
        for sha256 in line.split(|char: char| !char.is_ascii_hexdigit()) {
            if sha256.len() == 64 {
                check_root(line, is_trusted(sha256), audited)
                    .map_err(|why| format!("{sha256}: {why}"))?;
            }
        }
    }
    Ok(())
}

fn check_not_newer(version: &NssVersion, audited: &NssVersion) -> Result<(), String> {
    if version > audited {
        return Err(format!("NSS {version} is newer than the audited {audited}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> NssVersion {
        NssVersion::parse(text).unwrap()
    }

    #[test]
    fn versions() {
        assert!(version("3.99") < version("3.132"));
        assert!(version("3.132") < version("3.132.1"));
        assert_eq!(version("3.132.1").to_string(), "3.132.1");
        for other in ["", "3", "3.", ".3", "3.+1", "3.132,", "3.1a"] {
            assert_eq!(NssVersion::parse(other), None, "{other}");
        }
    }

    #[test]
    fn version_in_library() {
        let of = NssVersion::from_library;
        assert_eq!(
            of(b"\x7fELF\xffVersion: NSS 3.132\0\0x"),
            Some(version("3.132"))
        );
        assert_eq!(
            of(b"\0Version: NSS 3.132 Basic ECC\0"),
            Some(version("3.132"))
        );
        assert_eq!(of(b"\0Version: NSS Builtin Trusted Root CAs 2.92\0"), None);
        assert_eq!(of(b"\x7fELF"), None);
    }

    #[test]
    fn claims_on_a_root() {
        let check = |text: &str, is_trusted| check_root(text, is_trusted, &version("3.132"));
        for text in [
            "a reason",
            "NSS 3.132 trusts it: why",
            "since NSS 3.110 trusts it",
        ] {
            assert_eq!(check(text, true), Ok(()), "{text}");
        }
        assert_eq!(check("NSS 3.132 does not trust it.", false), Ok(()));

        let trusts = Err("NSS 3.132 trusts it".to_owned());
        assert_eq!(check("NSS 3.132 does not trust it", true), trusts);
        let does_not = Err("NSS 3.132 does not trust it".to_owned());
        assert_eq!(check("NSS 3.131 trusts it", false), does_not);
        let newer = Err("NSS 3.133 is newer than the audited 3.132".to_owned());
        assert_eq!(check("NSS 3.133 trusts it", true), newer);
        // Each one counts.
        let both = "NSS 3.131 trusts it, and NSS 3.132 does not trust it";
        assert!(check(both, true).is_err());
        assert!(check(both, false).is_err());

        for text in [
            "NSS has removed it",
            "from the certdata.txt of NSS",
            "NSS trusts it",
            "NSS 3.132 no longer trusts it",
            "NSS 3.132 trusts that",
        ] {
            for is_trusted in [true, false] {
                let why = check(text, is_trusted).unwrap_err();
                assert!(why.starts_with("of a root, say "), "{text}: {why}");
            }
        }
    }

    #[test]
    fn claims_on_a_page() {
        let (trusted, other) = ("a".repeat(64), "b".repeat(64));
        let check = |text: &str| {
            let is_trusted = |sha256: &str| sha256 == trusted;
            check_page(text, "trusts 2 roots", is_trusted, &version("3.132"))
        };
        let page = format!(
            "# Page\nNSS reads it.\nHere NSS 3.131 trusts 2 roots for servers.\n\
             | {trusted} | NSS 3.132 trusts it |\n| `{other}` | NSS 3.132 does not trust it |\n{other}\n"
        );
        assert_eq!(check(&page), Ok(()));

        let fails = |from: &str, to: &str, expected: &str| {
            let changed = page.replacen(from, to, 1);
            assert_ne!(changed, page);
            let why = check(&changed).unwrap_err();
            assert!(why.contains(expected), "{why}");
        };
        let absent = "there is no line with \"NSS 3.132 trusts 2 roots\"";
        fails("2 roots", "3 roots", absent);
        fails("NSS 3.131", "NSS", absent);
        fails("NSS 3.131", "NSS 3.133", "newer than the audited");
        fails(
            "does not trust it",
            "trusts it",
            &format!("{other}: NSS 3.132 does not trust it"),
        );
        fails(
            "trusts it |",
            "does not trust it |",
            &format!("{trusted}: NSS 3.132 trusts it"),
        );
        fails(
            "3.132 trusts it",
            "has removed it",
            &format!("{trusted}: of a root, say"),
        );
    }
}
