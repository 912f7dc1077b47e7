//! ureq 3, a blocking client (feature `ureq`).
//!
//! ```no_run
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
//! # fn request() -> Result<(), Box<dyn std::error::Error>> {
//! let agent = embedded_roots::ureq::agent()?;
//! let response = agent.get("https://example.com/").call()?;
//! # Ok(())
//! # }
//! ```
//!
//! `https` and `http` addresses work, directly and through CONNECT and SOCKS proxies. For an agent
//! with settings of your own, pass the connector to it:
//!
//! ```no_run
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
//! # fn agent() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use ureq::Agent;
//! use ureq::unversioned::resolver::DefaultResolver;
//!
//! let config = Agent::config_builder()
//!     .https_only(true)
//!     .timeout_global(Some(Duration::from_secs(10)))
//!     .build();
//! let connector = embedded_roots::ureq::connector()?;
//! let agent = Agent::with_parts(config, connector, DefaultResolver::default());
//! # Ok(())
//! # }
//! ```
//!
//! TLS always uses [`Roots::client_config`]. ureq's `TlsConfig`, which exists if a package of the build
//! enables a TLS feature of ureq, has no effect: `disable_verification` does not turn verification off,
//! `root_certs` neither adds nor removes a root, and no client certificate is sent.
//!
//! ureq's transport traits do not follow semver, so this crate requires exactly ureq 3.5 (`~3.5`). A new
//! minor version of ureq needs a new minor version of this crate. In your own manifest, disable the
//! default features of ureq: they add webpki-roots.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout,
    SocksConnector, TcpConnector, Transport, TransportAdapter,
};

use crate::error::Error;
use crate::roots::default::lasting_config;
use crate::roots::live::live_roots::LiveRoots;
use crate::roots::policy::Roots;

/// A connector that trusts the default roots. Fails like [`roots()`](crate::roots()).
pub fn connector() -> Result<impl Connector, Error> {
    lasting_config().map(connector_with)
}

/// An agent with a pool of connections that trusts the default roots. Fails like [`roots()`](crate::roots()).
pub fn agent() -> Result<Agent, Error> {
    connector().map(agent_with)
}

/// ureq (feature `ureq`)
impl Roots {
    /// A connector that trusts these roots, for [`Agent::with_parts`].
    #[must_use]
    pub fn ureq_connector(&self) -> impl Connector + use<> {
        connector_with(self.client_config())
    }

    /// An agent with a pool of connections that trusts these roots.
    #[must_use]
    pub fn ureq_agent(&self) -> Agent {
        agent_with(self.ureq_connector())
    }
}

/// ureq (feature `ureq`)
impl LiveRoots {
    /// A connector that follows the generations: it uses
    /// [`following_config`](Self::following_config).
    #[must_use]
    pub fn ureq_connector(&self) -> impl Connector + use<> {
        connector_with(self.following_config())
    }

    /// An agent with a pool of connections that follows the generations.
    #[must_use]
    pub fn ureq_agent(&self) -> Agent {
        agent_with(self.ureq_connector())
    }
}

fn connector_with(config: Arc<ClientConfig>) -> impl Connector {
    // ureq's own chain, except for its last link.
    ().chain(SocksConnector::default())
        .chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(TlsConnector { config })
}

fn agent_with(connector: impl Connector) -> Agent {
    Agent::with_parts(Config::default(), connector, DefaultResolver::default())
}

/// Adds TLS to the connections of `https` addresses.
struct TlsConnector {
    config: Arc<ClientConfig>,
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let mut connection =
            ClientConnection::new(Arc::clone(&self.config), server_name(details.uri)?)
                .map_err(|error| ureq::Error::Other(error.into()))?;
        let mut socket =
            TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        socket.set_timeout(time_left(details));
        // Here, so that the handshake counts as connecting: for timeouts, and for its errors.
        connection.complete_io(&mut socket)?;
        Ok(Some(Either::B(TlsTransport {
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            stream: StreamOwned::new(connection, socket),
        })))
    }
}

fn server_name(uri: &Uri) -> Result<ServerName<'static>, ureq::Error> {
    let host = uri.host().unwrap_or_default();
    // An IPv6 address is in brackets in a URI, and without them in a certificate.
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    ServerName::try_from(bare.unwrap_or(host).to_owned())
        .map_err(|_| ureq::Error::BadUri(format!("{host} is neither a DNS name nor an IP address")))
}

/// What the connectors before this one have left of the time for connecting.
fn time_left(details: &ConnectionDetails<'_>) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (Duration::Exact(after), Instant::Exact(start), Instant::Exact(now)) =
        (timeout.after, details.now, (details.current_time)())
    {
        let passed = now.saturating_duration_since(start);
        timeout.after = Duration::Exact(after.saturating_sub(passed));
    }
    timeout
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector").finish_non_exhaustive()
    }
}

struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output();
        let output = output.get(..amount).unwrap_or(output);
        self.stream.write_all(output)?;
        // `write_all` leaves errors of its last record to the next call.
        self.stream.flush()?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    /// A connection that the server has closed, or on which it has sent more than was asked for, is
    /// not used again.
    fn is_open(&mut self) -> bool {
        let state = self.stream.conn.process_new_packets();
        let is_quiet = state
            .is_ok_and(|state| !state.peer_has_closed() && state.plaintext_bytes_to_read() == 0);
        let transport = self.stream.sock.get_mut();
        is_quiet && transport.buffers().input().is_empty() && transport.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport")
            .field("transport", &self.stream.sock.inner())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_name_to_verify() {
        for (uri, name) in [
            ("https://a.example/", "a.example"),
            ("https://user:password@a.example:1/", "a.example"),
            ("https://127.0.0.1:1/", "127.0.0.1"),
            ("https://[::1]:1/", "::1"),
        ] {
            let verified = server_name(&uri.parse().unwrap()).unwrap();
            assert_eq!(verified, ServerName::try_from(name).unwrap(), "{uri}");
        }
        for uri in ["https://-a.example/", "https://a..example/", "/path"] {
            let error = server_name(&uri.parse().unwrap()).unwrap_err();
            assert!(matches!(error, ureq::Error::BadUri(_)), "{uri}: {error}");
        }
    }
}
