//! The system's store, as files or through rustls-native-certs.

use crate::error::Error;
use crate::source::files;
use crate::source::root::Source;
use crate::source::variables::Variables;

/// The store as the default source of a process.
#[allow(clippy::unnecessary_wraps, reason = "like its twin in `disabled`")]
pub(crate) fn default_source() -> Option<Result<Source, Error>> {
    Some(source(&Store::default(), &Variables::default()))
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, where one is set, else the store.
pub(crate) fn source(store: &Store, variables: &Variables) -> Result<Source, Error> {
    Ok(files::ssl_cert_env(variables)?.unwrap_or_else(|| store.source()))
}

#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) use super::store::Store;

/// Uses rustls-native-certs, which reads Security.framework or Windows' certificate store. It takes
/// an empty variable for a set one and then finds no roots, which never widens trust.
#[cfg(any(windows, target_os = "macos"))]
#[derive(Clone, Debug, Default)]
pub(crate) struct Store;

#[cfg(any(windows, target_os = "macos"))]
impl Store {
    #[allow(
        clippy::unused_self,
        reason = "like the store of files, which has paths"
    )]
    fn source(&self) -> Source {
        use embedded_roots_bundle::{Root, escape};

        use crate::source::origin::Origin;

        let loaded = rustls_native_certs::load_native_certs();
        let mut source = Source::new(Origin::SystemStore { places: Vec::new() });
        let errors = loaded.errors.iter().map(|why| escape(&why.to_string()));
        source.skipped.extend(errors);
        for certificate in loaded.certs {
            match Root::from_der(certificate) {
                Ok(root) => source.roots.push(root.into()),
                Err(why) => source.skipped.push(why.reason().to_owned()),
            }
        }
        source
    }
}
