//! What is found, and how a finding is known again.

use embedded_roots_bundle::digest::{hex, sha256};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FindingKind {
    Compromised,
    Removed,
    /// The policy forbids the root.
    Forbidden,
    /// The policy requires the root.
    Missing,
}

impl FindingKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::Removed => "removed",
            Self::Forbidden => "forbidden",
            Self::Missing => "missing",
        }
    }

    pub(super) fn is_of_policy(self) -> bool {
        matches!(self, Self::Forbidden | Self::Missing)
    }
}

/// The identifier of a finding, in hexadecimal digits.
///
/// Names that are digests, as those of layers are, do not count: they are others in the next image.
pub(super) fn id(kind: FindingKind, path: &str, sha256_of_root: &str) -> String {
    let path: Vec<&str> = path.split('/').map(without_digest).collect();
    let text = [kind.name(), &path.join("/"), sha256_of_root].join("\0");
    hex(sha256(text.as_bytes()).get(..16).unwrap_or_default())
}

fn without_digest(name: &str) -> &str {
    const DIGITS: usize = 64;

    let is_digest = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    // As in a registry.
    let rest = name.strip_prefix("sha256:").unwrap_or(name);
    match rest.split_at_checked(DIGITS) {
        Some((digits, rest)) if is_digest(digits) && (rest.is_empty() || rest.starts_with('.')) => {
            "*"
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_of_kind_place_and_root_and_of_no_digest_in_names() {
        let id = |path: &str| id(FindingKind::Removed, path, "ab");
        let digest = "0f".repeat(32);
        let other = "1e".repeat(32);
        for pattern in ["a/sha256:{}/b", "a/blobs/sha256/{}/b", "a/{}.tar/b", "{}"] {
            let of = |digest: &str| id(&pattern.replace("{}", digest));
            assert_eq!(of(&digest), of(&other), "{pattern}");
        }
        for (one, other) in [
            ("a/b", "a/c"),
            (&*digest, &digest[1..]),
            (&format!("x{digest}"), &format!("x{other}")),
        ] {
            assert_ne!(id(one), id(other), "{one}");
        }
        let kinds = [FindingKind::Removed, FindingKind::Forbidden];
        let [removed, forbidden] = kinds.map(|kind| super::id(kind, "a", "ab"));
        assert_ne!(removed, forbidden);
        assert_ne!(id("a"), super::id(FindingKind::Removed, "a", "cd"));
        // What is kept in baselines.
        assert_eq!(id("a/b"), "ae5e2712043dc7882719f72807b8e66d");
    }
}
