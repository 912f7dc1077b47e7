//! A client for one call of GitHub's API, with errors that read as one sentence.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use embedded_roots::Refusal;
use embedded_roots::hyper::{Client, HttpConnector, HttpsConnector};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, StatusCode, Uri};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::repository::Repository;

/// The timeout from the request to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// GitHub lists a hundred contributors with numbers for every week, which is some MiB for an old
/// repository.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// The number of answers that are read into memory at once, to bound memory; others wait.
const ANSWERS_AT_ONCE: usize = 8;

/// A client of the API. The program makes one, which keeps its connections.
pub(crate) struct GitHub {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    api: Uri,
    token: Option<HeaderValue>,
    answers: Semaphore,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contributor {
    pub(crate) login: String,
    /// The address of a picture to show at 100 x 100 pixels (200 x 200 on high-density screens).
    pub(crate) avatar: Option<String>,
    pub(crate) commits: u64,
}

impl GitHub {
    /// `api` is `https://api.github.com` or a replacement for it.
    pub(crate) fn new(api: &str, token: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let api: Uri = api
            .trim_end_matches('/')
            .parse()
            .map_err(|why| format!("GITHUB_API_URL: {why}"))?;
        if !matches!(api.scheme_str(), Some("https" | "http")) || api.host().is_none() {
            return Err("GITHUB_API_URL: expected https://HOST".into());
        }
        let token = token.map(|token| HeaderValue::try_from(format!("Bearer {}", token.trim())));
        let mut token = token
            .transpose()
            .map_err(|why| format!("GITHUB_TOKEN: {why}"))?;
        if let Some(token) = &mut token {
            if api.scheme_str() == Some("http") {
                return Err(
                    "GITHUB_TOKEN would be sent in plain text: GITHUB_API_URL is http".into(),
                );
            }
            token.set_sensitive(true);
        }
        Ok(Self {
            client: embedded_roots::hyper::client()?,
            api,
            token,
            answers: Semaphore::new(ANSWERS_AT_ONCE),
        })
    }

    /// The contributors of a repository, most commits first.
    pub(crate) async fn contributors(&self, of: &Repository) -> Result<Vec<Contributor>, Failure> {
        let answer = timeout(PATIENCE, self.ask(of)).await;
        answer.unwrap_or(Err(Failure::Timeout))
    }

    async fn ask(&self, repository: &Repository) -> Result<Vec<Contributor>, Failure> {
        let request = self
            .request(repository)
            .map_err(|why| Failure::Other(why.to_string()))?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|why| Failure::of(&why))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::ACCEPTED => return Err(Failure::StillComputing),
            // The repository has no commits.
            StatusCode::NO_CONTENT => return Ok(Vec::new()),
            StatusCode::NOT_FOUND => return Err(Failure::NotFound),
            StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failure::RateLimit(end_of_limit(response.headers())));
            }
            other => return Err(Failure::Status(other)),
        }
        contributors_in(&self.body_of(response).await?)
    }

    async fn body_of(&self, response: Response<Incoming>) -> Result<Bytes, Failure> {
        // The semaphore is never closed.
        let _turn = self.answers.acquire().await.map_err(|_| Failure::Timeout)?;
        let body = Limited::new(response.into_body(), LARGEST_ANSWER)
            .collect()
            .await;
        let body = body.map_err(|why| match why.downcast_ref() {
            Some(http_body_util::LengthLimitError { .. }) => Failure::TooLarge,
            None => Failure::Other(why.to_string()),
        })?;
        Ok(body.to_bytes())
    }

    fn request(
        &self,
        repository: &Repository,
    ) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
        let path = self.api.path().trim_end_matches('/');
        let address = Uri::builder()
            .scheme(self.api.scheme_str().unwrap_or("https"))
            .authority(
                self.api
                    .authority()
                    .map_or("", |authority| authority.as_str()),
            )
            .path_and_query(format!("{path}/repos/{repository}/stats/contributors"))
            .build()?;
        let mut request = Request::get(address)
            .header(ACCEPT, "application/vnd.github+json")
            .header(USER_AGENT, "embedded-roots-contributors")
            .header("x-github-api-version", "2022-11-28");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        request.body(Empty::new())
    }
}

/// When the rate limit ends, according to GitHub's headers.
fn end_of_limit(headers: &HeaderMap) -> Option<SystemTime> {
    let seconds = |name: &str| {
        headers
            .get(name)?
            .to_str()
            .ok()?
            .parse()
            .ok()
            .map(Duration::from_secs)
    };
    let after = seconds(RETRY_AFTER.as_str()).and_then(|wait| SystemTime::now().checked_add(wait));
    after.or_else(|| SystemTime::UNIX_EPOCH.checked_add(seconds("x-ratelimit-reset")?))
}

