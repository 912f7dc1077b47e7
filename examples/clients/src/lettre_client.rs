//! lettre: SMTP.

use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error};
use lettre::{AsyncSmtpTransport, Tokio1Executor};

/// A transport to this host. `pem`: [`Roots::pem`](embedded_roots::Roots::pem).
pub fn relay(pem: &str, host: &str) -> Result<AsyncSmtpTransportBuilder, Error> {
    let tls = TlsParameters::builder(host.to_owned())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(Certificate::from_pem(pem.as_bytes())?)
        .build_rustls()?;
    let relay = AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?;
    Ok(relay.tls(Tls::Required(tls)))
}
