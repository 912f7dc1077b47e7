//! redis.

use redis::{Client, RedisResult, TlsCertificates};

/// A client of this `rediss:` URL. `pem`: [`Roots::pem`](embedded_roots::Roots::pem).
pub fn client(pem: &str, url: &str) -> RedisResult<Client> {
    let tls = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem.into()),
    };
    Client::build_with_tls(url, tls)
}
