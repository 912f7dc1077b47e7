//! A GitHub repository, with checked names.

use std::fmt;

/// A repository with an owner and a name that are valid on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    owner: String,
    repo: String,
}

impl Repository {
    /// Checks both names by GitHub's rules for new ones, so that nothing else gets into a request.
    /// An owner has up to 39 letters, digits and hyphens, and enterprise accounts also have an
    /// underscore; a repository has up to 100 letters, digits, hyphens, underscores and dots.
    pub(crate) fn new(owner: &str, repo: &str) -> Result<Self, NameError> {
        let (owner, repo) = (owner.trim(), repo.trim());
        let is_owner = (1..=39).contains(&owner.len())
            && owner
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            && !owner.starts_with(['-', '_']);
        if !is_owner {
            return Err(NameError::Owner);
        }
        let is_repo = (1..=100).contains(&repo.len())
            && repo
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !matches!(repo, "." | "..");
        if !is_repo {
            return Err(NameError::Repo);
        }
        Ok(Self {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
        })
    }

    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    pub(crate) fn repo(&self) -> &str {
        &self.repo
    }
}

/// `owner/repo`, which needs no escaping in a URL path.
impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.repo)
    }
}

/// Which of the names is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameError {
    Owner,
    Repo,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => {
                "The owner is not a GitHub name: 1 to 39 letters, digits and hyphens, and no \
                 hyphen at its start."
            }
            Self::Repo => {
                "The repository is not a GitHub name: 1 to 100 letters, digits, hyphens, \
                 underscores and dots."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_github_allows_are_accepted() {
        for (owner, repo) in [
            ("rustls", "rustls"),
            ("a", "b"),
            ("a-b", ".github"),
            ("octo_corp", "a_b.c-d"),
            (" kelseyhightower ", "contributors\n"),
            (&"a".repeat(39), &"b".repeat(100)),
        ] {
            let repository = Repository::new(owner, repo).unwrap();
            let expected = format!("{}/{}", owner.trim(), repo.trim());
            assert_eq!(repository.to_string(), expected);
        }
    }

    #[test]
    fn names_that_github_does_not_allow_are_refused() {
        for owner in [
            "",
            "-a",
            "a/b",
            "a b",
            "ä",
            "a?b",
            "..",
            "%2e",
            &"a".repeat(40),
        ] {
            assert_eq!(
                Repository::new(owner, "b"),
                Err(NameError::Owner),
                "{owner:?}"
            );
        }
        for repo in [
            "",
            ".",
            "..",
            "a/b",
            "a b",
            "a?b",
            "a#b",
            "ä",
            &"a".repeat(101),
        ] {
            assert_eq!(Repository::new("a", repo), Err(NameError::Repo), "{repo:?}");
        }
    }
}
