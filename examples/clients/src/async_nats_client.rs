//! async-nats.

use async_nats::{Client, ConnectError, ConnectOptions};
use embedded_roots::Roots;

/// A client of this server.
pub async fn connect(roots: &Roots, address: &str) -> Result<Client, ConnectError> {
    ConnectOptions::new()
        .require_tls(true)
        .tls_client_config((*roots.client_config()).clone())
        .connect(address)
        .await
}
