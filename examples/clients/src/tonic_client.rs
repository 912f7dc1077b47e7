//! tonic: gRPC.

use embedded_roots::Roots;
use tonic::transport::{Channel, Endpoint, Error};

/// A channel to this `https:` URL.
pub async fn connect(roots: &Roots, url: String) -> Result<Channel, Error> {
    let endpoint = Endpoint::from_shared(url)?;
    endpoint
        .connect_with_connector(roots.hyper_connector())
        .await
}
