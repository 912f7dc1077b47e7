//! tokio-postgres, with tokio-postgres-rustls.

use embedded_roots::Roots;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A client of this database.
pub async fn connect(roots: &Roots, mut config: Config) -> Result<Client, Error> {
    let tls = MakeRustlsConnect::new((*roots.client_config()).clone());
    let (client, connection) = config.ssl_mode(SslMode::Require).connect(tls).await?;
    tokio::spawn(connection);
    Ok(client)
}
