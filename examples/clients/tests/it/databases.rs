//! PostgreSQL and Redis.

use std::time::Duration;

use clients::{redis_client, sqlx_client, tokio_postgres_client};
use embedded_roots_testing::program::Program;
use redis::AsyncCommands as _;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::authority::{Done, authorities, explained, refused, refusing};
use crate::server;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
#[ignore = "needs redis-server"]
async fn redis() -> Done {
    let (ca, other) = authorities();
    let server = server::redis(&ca);
    let url = format!("rediss://localhost:{}/", server.port());

    // Its own limits are short for a machine that is busy with other tests.
    let patient = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(LIMIT))
        .set_response_timeout(Some(LIMIT));
    let client = redis_client::client(&ca.public_roots().pem()?, &url)?;
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await?;
    let () = connection.set("key", "value").await?;
    assert_eq!(connection.get::<_, String>("key").await?, "value");

    let client = redis_client::client(&ca.left_out_beside(&other).pem()?, &url)?;
    let error = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await
        .err()
        .unwrap();
    refused(&error, "UnknownIssuer");
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn tokio_postgres() -> Done {
    let (ca, other) = authorities();
    let server = Program::postgres(&ca.server());
    let mut config = tokio_postgres::Config::new();
    config
        .host("localhost")
        .port(server.port())
        .user("user")
        .dbname("postgres");

    let client = tokio_postgres_client::connect(&ca.roots(), config.clone()).await?;
    let row = client
        .query_one(
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            &[],
        )
        .await?;
    assert!(row.get::<_, bool>(0));

    for (roots, reason) in refusing(&ca, &other) {
        let refused = tokio_postgres_client::connect(&roots, config.clone()).await;
        explained(&refused.err().unwrap(), reason);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn sqlx() -> Done {
    let (ca, other) = authorities();
    let server = Program::postgres(&ca.server());
    let options = |pem: &str| {
        let options = sqlx_client::options(pem, "localhost").port(server.port());
        options.username("user").database("postgres")
    };

    let mut connection = options(&ca.public_roots().pem()?).connect().await?;
    connection.ping().await?;

    let error = options(&ca.left_out_beside(&other).pem()?)
        .connect()
        .await
        .unwrap_err();
    refused(&error, "UnknownIssuer");
    Ok(())
}
