//! Requests over HTTP: encryption, redirects, time limits, and further attempts.

use std::io;
use std::thread;
use std::time::Duration;

use embedded_roots::{Refusal, Roots, rustls};
use rustls::InvalidMessage;
use ureq::config::Config;
use ureq::http::header::{ACCEPT, AUTHORIZATION, LOCATION, RETRY_AFTER};
use ureq::http::{StatusCode, Uri};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Body};

use super::reference::Host;
use crate::outcome::Result;

pub(super) type Response = ureq::http::Response<Body>;

pub(super) struct Transport {
    agent: Agent,
    /// Those that may be spoken to without encryption.
    plain: Vec<Host>,
}

/// What is asked for, and of whom.
#[derive(Clone)]
pub(super) struct Request<'a> {
    pub(super) url: String,
    pub(super) accept: &'a str,
    /// The header `Authorization`, which goes to no other host.
    pub(super) authorization: Option<&'a str>,
    /// The bytes that are expected, at most.
    pub(super) size: u64,
}

/// A response, and whether it is of the host that was asked.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) is_redirected: bool,
}

impl Transport {
    /// Verifies servers with these roots, with all their limits.
    pub(super) fn new(roots: &Roots, plain: Vec<Host>) -> Self {
        let config = Config::builder()
            .http_status_as_error(false)
            // They are followed below.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("embedded-roots/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_send_request(Some(PATIENCE))
            .timeout_recv_response(Some(2 * PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .timeout_per_write(Some(PATIENCE))
            .build();
        let connector = roots.ureq_connector();
        Self {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            plain,
        }
    }

    /// Whether this host may be spoken to without encryption.
    pub(super) fn may_be_plain(&self, host: &Host) -> bool {
        host.is_loopback() || self.plain.contains(host)
    }

    /// `http` if there is no TLS behind the port, and there need not be; `https` otherwise.
    ///
    /// As Docker does it, except that a certificate that is not valid is an error on every host.
    pub(super) fn scheme(&self, host: &Host) -> Result<&'static str> {
        if !self.may_be_plain(host) {
            return Ok("https");
        }
        let url = format!("https://{}/v2/", host.api());
        match self.send(&Request::new(url)) {
            Err(why) if is_no_tls(&why) => Ok("http"),
            Err(why) => Err(told(&why)),
            Ok(_) => Ok("https"),
        }
    }

    /// The response, after redirects and further attempts. Its status may be any.
    pub(super) fn get(&self, request: &Request<'_>) -> Result<Answer> {
        let mut request = request.clone();
        let first = Origin::parse(&request.url)?;
        let mut origin = first.clone();
        for _ in 0..REDIRECTS {
            if origin != first {
                request.authorization = None;
            }
            let response = self.send_again(&request)?;
            if !is_redirect(response.status()) {
                return Ok(Answer {
                    response,
                    is_redirected: origin != first,
                });
            }
            let location = response.headers().get(LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let location = location.ok_or("redirects to nowhere")?;
            request.url = origin.resolve(location)?;
            let next = Origin::parse(&request.url)?;
            self.check(&origin, &next)?;
            origin = next;
        }
        Err(format!("redirects more than {REDIRECTS} times").into())
    }

    /// Sends a form, without redirects.
    pub(super) fn post(&self, url: &str, form: String) -> Result<Response> {
        let origin = Origin::parse(url)?;
        let request = (self.agent.post(url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .config()
            .timeout_recv_body(Some(time(0)));
        let request = if origin.host.is_loopback() {
            request.proxy(None)
        } else {
            request
        };
        request.build().send(form).map_err(|why| told(&why))
    }

    /// Whether this server may send requests to that one: not from an encrypted one to one that is not.
    pub(super) fn check(&self, from: &Origin, to: &Origin) -> Result<()> {
        if to.is_encrypted || (!from.is_encrypted && self.may_be_plain(&to.host)) {
            return Ok(());
        }
        Err(format!("sends requests to {}, without encryption", to.host).into())
    }

    /// Tries again what a busy server has refused.
    fn send_again(&self, request: &Request<'_>) -> Result<Response> {
        for wait in WAITS {
            let response = self.send(request).map_err(|why| told(&why))?;
            let is_busy = matches!(
                response.status(),
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            );
            if !is_busy {
                return Ok(response);
            }
            let said = response.headers().get(RETRY_AFTER);
            let said = said.and_then(|after| after.to_str().ok()?.parse().ok());
            let wait = said.map_or(wait, Duration::from_secs);
            thread::sleep(wait.min(LONGEST_WAIT));
        }
        self.send(request).map_err(|why| told(&why))
    }

    fn send(&self, request: &Request<'_>) -> std::result::Result<Response, ureq::Error> {
        let mut call = self.agent.get(&request.url);
        if !request.accept.is_empty() {
            call = call.header(ACCEPT, request.accept);
        }
        if let Some(authorization) = request.authorization {
            call = call.header(AUTHORIZATION, authorization);
        }
        let call = call.config().timeout_recv_body(Some(time(request.size)));
        // As Go does, which Docker is written in.
        let is_loopback = Origin::parse(&request.url).is_ok_and(|origin| origin.host.is_loopback());
        let call = if is_loopback { call.proxy(None) } else { call };
        call.build().call()
    }
}

impl Request<'_> {
    /// For something short.
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            accept: "",
            authorization: None,
            size: 0,
        }
    }
}

/// What a URL says of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    is_encrypted: bool,
    host: Host,
}

