//! Verdicts on chains, without a handshake.

use embedded_roots::Roots;
use embedded_roots_testing::authority::Identity;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::UnixTime;

/// The name of the servers.
pub(crate) const NAME: &str = "localhost";

/// Of a client, on a server of that name.
pub(crate) fn verdict(roots: &Roots, identity: &Identity) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = identity.chain.split_first().unwrap();
    let (name, now) = (NAME.try_into().unwrap(), UnixTime::now());
    roots
        .verifier()
        .verify_server_cert(end_entity, intermediates, &name, &[], now)
        .map(drop)
}

/// Of a server, on a client.
pub(crate) fn client_verdict(roots: &Roots, identity: &Identity) -> Result<(), rustls::Error> {
    let (end_entity, intermediates) = identity.chain.split_first().unwrap();
    roots
        .client_cert_verifier()
        .verify_client_cert(end_entity, intermediates, UnixTime::now())
        .map(drop)
}
