//! hyper 1, through hyper-util's pooled client.

use embedded_roots::Roots;
use embedded_roots::hyper::{Client, HttpConnector, HttpsConnector};
use http_body_util::Empty;
use hyper::body::Bytes;

/// A client of requests without a body.
pub fn client(roots: &Roots) -> Client<HttpsConnector<HttpConnector>, Empty<Bytes>> {
    roots.hyper_client()
}
