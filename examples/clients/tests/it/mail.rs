//! SMTP.

use clients::lettre_client;
use embedded_roots_testing::program::Program;

use crate::authority::{Done, authorities, refused};

#[tokio::test]
#[ignore = "needs Exim, and root, who alone may start it"]
async fn lettre() -> Done {
    let (ca, other) = authorities();
    let server = Program::exim(&ca.server());

    let relay = lettre_client::relay(&ca.public_roots().pem()?, "localhost")?.port(server.port());
    assert!(
        relay
            .build::<lettre::Tokio1Executor>()
            .test_connection()
            .await?
    );

    let relay =
        lettre_client::relay(&ca.left_out_beside(&other).pem()?, "localhost")?.port(server.port());
    let result = relay
        .build::<lettre::Tokio1Executor>()
        .test_connection()
        .await;
    refused(&result.unwrap_err(), "UnknownIssuer");
    Ok(())
}
