//! Certificate authorities and server certificates, generated for each test.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PublicKeyData,
    SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// The certificate chain and key that a TLS server presents.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(crate) fn with(mut self, intermediate: &Authority) -> Self {
        self.chain.push(intermediate.der().clone());
        self
    }
}

/// A self-signed root with this name.
pub(crate) fn root(name: &str) -> Authority {
    root_with(name, |_| {})
}

pub(crate) fn root_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    root_of(name, &key().serialize_pem(), change)
}

/// A root of a key that others may have, too.
pub(crate) fn root_of(
    name: &str,
    key_pem: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let mut params = ca_params(name);
    change(&mut params);
    CertifiedIssuer::self_signed(params, KeyPair::from_pem(key_pem).unwrap()).unwrap()
}

/// An intermediate issued by `issuer`. Tests pass the key, so that other CAs can certify it too.
pub(crate) fn intermediate(name: &str, key_pem: &str, issuer: &Authority) -> Authority {
    intermediate_with(name, key_pem, issuer, |_| {})
}

pub(crate) fn intermediate_with(
    name: &str,
    key_pem: &str,
    issuer: &Authority,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let key = KeyPair::from_pem(key_pem).unwrap();
    let mut params = ca_params(name);
    change(&mut params);
    CertifiedIssuer::signed_by(params, key, issuer).unwrap()
}

/// A server certificate for `name`, issued by `issuer`.
pub(crate) fn server(issuer: &Authority, name: &str) -> Identity {
    server_with(issuer, name, |_| {})
}

pub(crate) fn server_with(
    issuer: &Authority,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name = named("a server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Valid whatever this machine's clock says.
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    change(&mut params);
    let key = key();
    let certificate = params.signed_by(&key, issuer).unwrap();
    Identity {
        chain: vec![certificate.der().clone()],
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    }
}

/// A client certificate for `name`, issued by `issuer`.
pub(crate) fn client(issuer: &Authority, name: &str) -> Identity {
    client_with(issuer, name, |_| {})
}

pub(crate) fn client_with(
    issuer: &Authority,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    server_with(issuer, name, |params| {
        params.distinguished_name = named("a client");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(params);
    })
}

/// The PEM of a root, preceded by an annotation line.
pub(crate) fn annotated(annotation: &str, root: &Authority) -> String {
    format!("# embedded-roots: {annotation}\n{}", root.pem())
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

pub(crate) fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

/// The Izenpe root, which has a distrust date in `mozilla`: its certificate and its anchor.
pub(crate) fn izenpe() -> (CertificateDer<'static>, &'static embedded_roots::Anchor) {
    use embedded_roots_bundle::{PrivateKeys, parse};

    let pem = embedded_roots_mozilla::ANNOTATED_PEM.as_bytes();
    let roots = parse("mozilla", pem, PrivateKeys::Refuse).unwrap();
    let dated = roots
        .iter()
        .find(|root| root.distrust_after().is_some())
        .unwrap();
    let mut anchors = embedded_roots::mozilla::BUNDLE.anchors().iter();
    let anchor = anchors.find(|anchor| anchor.trust_anchor() == dated.trust_anchor());
    (dated.certificate().clone(), anchor.unwrap())
}

/// The key of the intermediate EM DV TLS CA - G3B, whose private key is public, so that it is distrusted.
pub(crate) struct PublicKey;

impl PublicKey {
    /// A `SubjectPublicKeyInfo`.
    pub(crate) const DER: &[u8] = include_bytes!("../data/em-dv-tls-ca-g3b.spki.der");
}

impl PublicKeyData for PublicKey {
    /// The point alone, which is the end of the `SubjectPublicKeyInfo`.
    fn der_bytes(&self) -> &[u8] {
        Self::DER.last_chunk::<97>().unwrap()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P384_SHA384
    }
}
