//! reqwest with `rustls-no-provider`, before and after a provider is installed for the process. This
//! test has a process to itself.

use std::panic::catch_unwind;

use clients::reqwest_client;
use embedded_roots::Roots;
use embedded_roots::rustls::crypto::ring;

#[test]
fn a_client_of_reqwests_own_panics_until_a_provider_is_installed() {
    assert!(catch_unwind(reqwest::Client::new).is_err());
    reqwest_client::client(&Roots::embedded().unwrap()).unwrap();
    assert!(catch_unwind(reqwest::Client::new).is_err());

    ring::default_provider().install_default().unwrap();
    // It reads the system's store now, which is absent on some machines.
    let built = catch_unwind(|| reqwest::Client::builder().build());
    assert!(built.is_ok());
}
