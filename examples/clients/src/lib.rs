//! The clients of docs/clients.md, a module for each: how each takes the roots of embedded-roots.
//!
//! docs/clients.md shows these modules, and `tests/it/page.rs` holds the two together.

#[cfg(feature = "async-nats")]
pub mod async_nats_client;
#[cfg(feature = "aws")]
pub mod aws_client;
#[cfg(feature = "curl")]
pub mod curl_client;
#[cfg(feature = "hyper")]
pub mod hyper_client;
#[cfg(feature = "kube")]
pub mod kube_client;
#[cfg(feature = "ldap3")]
pub mod ldap3_client;
#[cfg(feature = "lettre")]
pub mod lettre_client;
#[cfg(feature = "native-tls")]
pub mod native_tls_client;
#[cfg(feature = "openssl")]
pub mod openssl_client;
#[cfg(feature = "opentelemetry-otlp")]
pub mod opentelemetry_otlp_client;
#[cfg(feature = "quinn")]
pub mod quinn_client;
#[cfg(feature = "redis")]
pub mod redis_client;
#[cfg(feature = "reqwest-blocking")]
pub mod reqwest_blocking_client;
#[cfg(feature = "reqwest")]
pub mod reqwest_client;
#[cfg(feature = "rumqttc")]
pub mod rumqttc_client;
#[cfg(feature = "sqlx")]
pub mod sqlx_client;
#[cfg(feature = "tokio-postgres")]
pub mod tokio_postgres_client;
#[cfg(feature = "tokio-rustls")]
pub mod tokio_rustls_client;
#[cfg(feature = "tokio-tungstenite")]
pub mod tokio_tungstenite_client;
#[cfg(feature = "tonic")]
pub mod tonic_client;
#[cfg(feature = "ureq")]
pub mod ureq_client;
