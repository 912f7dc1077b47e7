//! Connections that end with the handshake. Nothing is ever sent after it.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use embedded_roots::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use embedded_roots::rustls::{
    self, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, InvalidMessage,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::explain::starttls::StartTls;
use crate::explain::stream::{NO_ANSWER, TimedStream, remaining};
use crate::outcome::Result;

/// Where to connect, and until when.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    /// The name to send as SNI, and to verify.
    pub(super) name: ServerName<'static>,
    pub(super) starttls: Option<StartTls>,
    /// Of all connections together.
    pub(super) deadline: Instant,
}

/// What this work returns, or an error if it has not returned at the deadline. It then goes on in a thread, which
/// ends with the process.
pub(super) fn within<T: Send + 'static>(
    deadline: Instant,
    late: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || sender.send(work()))?;
    let time = deadline.saturating_duration_since(Instant::now());
    match receiver.recv_timeout(time) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(late.into()),
        Err(RecvTimeoutError::Disconnected) => Err("a thread has ended early".into()),
    }
}

/// What an unverified server has sent.
pub(super) struct Answer {
    pub(super) address: SocketAddr,
    /// The end-entity certificate first.
    pub(super) chain: Vec<CertificateDer<'static>>,
}

impl Server {
    /// The chain that the server sends. The verifier fails the handshake as soon as it has the chain,
    /// so that there never is a connection that is not verified.
    pub(super) fn chain(&self, mut config: ClientConfig) -> Result<Answer> {
        let recorder = Recorder::set(&mut config, None);
        let mut stream = self.open()?;
        let address = stream.peer_addr()?;
        let mut connection = ClientConnection::new(Arc::new(config), self.name.clone())?;
        let ended = connection.complete_io(&mut stream);
        match (recorder.chain.get(), ended) {
            (Some(chain), _) => Ok(Answer {
                address,
                chain: chain.clone(),
            }),
            (None, Err(why)) if is_no_tls(&why) => Err(NO_TLS.into()),
            (None, Err(why)) => Err(format!("no TLS handshake: {why}").into()),
            (None, Ok(_)) => Err("no TLS handshake: the server closed the connection".into()),
        }
    }

    /// A handshake that this verifies, as of this time: the chain that the server sends now, empty if
    /// none arrives, and the protocol version and cipher suite.
    pub(super) fn handshake(
        &self,
        mut config: ClientConfig,
        verifier: Arc<dyn ServerCertVerifier>,
        now: UnixTime,
    ) -> (Vec<CertificateDer<'static>>, Result<String>) {
        config.time_provider = Arc::new(FixedTime(now));
        let recorder = Recorder::set(&mut config, Some(verifier));
        let ended = self.complete(config);
        (recorder.chain.get().cloned().unwrap_or_default(), ended)
    }

    fn complete(&self, config: ClientConfig) -> Result<String> {
        let mut stream = self.open()?;
        let mut connection = ClientConnection::new(Arc::new(config), self.name.clone())?;
        while connection.is_handshaking() {
            if connection.complete_io(&mut stream)? == (0, 0) {
                return Err("the server closed the connection".into());
            }
        }
        connection.send_close_notify();
        // The handshake has succeeded, whether or not the server waits for the end.
        drop(connection.complete_io(&mut stream));
        let version = connection.protocol_version();
        let version = version.map(|version| format!("{version:?}"));
        let suite = connection.negotiated_cipher_suite();
        let suite = suite.map(|suite| format!("{:?}", suite.suite()));
        let both: Vec<String> = version.into_iter().chain(suite).collect();
        Ok(both.join(", "))
    }

    /// A connection on which TLS may begin.
    fn open(&self) -> Result<TimedStream> {
        let mut stream = TimedStream::new(self.connect()?, self.deadline);
        if let Some(protocol) = self.starttls {
            protocol.start(&mut stream)?;
        }
        Ok(stream)
    }

    fn connect(&self) -> Result<TcpStream> {
        let addresses = self.addresses()?;
        let mut failed = io::Error::other("the name has no address");
        let mut left = u32::try_from(addresses.len())?;
        for address in addresses {
            // An address that does not answer leaves time for the others.
            let time = remaining(self.deadline)? / left.max(1);
            match TcpStream::connect_timeout(&address, time) {
                Ok(stream) => return Ok(stream),
                Err(why) => failed = why,
            }
            left = left.saturating_sub(1);
        }
        Err(failed.into())
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>> {
        let wanted = (self.host.clone(), self.port);
        // The resolver knows no time limit.
        within(self.deadline, NO_ANSWER, move || {
            Ok(wanted.to_socket_addrs()?.collect())
        })
    }
}

const NO_TLS: &str = "no TLS handshake: the server does not speak TLS on this port: it sent something that is not a TLS record";

/// Whether what was read does not begin as a record of TLS does.
fn is_no_tls(why: &io::Error) -> bool {
    let why = why.get_ref().and_then(|why| why.downcast_ref());
    matches!(
        why,
        Some(rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion
        ))
    )
}

/// The time at which certificates are verified.
#[derive(Debug)]
struct FixedTime(UnixTime);

impl rustls::time_provider::TimeProvider for FixedTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

/// Keeps the chain.
#[derive(Debug)]
struct Recorder {
    chain: OnceLock<Vec<CertificateDer<'static>>>,
    /// Without one, no chain is accepted.
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    schemes: Vec<SignatureScheme>,
}

impl Recorder {
    fn set(config: &mut ClientConfig, verifier: Option<Arc<dyn ServerCertVerifier>>) -> Arc<Self> {
        let recorder = Arc::new(Self {
            chain: OnceLock::new(),
            verifier,
            schemes: (config.crypto_provider())
                .signature_verification_algorithms
                .supported_schemes(),
        });
        (config.dangerous()).set_certificate_verifier(Arc::clone(&recorder) as _);
        recorder
    }

    fn verifier(&self) -> std::result::Result<&dyn ServerCertVerifier, rustls::Error> {
        let refused = CertificateError::ApplicationVerificationFailure;
        self.verifier.as_deref().ok_or(refused.into())
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        let chain = chain.map(|der| der.clone().into_owned()).collect();
        // There is one chain to a handshake.
        drop(self.chain.set(chain));
        self.verifier()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
