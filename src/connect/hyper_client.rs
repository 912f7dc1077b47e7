//! hyper 1, through [hyper-rustls](hyper_rustls) and hyper-util's pooled client (feature `hyper`).
//!
//! ```no_run
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
//! # async fn request() -> Result<(), Box<dyn std::error::Error>> {
//! use http_body_util::Empty;
//! use hyper::body::Bytes;
//!
//! let client = embedded_roots::hyper::client::<Empty<Bytes>>()?;
//! let response = client.get("https://example.com/".parse()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! `https` and `http` addresses work. HTTP/2 is offered by ALPN if the feature `http2` is on.

use std::future::{Ready, ready};
use std::io;
use std::task::{Context, Poll};

use http::Uri;
use http_body::Body;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tower_service::Service;

// Re-exported so that users can name these types without depending on the crates.
pub use hyper_rustls::HttpsConnector;
pub use hyper_util::client::legacy::Client;
pub use hyper_util::client::legacy::connect::HttpConnector;

use crate::error::Error;
use crate::roots::default::lasting_config;
use crate::roots::live::live_roots::LiveRoots;
use crate::roots::policy::Roots;

/// A connector that trusts the default roots. Fails like [`roots()`](crate::roots()).
pub fn connector() -> Result<HttpsConnector<HttpConnector>, Error> {
    lasting_config().map(|config| connector_with(&config))
}

/// A client with a pool of connections that trusts the default roots. Fails like [`roots()`](crate::roots()).
///
/// It runs on tokio. `B` is the body of its requests.
pub fn client<B>() -> Result<Client<HttpsConnector<HttpConnector>, B>, Error>
where
    B: Body + Send,
    B::Data: Send,
{
    connector().map(client_with)
}

/// hyper (feature `hyper`)
impl Roots {
    /// A connector that trusts these roots.
    #[must_use]
    pub fn hyper_connector(&self) -> HttpsConnector<HttpConnector> {
        connector_with(&self.client_config())
    }

    /// A client with a pool of connections that trusts these roots.
    ///
    /// It runs on tokio. `B` is the body of its requests.
    #[must_use]
    pub fn hyper_client<B>(&self) -> Client<HttpsConnector<HttpConnector>, B>
    where
        B: Body + Send,
        B::Data: Send,
    {
        client_with(self.hyper_connector())
    }
}

/// hyper (feature `hyper`)
impl LiveRoots {
    /// A connector that uses the current generation for each new connection, and resumes only sessions of
    /// that generation.
    #[must_use]
    pub fn hyper_connector(&self) -> LiveConnector {
        LiveConnector { live: self.clone() }
    }

    /// A client with a pool of connections, with this [connector](Self::hyper_connector).
    ///
    /// It runs on tokio. `B` is the body of its requests. When the generation changes, connections stay
    /// in its pool until they have been idle for 90 seconds.
    #[must_use]
    pub fn hyper_client<B>(&self) -> Client<LiveConnector, B>
    where
        B: Body + Send,
        B::Data: Send,
    {
        client_with(self.hyper_connector())
    }
}

/// The connector of [`LiveRoots::hyper_connector`].
#[derive(Clone, Debug)]
pub struct LiveConnector {
    live: LiveRoots,
}

impl Service<Uri> for LiveConnector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = <HttpsConnector<HttpConnector> as Service<Uri>>::Error;
    type Future = <HttpsConnector<HttpConnector> as Service<Uri>>::Future;

    /// Connectors are made for each call, and new ones are ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let live = self.live.clone();
        let connecting = tcp().call(address.clone());
        Box::pin(async move {
            let stream = connecting.await?;
            // Now, since resolving the name and connecting take time, in which the roots may change.
            let config = live.client_config();
            let mut connector = connector_over(TcpConnection(Some(stream)), &config);
            connector.call(address).await
        })
    }
}

/// Gives one connection, which is there already.
struct TcpConnection(Option<<HttpConnector as Service<Uri>>::Response>);

impl Service<Uri> for TcpConnection {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let stream = self.0.take();
        ready(stream.ok_or_else(|| io::Error::other("the connection is in use")))
    }
}

fn connector_with(config: &ClientConfig) -> HttpsConnector<HttpConnector> {
    connector_over(tcp(), config)
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    // `https` addresses, too.
    tcp.enforce_http(false);
    tcp
}

fn connector_over<T>(tcp: T, config: &ClientConfig) -> HttpsConnector<T> {
    // hyper-rustls sets the ALPN protocols itself, and requires that they are empty. The clone shares
    // the session cache.
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(config.clone())
        .https_or_http();
    let builder = builder.enable_http1();
    #[cfg(feature = "http2")]
    let builder = builder.enable_http2();
    builder.wrap_connector(tcp)
}

fn client_with<C, B>(connector: C) -> Client<C, B>
where
    C: Connect + Clone,
    B: Body + Send,
    B::Data: Send,
{
    Client::builder(TokioExecutor::new()).build(connector)
}
