//! Certificate authorities, and the certificates that they issue, generated for each test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PublicKeyData,
    SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A CA with its certificate and its key.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// The certificate chain and the key that a server or a client presents.
#[derive(Debug)]
pub struct Identity {
    /// The end-entity certificate comes first.
    pub chain: Vec<CertificateDer<'static>>,
    /// That of the end-entity certificate, unless a test presents another one.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A server of this name, with a new key, whose certificate is made by `sign`.
    fn new(
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
        sign: impl FnOnce(&CertificateParams, &KeyPair) -> Result<Certificate, rcgen::Error>,
    ) -> Self {
        let mut params = server_params(name);
        change(&mut params);
        let key = key();
        Self {
            chain: vec![sign(&params, &key).unwrap().der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    /// Adds the certificate of an intermediate to the end of the chain.
    #[must_use]
    pub fn with(mut self, intermediate: &Authority) -> Self {
        self.chain.push(intermediate.der().clone());
        self
    }

    /// The chain as PEM, in its order.
    pub fn chain_pem(&self) -> String {
        let chain = self.chain.iter();
        chain
            .map(|certificate| pem("CERTIFICATE", certificate))
            .collect()
    }

    /// The private key as PEM.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.secret_der())
    }
}

/// A self-signed root of this common name.
pub fn root(name: &str) -> Authority {
    root_with(name, |_| {})
}

/// Like [`root`], with changed parameters.
pub fn root_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    root_of(name, &key().serialize_pem(), change)
}

/// Like [`root_with`], with a key that other CAs may have, too.
pub fn root_of(
    name: &str,
    key_pem: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let mut params = ca_params(name);
    change(&mut params);
    CertifiedIssuer::self_signed(params, KeyPair::from_pem(key_pem).unwrap()).unwrap()
}

/// An intermediate of this common name, issued by `issuer`.
pub fn intermediate(name: &str, issuer: &Authority) -> Authority {
    intermediate_with(name, issuer, |_| {})
}

/// Like [`intermediate`], with changed parameters.
pub fn intermediate_with(
    name: &str,
    issuer: &Authority,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let mut params = ca_params(name);
    change(&mut params);
    CertifiedIssuer::signed_by(params, key(), issuer).unwrap()
}

/// Like [`intermediate`], with a key that other CAs can certify, too.
pub fn intermediate_of(name: &str, key_pem: &str, issuer: &Authority) -> Authority {
    let key = KeyPair::from_pem(key_pem).unwrap();
    CertifiedIssuer::signed_by(ca_params(name), key, issuer).unwrap()
}

/// A server certificate for this DNS name or IP address, issued by `issuer`.
pub fn server(issuer: &Authority, name: &str) -> Identity {
    server_with(issuer, name, |_| {})
}

/// Like [`server`], with changed parameters.
pub fn server_with(
    issuer: &Authority,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    Identity::new(name, change, |params, key| params.signed_by(key, issuer))
}

/// A server certificate for this name that has signed itself.
pub fn self_signed_server(name: &str) -> Identity {
    self_signed_server_with(name, |_| {})
}

/// Like [`self_signed_server`], with changed parameters.
pub fn self_signed_server_with(
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    Identity::new(name, change, CertificateParams::self_signed)
}

/// A client certificate for `name`, issued by `issuer`.
pub fn client(issuer: &Authority, name: &str) -> Identity {
    client_with(issuer, name, |_| {})
}

/// Like [`client`], with changed parameters.
pub fn client_with(
    issuer: &Authority,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    server_with(issuer, name, |params| {
        params.distinguished_name = common_name("a client");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(params);
    })
}

/// The parameters of a CA of this common name.
pub fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// The parameters of a server certificate for this DNS name or IP address.
pub fn server_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name = common_name("a server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Valid whatever this machine's clock says.
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    params
}

/// A name that is a common name alone; rcgen's default has a common name of rcgen's.
pub fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

/// A new key.
pub fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// The PEM of a root, preceded by an annotation line.
pub fn annotated(annotation: &str, root: &Authority) -> String {
    format!("# embedded-roots: {annotation}\n{}", root.pem())
}

/// A certificate, DER, with other text in place of its notBefore. Its signature is wrong, which is no matter for a
/// root.
#[must_use]
pub fn with_start(certificate: &[u8], start: &str) -> Vec<u8> {
    // The header of the Validity (RFC 5280, section 4.1.2.5), and that of its first UTCTime.
    let is_validity = |part: &[u8]| matches!(part, [0x30, 30 | 32, 0x17, 13]);
    let place = certificate.windows(4).position(is_validity).unwrap();
    let (before, after) = (&certificate[..place], &certificate[place + 4 + 13..]);
    let length = u8::try_from(start.len()).unwrap();
    let whole = certificate[place + 1] + length - 13;
    let validity = [0x30, whole, 0x17, length];
    let mut changed = [before, &validity, start.as_bytes(), after].concat();
    // The certificate and its signed part, each of more than 255 bytes.
    for header in [0, 4] {
        let head = &certificate[header..header + 4];
        assert_eq!(head[..2], [0x30, 0x82]);
        let old = u16::from_be_bytes([head[2], head[3]]);
        let new = old + u16::from(length) - 13;
        changed[header + 2..header + 4].copy_from_slice(&new.to_be_bytes());
    }
    changed
}

/// The DER as a PEM block with this label, with the line ends of Unix.
pub fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines = base64.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: String = lines.map(|line| line + "\n").collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

/// A key on P-384 without its private key, for which a CA can issue a certificate: its
/// `SubjectPublicKeyInfo`, DER.
#[derive(Clone, Debug)]
pub struct PublicKey<'a>(pub &'a [u8]);

impl PublicKeyData for PublicKey<'_> {
    /// The point alone, which is the end of the `SubjectPublicKeyInfo`.
    fn der_bytes(&self) -> &[u8] {
        self.0.last_chunk::<97>().unwrap()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P384_SHA384
    }
}

/// The first certificate of a PEM text that has these octets, such as the object identifier of a curve.
pub fn certificate_with(text: &str, part: &[u8]) -> String {
    let mut blocks = CertificateDer::pem_slice_iter(text.as_bytes()).map(Result::unwrap);
    let der = blocks.find(|der| der.windows(part.len()).any(|octets| octets == part));
    pem("CERTIFICATE", &der.unwrap())
}

/// The object identifier of P-521 (RFC 5480).
pub const P521: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x23];

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    #[test]
    fn pem_of_an_identity_is_read_back() {
        let ca = root("CA");
        let between = intermediate("Between", &ca);
        let identity = server(&between, "localhost").with(&between);
        let chain_pem = identity.chain_pem();
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
        let chain: Result<Vec<_>, _> = chain.collect();
        assert_eq!(chain.unwrap(), identity.chain);
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes());
        assert_eq!(key.unwrap(), identity.key);
    }
}
