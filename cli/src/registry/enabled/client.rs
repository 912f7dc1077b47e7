//! A registry: manifests and blobs of repositories, with credentials where they are asked for.

use std::collections::HashMap;
use std::io::Read;

use serde::Deserialize;
use ureq::http::StatusCode;
use ureq::http::header::WWW_AUTHENTICATE;

use super::challenge::Challenge;
use super::credentials::{Credential, Credentials};
use super::digest::{Digest, DigestReader};
use super::manifest::ACCEPTED;
use super::reference::{Host, Version};
use super::transport::{Origin, Request, Response, Transport};
use crate::markup::percent_encoded;
use crate::outcome::Result;

pub(super) struct Client {
    transport: Transport,
    credentials: Credentials,
    /// What the hosts speak.
    schemes: HashMap<Host, &'static str>,
    /// The header for each repository. A token is for one alone.
    authorizations: HashMap<(Host, String), String>,
}

/// A repository of a registry.
#[derive(Clone, Copy)]
pub(super) struct Repository<'a> {
    pub(super) host: &'a Host,
    pub(super) name: &'a str,
}

impl Client {
    pub(super) fn new(transport: Transport, credentials: Credentials) -> Self {
        Self {
            transport,
            credentials,
            schemes: HashMap::new(),
            authorizations: HashMap::new(),
        }
    }

    /// A manifest or an index, and its digest. One that is named by its digest has that.
    pub(super) fn manifest(
        &mut self,
        repository: Repository<'_>,
        version: &Version,
    ) -> Result<(Vec<u8>, Digest)> {
        let path = format!("manifests/{version}");
        let response = self.get(repository, &path, ACCEPTED, MOST_OF_MANIFEST)?;
        let content = read(response, MOST_OF_MANIFEST)?;
        let digest = match version {
            Version::Tag(_) => Digest::of(&content),
            Version::Digest(expected) => expected.check(expected.like(&content))?,
        };
        Ok((content, digest))
    }

    /// The content with this digest, which is judged as it is read.
    pub(super) fn blob(
        &mut self,
        repository: Repository<'_>,
        digest: &Digest,
        size: u64,
    ) -> Result<DigestReader<impl Read + Send + use<>>> {
        let path = format!("blobs/{digest}");
        let response = self.get(repository, &path, "", size)?;
        let reader = response.into_body().into_reader();
        Ok(DigestReader::new(reader, digest, size))
    }

    fn get(
        &mut self,
        repository: Repository<'_>,
        path: &str,
        accept: &str,
        size: u64,
    ) -> Result<Response> {
        let Repository { host, name } = repository;
        let scheme = self.scheme(host)?;
        let key = (host.clone(), name.to_owned());
        let url = format!("{scheme}://{}/v2/{name}/{path}", host.api());
        let mut request = Request {
            accept,
            authorization: self.authorizations.get(&key).map(String::as_str),
            size,
            ..Request::new(url)
        };
        let mut answer = self.transport.get(&request)?;
        // A token may have expired. What another host asks for is not answered.
        if answer.response.status() == StatusCode::UNAUTHORIZED && !answer.is_redirected {
            let authorization = self.authorization(&answer.response, scheme, repository)?;
            if let Some(authorization) = &authorization {
                request.authorization = Some(authorization);
                answer = self.transport.get(&request)?;
                if answer.response.status() != StatusCode::UNAUTHORIZED {
                    self.authorizations.insert(key, authorization.clone());
                }
            }
        }
        if answer.response.status() == StatusCode::OK {
            return Ok(answer.response);
        }
        let is_denied = matches!(answer.response.status().as_u16(), 401 | 403);
        let mut why = refusal(answer.response);
        if is_denied && self.credentials.of(host)?.is_none() {
            let source = self.credentials.source();
            why = format!("{why} (no credentials for {host} in {source})");
        }
        Err(why.into())
    }

