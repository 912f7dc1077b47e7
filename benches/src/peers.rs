//! Client configs as people write them by hand.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

pub fn builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    builder.with_safe_default_protocol_versions().unwrap()
}

pub fn config_of(store: RootCertStore) -> Arc<ClientConfig> {
    let builder = builder().with_root_certificates(store);
    Arc::new(builder.with_no_client_auth())
}

pub fn by_native_certs() -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    config_of(store)
}
