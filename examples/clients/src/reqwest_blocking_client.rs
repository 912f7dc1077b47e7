//! reqwest's blocking client.

use embedded_roots::Roots;
use reqwest::blocking::Client;

/// A blocking client that trusts these roots.
pub fn client(roots: &Roots) -> reqwest::Result<Client> {
    roots.reqwest_blocking_client_builder().build()
}
