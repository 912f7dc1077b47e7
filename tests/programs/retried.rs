//! Asks for a config before a crypto provider is installed, and after.

fn main() -> Result<(), embedded_roots::Error> {
    let error = embedded_roots::client_config().unwrap_err();
    assert!(error.is_crypto_provider(), "{error}");
    for mends in ["`ring`", "`aws-lc-rs`", "install_default", "provider()"] {
        assert!(error.to_string().contains(mends), "{error}");
    }
    // A store needs no crypto provider.
    assert!(embedded_roots::root_store()?.len() > 100);

    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let config = embedded_roots::client_config()?;
    let provider = rustls::crypto::CryptoProvider::get_default().unwrap();
    assert!(std::sync::Arc::ptr_eq(config.crypto_provider(), provider));
    Ok(())
}
