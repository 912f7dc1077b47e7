//! LDAP.

use clients::ldap3_client;
use ldap3::Scope;

use crate::authority::{Done, authorities, explained, refusing};
use crate::server;

#[tokio::test]
#[ignore = "needs slapd"]
async fn ldap3() -> Done {
    let (ca, other) = authorities();
    let server = server::slapd(&ca);
    let url = format!("ldaps://localhost:{}/", server.port());

    let mut ldap = ldap3_client::connect(&ca.roots(), &url).await?;
    let found = ldap
        .search("", Scope::Base, "(objectClass=*)", ["+"])
        .await?;
    assert_eq!(found.success()?.0.len(), 1);

    for (roots, reason) in refusing(&ca, &other) {
        let refused = ldap3_client::connect(&roots, &url).await;
        explained(&refused.err().unwrap(), reason);
    }
    Ok(())
}
