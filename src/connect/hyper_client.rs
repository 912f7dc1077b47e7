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

use http_body::Body;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::rt::TokioExecutor;

// Re-exported so that users can name these types without depending on the crates.
pub use hyper_rustls::HttpsConnector;
pub use hyper_util::client::legacy::Client;
pub use hyper_util::client::legacy::connect::HttpConnector;

use crate::error::Error;
use crate::roots::Roots;
use crate::roots::default::roots;

/// A connector that trusts the default roots. Fails like [`roots()`].
pub fn connector() -> Result<HttpsConnector<HttpConnector>, Error> {
    roots().map(Roots::hyper_connector)
}

/// A client with a pool of connections that trusts the default roots. Fails like [`roots()`].
///
/// It runs on tokio. `B` is the body of its requests.
pub fn client<B>() -> Result<Client<HttpsConnector<HttpConnector>, B>, Error>
where
    B: Body + Send,
    B::Data: Send,
{
    roots().map(Roots::hyper_client)
}

/// hyper (feature `hyper`)
impl Roots {
    /// A connector that trusts these roots.
    #[must_use]
    pub fn hyper_connector(&self) -> HttpsConnector<HttpConnector> {
        // hyper-rustls sets the ALPN protocols itself, and requires that they are empty.
        let config = (*self.client_config()).clone();
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http();
        let builder = builder.enable_http1();
        #[cfg(feature = "http2")]
        let builder = builder.enable_http2();
        builder.build()
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
        Client::builder(TokioExecutor::new()).build(self.hyper_connector())
    }
}