impl Origin {
    pub(super) fn parse(url: &str) -> Result<Self> {
        let why = || format!("\"{url}\" is not an address of http or https");
        let uri: Uri = url.parse().map_err(|_| why())?;
        let is_encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(why().into()),
        };
        let authority = uri.authority().ok_or_else(why)?.as_str();
        // The port that is meant without one, so that it makes no other host.
        let usual = if is_encrypted { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        Ok(Self {
            is_encrypted,
            host: Host::parse(authority)?,
        })
    }

    /// Where a redirect leads.
    fn resolve(&self, location: &str) -> Result<String> {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        let is_path = location.starts_with('/') && !location.starts_with("//");
        if is_path {
            return Ok(format!("{scheme}://{}{location}", self.host.api()));
        }
        Origin::parse(location)?;
        Ok(location.to_owned())
    }
}

/// How long a server may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The slowest server that is waited for, in bytes a second.
const SLOWEST: u64 = 64 << 10;

/// As often as curl and Docker follow them, or less.
const REDIRECTS: usize = 5;

/// Before further attempts.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
];

const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The time for so many bytes.
fn time(size: u64) -> Duration {
    2 * PATIENCE + Duration::from_secs(size / SLOWEST)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether a server that is asked for TLS has answered something else, or hung up.
fn is_no_tls(why: &ureq::Error) -> bool {
    let ureq::Error::Io(why) = why else {
        return false;
    };
    let cause = why.get_ref().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(rustls::Error::InvalidMessage(cause)) => matches!(
            cause,
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion
        ),
        Some(_) => false,
        None => matches!(
            why.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        ),
    }
}

/// An error that says what the library knows of it.
fn told(why: &ureq::Error) -> Box<dyn std::error::Error + Send + Sync> {
    if let Some(refusal) = Refusal::of(why) {
        return refusal.to_string().into();
    }
    match why {
        ureq::Error::Io(why) => why.to_string().into(),
        why => why.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::parse(url).unwrap()
    }

    #[test]
    fn origins_are_compared() {
        let one = origin("https://a.example/v2/");
        assert_eq!(one, origin("https://A.example:443/other?b"));
        for other in [
            "http://a.example/v2/",
            "https://a.example:80/v2/",
            "https://a.example.b.example/v2/",
            "https://b.example/v2/",
        ] {
            assert_ne!(one, origin(other), "{other}");
        }
        for url in [
            "",
            "/v2/",
            "ftp://a.example/",
            "https://user@a.example/",
            "https:///a",
            "a",
        ] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn redirects_lead_to_addresses_or_paths() {
        let origin = origin("http://a.example:5000/v2/");
        assert_eq!(origin.resolve("/x?y").unwrap(), "http://a.example:5000/x?y");
        assert_eq!(
            origin.resolve("https://b.example/x").unwrap(),
            "https://b.example/x"
        );
        for location in ["", "x", "//b.example/x", "file:///etc/passwd", "https:x"] {
            assert!(origin.resolve(location).is_err(), "{location}");
        }
    }

    #[test]
    fn https_never_redirects_to_http() {
        let plain = vec![Host::parse("plain.example:5000").unwrap()];
        let transport = Transport::new(&Roots::embedded().unwrap(), plain);
        for (from, to, is_allowed) in [
            ("https://a.example", "https://b.example", true),
            ("http://plain.example:5000", "https://b.example", true),
            (
                "http://plain.example:5000",
                "http://plain.example:5000",
                true,
            ),
            ("http://plain.example:5000", "http://127.0.0.1:1", true),
            ("http://127.0.0.1:1", "http://localhost:2", true),
            ("http://127.0.0.1:1", "http://b.example", false),
            ("http://plain.example:5000", "http://plain.example", false),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "http://127.0.0.1:1", false),
            ("https://127.0.0.1", "http://127.0.0.1", false),
        ] {
            let checked = transport.check(&origin(from), &origin(to));
            assert_eq!(checked.is_ok(), is_allowed, "{from} {to}");
        }
    }

    #[test]
    fn time_grows_with_size() {
        assert_eq!(time(0), Duration::from_secs(60));
        assert_eq!(time(64 << 20), Duration::from_secs(60 + 1024));
    }
}
