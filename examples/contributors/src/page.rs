//! The page, and the values that its template shows.

use askama::Template;

use crate::github::{Contributor, Failure};
use crate::repository::Repository;

/// How often a page reloads itself while GitHub is still computing.
const TRIES: u32 = 5;

/// The only page of the app. The template engine escapes all values in it.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    title: Option<String>,
    owner: &'a str,
    repo: &'a str,
    content: Content<'a>,
    again: Option<Again>,
}

enum Content<'a> {
    Welcome,
    Failure(String),
    Contributors(&'a [Contributor]),
}

struct Again {
    seconds: u32,
    address: String,
}

impl<'a> Page<'a> {
    pub(crate) fn welcome() -> Self {
        Self::new("", "", Content::Welcome)
    }

    /// A page that says why the input was refused, and shows `owner` and `repo` as entered.
    pub(crate) fn refused(owner: &'a str, repo: &'a str, sentence: String) -> Self {
        Self::new(owner, repo, Content::Failure(sentence))
    }

    pub(crate) fn contributors(of: &'a Repository, contributors: &'a [Contributor]) -> Self {
        let page = Self::new(of.owner(), of.repo(), Content::Contributors(contributors));
        Self {
            title: Some(of.to_string()),
            ..page
        }
    }

    /// `tried` is how often the page has already reloaded itself.
    pub(crate) fn failure(of: &'a Repository, failure: &Failure, tried: u32) -> Self {
        let page = Self::refused(of.owner(), of.repo(), failure.to_string());
        let asks_again = matches!(failure, Failure::StillComputing) && tried < TRIES;
        let again = asks_again.then(|| Again {
            // Wait longer each time: GitHub takes seconds for most, and a minute for some.
            seconds: 2 << tried,
            address: format!(
                "/?owner={}&repo={}&tried={}",
                of.owner(),
                of.repo(),
                tried + 1
            ),
        });
        Self {
            title: Some(of.to_string()),
            again,
            ..page
        }
    }

    fn new(owner: &'a str, repo: &'a str, content: Content<'a>) -> Self {
        Self {
            title: None,
            owner,
            repo,
            content,
            again: None,
        }
    }
}