    fn scheme(&mut self, host: &Host) -> Result<&'static str> {
        if let Some(scheme) = self.schemes.get(host) {
            return Ok(scheme);
        }
        let scheme = self.transport.scheme(host)?;
        self.schemes.insert(host.clone(), scheme);
        Ok(scheme)
    }

    /// The header that answers a challenge, if there is one.
    fn authorization(
        &self,
        response: &Response,
        scheme: &str,
        repository: Repository<'_>,
    ) -> Result<Option<String>> {
        let headers = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let headers = headers.filter_map(|header| header.to_str().ok());
        let challenges: Vec<Challenge> = headers.flat_map(Challenge::parse_all).collect();
        let find = |scheme| {
            challenges
                .iter()
                .find(|challenge| challenge.scheme == scheme)
        };
        let credential = self.credentials.of(repository.host)?;
        if let Some(Credential::RegistryToken(token)) = credential {
            return Ok(Some(format!("Bearer {token}")));
        }
        if let Some(challenge) = find("bearer") {
            let from = Origin::parse(&format!("{scheme}://{}", repository.host.api()))?;
            let token = self.token(challenge, &from, repository.name, credential.as_ref());
            let token = token.map_err(|why| format!("token: {why}"))?;
            return Ok(Some(format!("Bearer {token}")));
        }
        let is_basic = find("basic").is_some();
        Ok(credential
            .filter(|_| is_basic)
            .and_then(|credential| credential.basic()))
    }

    /// A token to read this repository, by Docker's protocol for tokens.
    fn token(
        &self,
        challenge: &Challenge,
        registry: &Origin,
        repository: &str,
        credential: Option<&Credential>,
    ) -> Result<String> {
        let realm = challenge
            .parameter("realm")
            .ok_or("its server is not named")?;
        self.transport.check(registry, &Origin::parse(realm)?)?;
        // Not the scope of the challenge, which might be wider.
        let scope = format!("repository:{repository}:pull");
        let mut parameters = vec![("scope", scope.as_str())];
        if let Some(service) = challenge.parameter("service") {
            parameters.push(("service", service));
        }
        let response = if let Some(Credential::IdentityToken(token)) = credential {
            parameters.push(("grant_type", "refresh_token"));
            parameters.push(("client_id", "embedded-roots"));
            parameters.push(("refresh_token", token));
            self.transport.post(realm, form(&parameters))?
        } else {
            let separator = if realm.contains('?') { '&' } else { '?' };
            let basic = credential.and_then(Credential::basic);
            let request = Request {
                authorization: basic.as_deref(),
                ..Request::new(format!("{realm}{separator}{}", form(&parameters)))
            };
            self.transport.get(&request)?.response
        };
        if response.status() != StatusCode::OK {
            return Err(refusal(response).into());
        }
        let answer: TokenAnswer = serde_json::from_slice(&read(response, MOST_OF_TOKEN)?)
            // Without the text, which may be a part of a token.
            .map_err(|_| "the answer is not read")?;
        let token = answer.token.or(answer.access_token);
        Ok(token
            .filter(|token| !token.is_empty())
            .ok_or("none in the answer")?)
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    /// By OAuth 2.
    access_token: Option<String>,
}

/// As the distribution specification asks of registries that they take.
const MOST_OF_MANIFEST: u64 = 4 << 20;

const MOST_OF_TOKEN: u64 = 1 << 20;

const MOST_OF_MESSAGE: u64 = 64 << 10;

fn read(response: Response, most: u64) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut reader = response.into_body().into_reader().take(most + 1);
    reader.read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(format!("has more than {most} bytes").into());
    }
    Ok(content)
}

/// What a registry says why it does not answer: the status, and the first error of its own.
fn refusal(response: Response) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Error>,
    }

    #[derive(Deserialize)]
    struct Error {
        code: Option<String>,
        message: Option<String>,
    }

    let status = response.status().to_string();
    let text = read(response, MOST_OF_MESSAGE).unwrap_or_default();
    let errors: Option<Errors> = serde_json::from_slice(&text).ok();
    let error = errors.and_then(|errors| errors.errors.into_iter().next());
    let parts = error.map(|error| [error.code, error.message]);
    let parts = parts.into_iter().flatten().flatten();
    let short = |part: String| part.chars().take(200).collect::<String>();
    std::iter::once(status)
        .chain(parts.map(short))
        .collect::<Vec<_>>()
        .join(": ")
}

/// `application/x-www-form-urlencoded`
fn form(parameters: &[(&str, &str)]) -> String {
    let parameters = parameters.iter();
    let pairs = parameters.map(|(name, value)| format!("{name}={}", percent_encoded(value, "")));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        let form = form(&[("scope", "repository:a/b:pull"), ("service", "é &=+")]);
        assert_eq!(
            form,
            "scope=repository%3Aa%2Fb%3Apull&service=%C3%A9%20%26%3D%2B"
        );
    }
}
