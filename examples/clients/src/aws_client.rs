//! aws-smithy-http-client, the HTTP client of the AWS SDK.

use std::error::Error;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// For `aws_config::ConfigLoader::http_client`. `pem`: [`Roots::pem`](embedded_roots::Roots::pem).
pub fn http_client(pem: &str) -> Result<SharedHttpClient, Box<dyn Error>> {
    let roots = TrustStore::empty().with_pem_certificate(pem);
    let tls = TlsContext::builder().with_trust_store(roots).build()?;
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    Ok(client.tls_context(tls).build_https())
}
