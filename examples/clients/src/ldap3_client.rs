//! ldap3.

use embedded_roots::Roots;
use ldap3::result::Result;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, drive};

/// A connection to this `ldaps:` URL.
pub async fn connect(roots: &Roots, url: &str) -> Result<Ldap> {
    let settings = LdapConnSettings::new().set_config(roots.client_config());
    let (connection, ldap) = LdapConnAsync::with_settings(settings, url).await?;
    drive!(connection);
    Ok(ldap)
}
