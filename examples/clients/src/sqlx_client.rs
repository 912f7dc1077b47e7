//! sqlx, here with PostgreSQL.

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Options for a connection or a pool. `pem`: [`Roots::pem`](embedded_roots::Roots::pem).
pub fn options(pem: &str, host: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host(host)
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert_from_pem(pem.into())
}
