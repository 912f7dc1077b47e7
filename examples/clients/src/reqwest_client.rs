//! reqwest.

use embedded_roots::Roots;
use reqwest::Client;

/// A client that trusts these roots.
pub fn client(roots: &Roots) -> reqwest::Result<Client> {
    roots.reqwest_client_builder().build()
}
