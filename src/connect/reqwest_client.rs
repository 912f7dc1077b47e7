//! reqwest 0.13, asynchronous (feature `reqwest`) and [blocking] (feature `reqwest-blocking`).
//!
//! ```no_run
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
//! # async fn request() -> Result<(), Box<dyn std::error::Error>> {
//! let client = embedded_roots::reqwest::client()?;
//! let response = client.get("https://example.com/").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! `https` and `http` addresses work. HTTP/2 is offered by ALPN if the feature `http2` is on.
//! reqwest's own verifier is not used: it cannot be built without a system store.
//!
//! The TLS settings of the [builders](client_builder) have no effect, since reqwest receives a whole config:
//! `min_tls_version`, `identity`, `tls_certs_merge`, `tls_danger_accept_invalid_certs` and the like. Roots are added by
//! [`Roots::builder`], and the page `_documentation::clients` has the ways to a client certificate and to TLS 1.3
//! alone.

use std::sync::Arc;

use reqwest::{Client, ClientBuilder};
use rustls::ClientConfig;

use crate::error::Error;
use crate::roots::default::lasting_config;
use crate::roots::live::live_roots::LiveRoots;
use crate::roots::policy::Roots;

/// A builder of clients that trust the default roots. Its TLS settings have no effect: see the
/// [module](crate::reqwest). Fails like [`roots()`](crate::roots()).
pub fn client_builder() -> Result<ClientBuilder, Error> {
    lasting_config().map(builder_with)
}

/// A client that trusts the default roots. Fails like [`roots()`](crate::roots()), and if reqwest cannot build it.
pub fn client() -> Result<Client, Error> {
    client_builder()?.build().map_err(Error::client)
}

/// reqwest's client without async (feature `reqwest-blocking`).
///
/// Do not use it in async code: reqwest's blocking client panics when it is built, used or dropped inside
/// a runtime. Build and drop it on its own thread or in `tokio::task::spawn_blocking`, or use the
/// asynchronous [client](crate::reqwest::client). Tokio does not reveal whether the current thread may
/// block, so this crate cannot return an error instead.
#[cfg(feature = "reqwest-blocking")]
pub mod blocking {
    use reqwest::blocking::{Client, ClientBuilder};

    use std::sync::Arc;

    use rustls::ClientConfig;

    use crate::error::Error;
    use crate::roots::default::lasting_config;
    use crate::roots::live::live_roots::LiveRoots;
    use crate::roots::policy::Roots;

    /// A builder of blocking clients that trust the default roots. Its TLS settings have no effect: see the
    /// [module](crate::reqwest). Fails like [`roots()`](crate::roots()).
    pub fn client_builder() -> Result<ClientBuilder, Error> {
        lasting_config().map(builder_with)
    }

    /// A blocking client that trusts the default roots. Fails like [`roots()`](crate::roots()), and if reqwest
    /// cannot build it.
    ///
    /// # Panics
    ///
    /// reqwest may panic inside an async runtime.
    pub fn client() -> Result<Client, Error> {
        client_builder()?.build().map_err(Error::client)
    }

    /// reqwest, blocking (feature `reqwest-blocking`)
    impl Roots {
        /// A builder of blocking clients that trust these roots. Its TLS settings have no effect: see the
        /// [module](crate::reqwest). Its `build` may panic inside an async runtime.
        pub fn reqwest_blocking_client_builder(&self) -> ClientBuilder {
            builder_with(self.client_config())
        }

        /// A blocking client that trusts these roots. Do not use it in async code: see the
        /// [module](crate::reqwest::blocking).
        ///
        /// # Errors
        ///
        /// If reqwest cannot build it.
        ///
        /// # Panics
        ///
        /// reqwest may panic inside an async runtime.
        pub fn reqwest_blocking_client(&self) -> Result<Client, Error> {
            self.reqwest_blocking_client_builder()
                .build()
                .map_err(Error::client)
        }
    }

    /// reqwest, blocking (feature `reqwest-blocking`)
    impl LiveRoots {
        /// A builder of blocking clients that follow the generations: they use
        /// [`following_config`](Self::following_config). Its TLS settings have no effect: see the
        /// [module](crate::reqwest). Its `build` may panic inside an async runtime.
        pub fn reqwest_blocking_client_builder(&self) -> ClientBuilder {
            builder_with(self.following_config())
        }

        /// A blocking client that follows the generations. Do not use it in async code: see the
        /// [module](crate::reqwest::blocking).
        ///
        /// # Errors
        ///
        /// If reqwest cannot build it.
        ///
        /// # Panics
        ///
        /// reqwest may panic inside an async runtime.
        pub fn reqwest_blocking_client(&self) -> Result<Client, Error> {
            self.reqwest_blocking_client_builder()
                .build()
                .map_err(Error::client)
        }
    }

    fn builder_with(config: Arc<ClientConfig>) -> ClientBuilder {
        Client::builder().tls_backend_preconfigured(super::with_alpn(config))
    }
}

/// reqwest (feature `reqwest`)
impl Roots {
    /// A builder of clients that trust these roots. Its TLS settings, such as `min_tls_version`, `identity` and
    /// `tls_danger_accept_invalid_certs`, have no effect: see the [module](crate::reqwest).
    pub fn reqwest_client_builder(&self) -> ClientBuilder {
        builder_with(self.client_config())
    }

    /// A client that trusts these roots.
    ///
    /// # Errors
    ///
    /// If reqwest cannot build it.
    pub fn reqwest_client(&self) -> Result<Client, Error> {
        self.reqwest_client_builder().build().map_err(Error::client)
    }
}

/// reqwest (feature `reqwest`)
impl LiveRoots {
    /// A builder of clients that follow the generations: they use
    /// [`following_config`](Self::following_config). Its TLS settings have no effect: see the
    /// [module](crate::reqwest).
    pub fn reqwest_client_builder(&self) -> ClientBuilder {
        builder_with(self.following_config())
    }

    /// A client that follows the generations.
    ///
    /// # Errors
    ///
    /// If reqwest cannot build it.
    pub fn reqwest_client(&self) -> Result<Client, Error> {
        self.reqwest_client_builder().build().map_err(Error::client)
    }
}

fn builder_with(config: Arc<ClientConfig>) -> ClientBuilder {
    Client::builder().tls_backend_preconfigured(with_alpn(config))
}

/// reqwest takes a config by value, and leaves its ALPN protocols as they are.
fn with_alpn(config: Arc<ClientConfig>) -> ClientConfig {
    let mut config = Arc::unwrap_or_clone(config);
    config.alpn_protocols = ALPN.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

#[cfg(feature = "http2")]
const ALPN: &[&[u8]] = &[b"h2", b"http/1.1"];
#[cfg(not(feature = "http2"))]
const ALPN: &[&[u8]] = &[b"http/1.1"];
