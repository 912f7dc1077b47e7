//! Certificates that these tests alone need.

use embedded_roots::rustls::pki_types::SubjectPublicKeyInfoDer;
use embedded_roots::rustls::pki_types::pem::PemObject as _;
use embedded_roots_testing::authority::{
    Authority, Identity, PublicKey, ca_params, intermediate, self_signed_server, server,
};
use embedded_roots_testing::der::{element, sequence};
use rcgen::{CertifiedIssuer, CustomExtension, KeyPair, PKCS_ED25519};

/// The name in the certificates of most servers here.
pub(crate) const HOST: &str = "localhost";

/// A root whose key is of another type than all others here.
pub(crate) fn ed25519_root(name: &str) -> Authority {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    CertifiedIssuer::self_signed(ca_params(name), key).unwrap()
}

/// A root named CA, whose key is of a kind that no provider of rustls has (`openssl req -x509`).
pub(crate) const SECP256K1_ROOT: &str = include_str!("secp256k1.pem");

/// A certificate for localhost by an intermediate whose private key is public, with the certificate of that
/// intermediate by a private root. The private key is not here, so the signature is another's: such a key is
/// refused before signatures are verified.
pub(crate) fn under_public_key(name: &str, issuer: &Authority) -> Identity {
    let mut identity = server(&intermediate(name, issuer), HOST);
    let key = include_bytes!("../../data/public-keys.pem");
    let key = SubjectPublicKeyInfoDer::from_pem_slice(key).unwrap();
    let certificate = ca_params(name).signed_by(&PublicKey(&key), issuer);
    identity.chain.push(certificate.unwrap().into());
    identity
}

/// The same chain, with a key that is not the one in its certificate.
pub(crate) fn with_another_key(identity: Identity) -> Identity {
    let key = self_signed_server(HOST).key;
    Identity { key, ..identity }
}

/// Authority information access (RFC 5280, section 4.2.2.1) with this place of the issuer's
/// certificate.
pub(crate) fn ca_issuers(place: &str) -> CustomExtension {
    let method = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 48, 2];
    let access = sequence(&[&method, &element(0x86, place.as_bytes())]);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], sequence(&[&access]))
}
