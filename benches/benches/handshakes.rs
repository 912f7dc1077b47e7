//! Where the time of a full handshake goes (TLS 1.3, without resumption), at the client and at a server that
//! verifies clients: with our verifier, with rustls' own, and with one that checks nothing.
//!
//! Client and server take turns in one thread, and the time of each is its own. With the feature `aws-lc-rs`,
//! aws-lc-rs and a chain of RSA are measured, too.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong has to stop"
)]

use std::sync::Arc;
use std::time::Instant;

use benches::authorities::Ca;
use benches::median;
use embedded_roots::Roots;
use embedded_roots_testing::authority::{Authority, Identity, client, server};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SignatureAlgorithm};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName, Error,
    ServerConfig, ServerConnection, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

const NAME: &str = "a.example";
const HANDSHAKES: usize = 400;

fn main() {
    let chains = [
        ("P-256", Chain::new(&PKCS_ECDSA_P256_SHA256)),
        ("P-384", Chain::new(&PKCS_ECDSA_P384_SHA384)),
        #[cfg(feature = "aws-lc-rs")]
        ("RSA-2048", Chain::of_rsa()),
    ];
    let providers = [
        ("ring", rustls::crypto::ring::default_provider()),
        #[cfg(feature = "aws-lc-rs")]
        ("aws-lc-rs", rustls::crypto::aws_lc_rs::default_provider()),
    ];
    println!("side | provider | chain | embedded-roots | rustls | none | embedded-roots / rustls");
    for (provider_name, provider) in providers {
        let provider = Arc::new(provider);
        for (chain_name, chain) in &chains {
            let times = chain.times(&provider);
            for (side, [ours, theirs, none]) in ["client", "server"].iter().zip(times) {
                let ratio = ours / theirs;
                println!(
                    "{side} | {provider_name} | {chain_name} | {ours:.1} µs | {theirs:.1} µs | {none:.1} µs | {ratio:.3}"
                );
            }
        }
    }
}

/// A CA, and a server and a client below an intermediate.
struct Chain {
    root: Authority,
    server: Identity,
    client: Identity,
}

impl Chain {
    /// The CA has keys of this kind, and the end entities of P-256.
    fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let Ca { root, intermediate } = Ca::new(algorithm);
        Self {
            server: server(&intermediate, NAME).with(&intermediate),
            client: client(&intermediate, NAME).with(&intermediate),
            root,
        }
    }

    /// All keys are of RSA.
    #[cfg(feature = "aws-lc-rs")]
    fn of_rsa() -> Self {
        let Ca { root, intermediate } = Ca::new(&rcgen::PKCS_RSA_SHA256);
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let mut params = embedded_roots_testing::authority::server_params(NAME);
        params
            .extended_key_usages
            .push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
        let certificate = params.signed_by(&key, &intermediate).unwrap();
        let identity = || Identity {
            chain: vec![certificate.der().clone(), intermediate.der().clone()],
            key: rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        };
        Self {
            server: identity(),
            client: identity(),
            root,
        }
    }

    /// The medians of the client's and of the server's microseconds, for each of the verifiers.
    fn times(&self, provider: &Arc<CryptoProvider>) -> [[f64; 3]; 2] {
        let roots = Roots::builder()
            .pem(self.root.pem())
            .provider(Arc::clone(provider));
        let roots = roots.build().unwrap();
        let nothing = || Arc::new(AcceptAll(Arc::clone(provider)));
        let servers =
            WebPkiServerVerifier::builder_with_provider(roots.root_store(), Arc::clone(provider));
        let clients =
            WebPkiClientVerifier::builder_with_provider(roots.root_store(), Arc::clone(provider));
        let verifiers: [(Arc<dyn ServerCertVerifier>, Arc<dyn ClientCertVerifier>); 3] = [
            (roots.verifier(), roots.client_cert_verifier()),
            (servers.build().unwrap(), clients.build().unwrap()),
            (nothing(), nothing()),
        ];
        let configs = verifiers
            .map(|(of_servers, of_clients)| self.configs(provider, of_servers, of_clients));
        let mut micros: [[Vec<f64>; 3]; 2] = Default::default();
        for round in 0..HANDSHAKES {
            for turn in 0..3 {
                let nth = (round + turn) % 3;
                let [client, server] = handshake(&configs[nth].0, &configs[nth].1);
                micros[0][nth].push(client);
                micros[1][nth].push(server);
            }
        }
        micros.map(|ways| ways.map(median))
    }

    fn configs(
        &self,
        provider: &Arc<CryptoProvider>,
        of_servers: Arc<dyn ServerCertVerifier>,
        of_clients: Arc<dyn ClientCertVerifier>,
    ) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
        let Identity { chain, key } = &self.client;
        let mut client = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(of_servers)
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .unwrap();
        client.resumption = Resumption::disabled();
        let Identity { chain, key } = &self.server;
        let mut server = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(of_clients)
            .with_single_cert(chain.clone(), key.clone_key())
            .unwrap();
        server.send_tls13_tickets = 0;
        (Arc::new(client), Arc::new(server))
    }
}

/// The microseconds of the client and of the server.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> [f64; 2] {
    let mut micros = [0.0; 2];
    let mut timed = |side: usize, run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        micros[side] += start.elapsed().as_secs_f64() * 1e6;
    };
    let mut sides: [Option<Connection>; 2] = [None, None];
    timed(0, &mut || {
        let name = ServerName::try_from(NAME).unwrap();
        sides[0] = Some(
            ClientConnection::new(Arc::clone(client), name)
                .unwrap()
                .into(),
        );
    });
    timed(1, &mut || {
        sides[1] = Some(ServerConnection::new(Arc::clone(server)).unwrap().into());
    });
    let mut wire = Vec::new();
    let mut sides = sides.map(Option::unwrap);
    while sides.iter().any(|side| side.is_handshaking()) {
        for from in [0, 1] {
            wire.clear();
            timed(from, &mut || {
                while sides[from].wants_write() {
                    sides[from].write_tls(&mut wire).unwrap();
                }
            });
            timed(1 - from, &mut || {
                let mut rest = wire.as_slice();
                while !rest.is_empty() {
                    sides[1 - from].read_tls(&mut rest).unwrap();
                    sides[1 - from].process_new_packets().unwrap();
                }
            });
        }
    }
    micros
}

/// The methods that both traits of verifiers have.
macro_rules! accept_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    };
}

/// A verifier that accepts everything.
#[derive(Debug)]
struct AcceptAll(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    accept_signatures!();
}

impl ClientCertVerifier for AcceptAll {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    accept_signatures!();
}