/// The parts of an answer that are used. The weekly numbers are ignored.
#[derive(Deserialize)]
struct Entry {
    /// `None` if the account is gone.
    author: Option<Author>,
    total: u64,
}

#[derive(Deserialize)]
struct Author {
    login: String,
    avatar_url: String,
}

fn contributors_in(json: &[u8]) -> Result<Vec<Contributor>, Failure> {
    let entries: Vec<Entry> = serde_json::from_slice(json).map_err(|_| Failure::NotUnderstood)?;
    let known = entries.into_iter().filter_map(|entry| {
        let author = entry.author?;
        Some(Contributor {
            login: author.login,
            avatar: avatar(&author.avatar_url),
            commits: entry.total,
        })
    });
    let mut contributors: Vec<_> = known.collect();
    contributors.sort_by(|one, other| {
        (other.commits.cmp(&one.commits)).then_with(|| one.login.cmp(&other.login))
    });
    Ok(contributors)
}

/// The address of a picture in the size that is shown; `None` if GitHub does not host it, because
/// the page's content security policy allows no others.
fn avatar(address: &str) -> Option<String> {
    let is_githubs = address.starts_with("https://avatars.githubusercontent.com/");
    let separator = if address.contains('?') { '&' } else { '?' };
    is_githubs.then(|| format!("{address}{separator}s=200"))
}

/// Why there is no list of contributors. `Display` is one sentence for the page.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    NotFound,
    StillComputing,
    RateLimit(Option<SystemTime>),
    Timeout,
    TooLarge,
    NotUnderstood,
    Status(StatusCode),
    /// Why TLS refused the server.
    Untrusted(Arc<str>),
    ShuttingDown,
    Other(String),
}

impl Failure {
    fn of(error: &(dyn Error + 'static)) -> Self {
        if let Some(refusal) = Refusal::of(error) {
            return Self::Untrusted(refusal.to_string().into());
        }
        let mut last = error;
        while let Some(cause) = last.source() {
            last = cause;
        }
        let text = last.to_string();
        if text.contains("invalid peer certificate") {
            return Self::Untrusted(text.into());
        }
        Self::Other(text)
    }

    /// The HTTP status of the page that shows this failure.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::StillComputing => StatusCode::ACCEPTED,
            Self::RateLimit(_) | Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("GitHub knows no public repository of this name."),
            Self::StillComputing => {
                f.write_str("GitHub is still counting the commits of this repository.")
            }
            Self::RateLimit(Some(end)) => {
                write!(
                    f,
                    "GitHub's rate limit is used up until {}.",
                    httpdate::fmt_http_date(*end)
                )
            }
            Self::RateLimit(None) => f.write_str("GitHub's rate limit is used up for now."),
            Self::Timeout => write!(
                f,
                "GitHub did not answer within {} seconds.",
                PATIENCE.as_secs()
            ),
            Self::TooLarge => write!(
                f,
                "GitHub's answer is larger than {} MiB.",
                LARGEST_ANSWER >> 20
            ),
            Self::NotUnderstood => f.write_str("GitHub's answer is not a list of contributors."),
            Self::Status(status) => write!(f, "GitHub answered {status}."),
            Self::Untrusted(why) => write!(
                f,
                "The server that answered for GitHub is not trusted: {why}."
            ),
            Self::ShuttingDown => {
                f.write_str("This server is about to stop; try again in a moment.")
            }
            Self::Other(why) => write!(f, "GitHub could not be asked: {why}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_commits_first() {
        let json = br#"[
            {"total": 3, "weeks": [{"w": 1, "a": 2}], "author": {"login": "b", "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4"}},
            {"total": 7, "weeks": [], "author": {"login": "c", "avatar_url": "https://elsewhere.example/u/1"}},
            {"total": 9, "weeks": [], "author": null},
            {"total": 3, "weeks": [], "author": {"login": "a", "avatar_url": "https://avatars.githubusercontent.com/u/2"}}
        ]"#;
        let contributors = contributors_in(json).unwrap();
        let shown: Vec<_> = contributors
            .iter()
            .map(|c| (c.login.as_str(), c.commits, c.avatar.as_deref()))
            .collect();
        let githubs = "https://avatars.githubusercontent.com/u/";
        assert_eq!(
            shown,
            [
                ("c", 7, None),
                ("a", 3, Some(&*format!("{githubs}2?s=200"))),
                ("b", 3, Some(&*format!("{githubs}1?v=4&s=200"))),
            ]
        );
    }

    #[test]
    fn a_token_is_not_sent_in_plain_text() {
        assert!(GitHub::new("http://127.0.0.1", Some("secret")).is_err());
        assert!(GitHub::new("http://127.0.0.1", None).is_ok());
        for address in ["", "api.github.com", "ftp://api.github.com", "https://"] {
            assert!(GitHub::new(address, None).is_err(), "{address}");
        }
    }
}
