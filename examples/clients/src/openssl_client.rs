//! The crate openssl.

use embedded_roots::rustls::pki_types::CertificateDer;
use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;

/// A connector that trusts these roots alone. `roots`: [`Roots::certificates`](embedded_roots::Roots::certificates).
pub fn connector(roots: &[CertificateDer<'_>]) -> Result<SslConnector, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    for root in roots {
        store.add_cert(X509::from_der(root)?)?;
    }
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_cert_store(store.build());
    Ok(connector.build())
}
