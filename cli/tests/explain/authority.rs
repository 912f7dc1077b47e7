//! Certificate authorities and server certificates, generated for each test.

use embedded_roots::rustls::pki_types::pem::PemObject as _;
use embedded_roots::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, PublicKeyData, SignatureAlgorithm, date_time_ymd,
};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// What a server presents.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Of the chain, in its order.
    pub(crate) pem: String,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn new(pem: String, der: CertificateDer<'static>, key: KeyPair) -> Self {
        Self {
            chain: vec![der],
            pem,
            key,
        }
    }

    pub(crate) fn with(mut self, authority: &Authority) -> Self {
        self.chain.push(authority.der().clone());
        self.pem.push_str(&authority.pem());
        self
    }

    pub(crate) fn with_key_of(mut self, other: Self) -> Self {
        self.key = other.key;
        self
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }
}

pub(crate) fn root(name: &str) -> Authority {
    CertifiedIssuer::self_signed(ca(name), key()).unwrap()
}

/// A root whose key is of another type than all others here.
pub(crate) fn ed25519_root(name: &str) -> Authority {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    CertifiedIssuer::self_signed(ca(name), key).unwrap()
}

/// A root named CA, whose key is of a kind that no provider of rustls has (`openssl req -x509`).
pub(crate) const SECP256K1_ROOT: &str = include_str!("secp256k1.pem");

pub(crate) fn intermediate(name: &str, issuer: &Authority) -> Authority {
    intermediate_with(name, issuer, |_| {})
}

pub(crate) fn intermediate_with(
    name: &str,
    issuer: &Authority,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let mut params = ca(name);
    change(&mut params);
    CertifiedIssuer::signed_by(params, key(), issuer).unwrap()
}

/// A certificate for localhost by an intermediate whose private key is public, with the certificate of that
/// intermediate by a private root. The private key is not here, so the signature is another's: such a key is
/// refused before signatures are verified.
pub(crate) fn under_public_key(name: &str, issuer: &Authority) -> Identity {
    let mut identity = server(&intermediate(name, issuer));
    let key = include_bytes!("../../data/public-keys.pem");
    let key = SubjectPublicKeyInfoDer::from_pem_slice(key).unwrap();
    let certificate = ca(name).signed_by(&PublicKey(key), issuer).unwrap();
    identity.chain.push(certificate.der().clone());
    identity.pem.push_str(&certificate.pem());
    identity
}

/// A key on P-384.
struct PublicKey(SubjectPublicKeyInfoDer<'static>);

impl PublicKeyData for PublicKey {
    /// The point alone, which is the end.
    fn der_bytes(&self) -> &[u8] {
        &self.0[self.0.len() - 97..]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P384_SHA384
    }
}

/// A certificate for localhost.
pub(crate) fn server(issuer: &Authority) -> Identity {
    server_with(issuer, |_| {})
}

pub(crate) fn server_with(
    issuer: &Authority,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    let mut params = server_params();
    change(&mut params);
    let key = key();
    let certificate = params.signed_by(&key, issuer).unwrap();
    Identity::new(certificate.pem(), certificate.der().clone(), key)
}

pub(crate) fn self_signed() -> Identity {
    let key = key();
    let certificate = server_params().self_signed(&key).unwrap();
    Identity::new(certificate.pem(), certificate.der().clone(), key)
}

fn server_params() -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name = named("a server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

/// Authority information access (RFC 5280, section 4.2.2.1) with this place of the issuer's
/// certificate.
pub(crate) fn ca_issuers(place: &str) -> CustomExtension {
    let method = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 48, 2];
    let name = [
        &[0x86, u8::try_from(place.len()).unwrap()],
        place.as_bytes(),
    ]
    .concat();
    let access = sequence(&[&method[..], &name].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], sequence(&access))
}

fn sequence(content: &[u8]) -> Vec<u8> {
    [&[0x30, u8::try_from(content.len()).unwrap()], content].concat()
}
