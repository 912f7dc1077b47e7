//! native-tls.

use embedded_roots::rustls::pki_types::CertificateDer;
use native_tls::{Certificate, Result, TlsConnector};

/// A connector that trusts these roots alone. `roots`: [`Roots::certificates`](embedded_roots::Roots::certificates).
pub fn connector(roots: &[CertificateDer<'_>]) -> Result<TlsConnector> {
    let mut connector = TlsConnector::builder();
    connector.disable_built_in_roots(true);
    for root in roots {
        connector.add_root_certificate(Certificate::from_der(root)?);
    }
    connector.build()
}
